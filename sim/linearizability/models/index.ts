/** The registry of models: adding one is one file and one line here. */
import { kvAppend } from './kv-append.ts';
import type { Model } from './model.ts';
import { casRegister, register } from './register.ts';

export const MODELS: readonly Model[] = [register, casRegister, kvAppend];

export function findModel(name: string): Model | undefined {
  return MODELS.find((model) => model.name === name);
}
