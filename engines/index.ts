/** The registry of engines: adding one is its folder and one line here. */
import type { EngineDefinition } from './engine.ts';

export const ENGINES: readonly EngineDefinition[] = [];

export function findEngine(name: string): EngineDefinition | undefined {
  return ENGINES.find((engine) => engine.name === name);
}
