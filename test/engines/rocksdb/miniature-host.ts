/** A small workload, and a host in miniature that runs it: what the crash tests stand on. */
import { expect } from 'vitest';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../../sim/batch.ts';
import type { DeviceRequest } from '../../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import type { Job } from '../../../sim/storage-engine.ts';
import { bytes, filled, makeDisk, makeEngine } from './bench.ts';

/** The longest run; a shorter one is its beginning. */
const BATCHES_MAX = 150;
const KEYS = 150;
const VALUE_BYTES = 800;
const JOB_THREADS = 3;

/** Batch i: puts and deletes of some keys, and the number i under a key of its own. */
function fillBatch(i: number, rng: Rng, batch: Batch): [string, string | undefined][] {
  batch.clear();
  const operations: [string, string | undefined][] = [['at', `${i}`]];
  for (let n = rng.int(1, 5); n > 0; n--) {
    const key = `key-${rng.int(0, KEYS)}`;
    operations.push([key, rng.chance(0.2) ? undefined : `${key} in batch ${i};`]);
  }
  for (const [key, value] of operations) {
    if (value === undefined) batch.delete(0, bytes(key));
    else batch.put(0, bytes(key), filled(value, VALUE_BYTES));
  }
  return operations;
}

/** The stamps of all keys after each batch; entry 0 is the empty store. */
export const STATES: ReadonlyMap<string, string>[] = (() => {
  const states = [new Map<string, string>()];
  const rng = new Rng(5);
  const batch = new Batch();
  for (let i = 1; i <= BATCHES_MAX; i++) {
    const state = new Map(states[i - 1]);
    for (const [key, value] of fillBatch(i, rng, batch)) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    states.push(state);
  }
  return states;
})();

/** A host in miniature: one foreground thread, a few for jobs, requests finishing in any order among them. */
export class MiniatureHost {
  readonly disk: SimulatedDisk;
  readonly engine: RocksDb;
  readonly #rng: Rng;
  readonly #batchesMax: number;
  readonly #batches = new Rng(5);
  readonly #batch = new Batch();
  readonly #jobs: (Job | undefined)[] = Array.from({ length: JOB_THREADS + 1 }, () => undefined);
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  written = 0;
  /** Batches whose sync has been called, and whose sync has finished. */
  #syncing = 0;
  durable = 0;
  finished = 0;

  constructor(seed: number, options: ParameterValues, batches: number) {
    this.#batchesMax = batches;
    this.disk = makeDisk(seed);
    this.#rng = new Rng(seed);
    this.engine = makeEngine(this.disk, options);
    expect(this.engine.open()).toBe('fresh');
    this.disk.settle();
  }

  /** Goes on until so many device requests have finished, or nothing is left to do. False: the latter. */
  run(requests: number): boolean {
    while (this.finished < requests) {
      this.#startJobs();
      const thread = this.#rng.int(0, JOB_THREADS + 1);
      if (this.disk.waitingRequests(thread) > 0) this.#finishOne(thread);
      else if (thread === 0) this.#foreground();
      else this.#slice(thread);
      if (this.written === this.#batchesMax && this.#isIdle()) return false;
    }
    return true;
  }

  #finishOne(thread: number): void {
    expect(this.disk.takeRequest(thread, this.#request)).toBe(true);
    this.disk.complete(thread);
    this.finished++;
    if (thread === 0 && this.disk.waitingRequests(0) === 0) this.durable = this.#syncing;
  }

  #foreground(): void {
    if (this.written === this.#batchesMax || this.engine.pressure() === 'stop') return;
    this.disk.thread = 0;
    fillBatch(++this.written, this.#batches, this.#batch);
    expect(this.engine.write(this.#batch)).toBe('ok');
    if (!this.#rng.chance(0.3)) return;
    expect(this.engine.sync()).toBe('ok');
    this.#syncing = this.written;
    if (this.disk.waitingRequests(0) === 0) this.durable = this.#syncing;
  }

  #startJobs(): void {
    for (let thread = 1; thread <= JOB_THREADS; thread++) this.#jobs[thread] ??= this.engine.background();
  }

  #slice(thread: number): void {
    this.disk.thread = thread;
    if (this.#jobs[thread]?.next().done === true) this.#jobs[thread] = undefined;
    this.disk.thread = 0;
  }

  #isIdle(): boolean {
    for (let thread = 0; thread <= JOB_THREADS; thread++) {
      if (this.disk.waitingRequests(thread) > 0 || this.#jobs[thread] !== undefined) return false;
    }
    return true;
  }
}
