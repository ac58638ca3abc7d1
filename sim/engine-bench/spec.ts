/** What a bench runs: one engine, and phases that follow each other on one store. Everything in base units. */
import type { ParameterValues } from '../parameters.ts';
import type { KeyOrder } from './generator.ts';

/** What a phase does with its keys; any other operation is one of the engine's maintenance tasks. */
export const KEY_OPERATIONS = ['put', 'del', 'get'] as const;

export interface PhaseSpec {
  readonly name: string;
  readonly operation: string;
  /** `none` for a maintenance task. */
  readonly order: KeyOrder | 'none';
  /** Of a maintenance task: how often at most; 0 leaves it to the task. */
  readonly operations: number;
  /** Keys are drawn from so many. */
  readonly keyspace: number;
  readonly seed: number;
  /** Operations that are written, or read, as one. */
  readonly batch: number;
  readonly valueBytes: number;
  /** What a maintenance task is given. */
  readonly argument: number;
}

export interface BenchSpec {
  readonly engine: string;
  readonly options: ParameterValues;
  readonly phases: readonly PhaseSpec[];
  /** Each batch ends with a sync. */
  readonly sync: boolean;
  /** After each batch the writer waits until no background work runs or is due. */
  readonly paced: boolean;
  readonly disk: { readonly profile: string; readonly pageCacheBytes: number };
  readonly cpu: { readonly profile: string; readonly cores: number };
  /** Of what the device and the engine draw at random; keys have the phase's. */
  readonly seed: number;
}

/** Puts, deletes or gets of keys, as against a maintenance task. */
export function isKeyOperation(operation: string): boolean {
  return (KEY_OPERATIONS as readonly string[]).includes(operation);
}
