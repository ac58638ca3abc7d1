/** The registry of engines: adding one is its folder and one line here. */
import { badger } from './badger/index.ts';
import { bolt } from './bolt/index.ts';
import type { EngineDefinition } from './engine.ts';
import { faster } from './faster/index.ts';
import { ledger } from './ledger/index.ts';
import { rocksdb } from './rocksdb/index.ts';

export const ENGINES: readonly EngineDefinition[] = [bolt, rocksdb, badger, ledger, faster];

export function findEngine(name: string): EngineDefinition | undefined {
  return ENGINES.find((engine) => engine.name === name);
}
