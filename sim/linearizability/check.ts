/**
 * Linearizability of a whole history: each object by itself (a history is linearizable if and only if it is so object
 * by object), the shortest first.
 *
 * Does not check: that processes ran one operation at a time (the readers do), transactions over several objects,
 * reads that were allowed to be stale.
 */
import type { History, Operation } from './history.ts';
import type { Machine, Model } from './models/model.ts';
import { Search } from './search.ts';

export type Verdict = 'linearizable' | 'not linearizable' | 'unknown';

/** Why a history is not linearizable: as far as one comes, and what cannot be placed behind. */
export interface Counterexample {
  readonly key: string;
  readonly operations: number;
  readonly prefix: readonly Operation[];
  readonly state: string;
  readonly blocked: Operation | undefined;
}

const STEPS_AT_ONCE = 100_000;

class ObjectCheck {
  readonly key: string;
  readonly operations: readonly Operation[];
  readonly machine: Machine;
  readonly search: Search;

  constructor(key: string, operations: readonly Operation[], model: Model) {
    this.key = key;
    this.operations = operations;
    this.machine = model.compile(operations);
    const calledAt = Float64Array.from(operations, (operation) => operation.calledAt);
    const returnedAt = Float64Array.from(operations, (operation) => operation.returnedAt);
    this.search = new Search(calledAt, returnedAt, this.machine);
  }

  get counterexample(): Counterexample {
    const { order, state, blocked } = this.search.furthest;
    return {
      key: this.key,
      operations: this.operations.length,
      prefix: order.map((at) => this.operations[at]!),
      state: this.machine.describe(state),
      blocked: this.operations[blocked],
    };
  }
}

/** Searches in slices of bounded length, so that whoever calls can show progress or stop. */
export class LinearizabilityCheck {
  verdict: Verdict | undefined;
  counterexample: Counterexample | undefined;
  readonly objects: number;
  done = 0;
  readonly #waiting: { readonly key: string; readonly operations: readonly Operation[] }[];
  readonly #model: Model;
  #current: ObjectCheck | undefined;
  #isUnsure = false;

  constructor(history: History, model: Model) {
    this.#model = model;
    const byKey = new Map<string, Operation[]>();
    for (const operation of history) {
      const others = byKey.get(operation.key);
      if (others === undefined) byKey.set(operation.key, [operation]);
      else others.push(operation);
    }
    this.#waiting = [...byKey].map(([key, operations]) => ({ key, operations }));
    // longest first: the shortest is taken from the end
    this.#waiting.sort((a, b) => b.operations.length - a.operations.length || (a.key < b.key ? -1 : 1));
    this.objects = this.#waiting.length;
  }

  /** One slice; the verdict once there is one. */
  advance(): Verdict | undefined {
    if (this.verdict !== undefined) return this.verdict;
    if (this.#current === undefined) {
      const next = this.#waiting.pop();
      if (next === undefined) {
        this.verdict = this.#isUnsure ? 'unknown' : 'linearizable';
        return this.verdict;
      }
      this.#current = new ObjectCheck(next.key, next.operations, this.#model);
    }
    const state = this.#current.search.advance(STEPS_AT_ONCE);
    if (state === 'undecided') return undefined;
    if (state === 'not linearizable') {
      this.counterexample = this.#current.counterexample;
      this.verdict = state;
    }
    if (state === 'unknown') this.#isUnsure = true;
    this.#current = undefined;
    this.done++;
    return this.verdict;
  }

  /** No more time: without a verdict so far it is unknown. */
  giveUp(): void {
    this.verdict ??= 'unknown';
  }
}
