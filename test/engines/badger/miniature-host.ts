/**
 * A small workload, and a host in miniature that runs it: one foreground thread, a few for jobs, requests
 * finishing in any order among them, sleeps that pass when nothing else is left to do.
 */
import { expect } from 'vitest';
import { Badger } from '../../../engines/badger/badger.ts';
import { readOptions } from '../../../engines/badger/options.ts';
import { Batch } from '../../../sim/batch.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import type { DeviceRequest } from '../../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import type { Job } from '../../../sim/storage-engine.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf, DIRECTORY, text } from '../bed.ts';

export const BATCHES = 60;
const KEYS = 120;
const VALUE_BYTES = 900;
const JOB_THREADS = 3;
/** How often the operator asks for a garbage collection, in batches. */
const COLLECT_EVERY = 2;
const DISCARD_RATIO = 0.1;

/** Batch i: puts and deletes of some keys, and the number i under a key of its own. */
function fillBatch(i: number, rng: Rng, batch: Batch): [string, string | undefined][] {
  batch.clear();
  const operations: [string, string | undefined][] = [['at', `${i}`]];
  for (let n = rng.int(2, 12); n > 0; n--) {
    const key = `key-${rng.int(0, KEYS)}`;
    operations.push([key, rng.chance(0.2) ? undefined : `${key} in batch ${i};`]);
  }
  for (const [key, value] of operations) {
    if (value === undefined) batch.delete(0, bytesOf(key));
    else batch.put(0, bytesOf(key), Value.filled(bytesOf(value), VALUE_BYTES));
  }
  return operations;
}

/** The stamps of all keys after each batch; entry 0 is the empty store. */
export const STATES: ReadonlyMap<string, string>[] = (() => {
  const states = [new Map<string, string>()];
  const rng = new Rng(5);
  const batch = new Batch();
  for (let i = 1; i <= BATCHES; i++) {
    const state = new Map(states[i - 1]);
    for (const [key, value] of fillBatch(i, rng, batch)) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    states.push(state);
  }
  return states;
})();

export function makeDisk(seed: number): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(seed),
    pageCacheBytes: 64 << 20,
    capacityBytes: 1e12,
  });
}

export function makeEngine(disk: SimulatedDisk, options: ParameterValues, clock = { now: 0 }): Badger {
  const context = { disk, directory: DIRECTORY, tables: ['keys'], work: new Work(), clock };
  return new Badger(context, readOptions(options));
}

/** The batch that the store is at: every key must be as after exactly that one. */
export function batchShown(engine: Badger): number {
  const content = new Map<string, string>();
  engine.scan(0, new Uint8Array(0), undefined, (bytes, from, to, value) => {
    content.set(text(bytes.slice(from, to)), text(value.toBytes()));
    return true;
  });
  const at = Number.parseInt(content.get('at') ?? '0', 10);
  const expected = STATES[at];
  const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  expect([...content.keys()].sort(inOrder)).toEqual([...(expected?.keys() ?? [])].sort(inOrder));
  for (const [key, stamp] of expected ?? [])
    expect(content.get(key)?.startsWith(stamp.slice(0, 40)), `${key} at ${at}`).toBe(true);
  return at;
}

export class MiniatureHost {
  readonly disk: SimulatedDisk;
  readonly engine: Badger;
  readonly #clock = { now: 0 };
  readonly #rng: Rng;
  readonly #batches = new Rng(5);
  readonly #batch = new Batch();
  readonly #jobs: (Job | undefined)[] = Array.from({ length: JOB_THREADS + 1 }, () => undefined);
  readonly #wakeAt: number[] = Array.from({ length: JOB_THREADS + 1 }, () => 0);
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  written = 0;
  #collections = 0;
  /** Batches whose sync has been called, and whose sync has finished. */
  #syncing = 0;
  durable = 0;
  finished = 0;

  constructor(seed: number, options: ParameterValues) {
    this.disk = makeDisk(seed);
    this.#rng = new Rng(seed);
    this.engine = makeEngine(this.disk, options, this.#clock);
    expect(this.engine.open()).toBe('fresh');
    this.disk.settle();
  }

  /** Goes on until so many device requests have finished, or nothing is left to do. False: the latter. */
  run(requests: number): boolean {
    while (this.finished < requests) {
      this.#startJobs();
      const thread = this.#rng.int(0, JOB_THREADS);
      if (this.disk.waitingRequests(thread) > 0) this.#finishOne(thread);
      else if (thread === 0) this.#foreground();
      else if (this.#wakeAt[thread]! <= this.#clock.now) this.#slice(thread);
      if (this.#isIdle()) {
        const sleeping = this.#wakeAt.filter(
          (at, thread_) => this.#jobs[thread_] !== undefined && at > this.#clock.now,
        );
        if (sleeping.length > 0) this.#clock.now = Math.min(...sleeping);
        else if (this.written === BATCHES && this.#jobs.every((job) => job === undefined)) return false;
      }
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
    if (this.written === BATCHES || this.engine.pressure() === 'stop') return;
    this.disk.thread = 0;
    fillBatch(++this.written, this.#batches, this.#batch);
    expect(this.engine.write(this.#batch)).toBe('ok');
    if (!this.#rng.chance(0.3)) return;
    expect(this.engine.sync()).toBe('ok');
    this.#syncing = this.written;
    if (this.disk.waitingRequests(0) === 0) this.durable = this.#syncing;
  }

  #startJobs(): void {
    for (let thread = 1; thread <= JOB_THREADS; thread++) {
      if (this.#jobs[thread] !== undefined) continue;
      const collects = Math.floor(this.written / COLLECT_EVERY) > this.#collections;
      if (collects) this.#collections++;
      this.#jobs[thread] = collects ? this.engine.maintain('gc', DISCARD_RATIO) : this.engine.background();
      this.#wakeAt[thread] = 0;
    }
  }

  #slice(thread: number): void {
    this.disk.thread = thread;
    const step = this.#jobs[thread]?.next();
    if (step?.done === true) this.#jobs[thread] = undefined;
    else if (step !== undefined) this.#wakeAt[thread] = this.#clock.now + (step.value ?? 0);
    this.disk.thread = 0;
  }

  /** Nothing can go on before time passes. */
  #isIdle(): boolean {
    for (let thread = 0; thread <= JOB_THREADS; thread++) {
      if (this.disk.waitingRequests(thread) > 0) return false;
      if (this.#jobs[thread] !== undefined && this.#wakeAt[thread]! <= this.#clock.now) return false;
    }
    return this.written === BATCHES || this.engine.pressure() === 'stop';
  }
}
