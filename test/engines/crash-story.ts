/**
 * The power fails after any device request of a small workload whose background jobs run on threads of their own. What
 * comes back must be the state after some whole batch, not before the last one whose sync had finished; a recovery that
 * is cut short as well must come to the same; and it must be a sound store that can be used.
 *
 * The host is one in miniature: a foreground thread, a few for jobs, requests finishing in any order among them, sleeps
 * that pass when nothing else is left to do.
 */
import { expect } from 'vitest';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import type { CrashModel } from '../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';
import type { Job, StorageEngine } from '../../sim/storage-engine.ts';
import { bytesOf, text } from './bed.ts';

export { LOSE_ALL } from '../disk/bed.ts';

interface CrashWorkload {
  readonly batches: number;
  readonly keys: number;
  /** Puts and deletes in a batch, at least and at most. */
  readonly operations: readonly [number, number];
  /** Of a value; drawn anew for each. */
  readonly valueBytes: (rng: Rng) => number;
}

export interface CrashStory<E extends StorageEngine> extends CrashWorkload {
  readonly make: (disk: SimulatedDisk, clock: { now: number }) => E;
  /** Of a batch to be followed by a sync. */
  readonly syncChance: number;
  /** What an operator starts on an idle job thread, if anything. */
  readonly maintain?: (engine: E, written: number, rng: Rng) => Job | undefined;
  /** What else must be so right after a recovery. */
  readonly recovered?: (engine: E, disk: SimulatedDisk, why: string) => void;
  /** Uses the store that came back, and checks it. */
  readonly useAgain: (engine: E, disk: SimulatedDisk, why: string) => void;
}

export function makeDisk(seed: number): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(seed),
    pageCacheBytes: 64 << 20,
    capacityBytes: 1e12,
  });
}

/** Batch i: puts and deletes of some keys, and the number i under a key of its own. The stamps that it leaves. */
function fillBatch(i: number, story: CrashWorkload, rng: Rng, batch: Batch): [string, string | undefined][] {
  batch.clear();
  const operations: [string, string | undefined][] = [['at', `${i};`]];
  for (let n = rng.int(...story.operations); n > 0; n--) {
    const key = `key-${rng.int(0, story.keys)}`;
    operations.push([key, rng.chance(0.2) ? undefined : `${key} in batch ${i};`]);
  }
  for (const [key, stamp] of operations) {
    if (stamp === undefined) batch.delete(0, bytesOf(key));
    else batch.put(0, bytesOf(key), Value.filled(bytesOf(stamp), story.valueBytes(rng) - stamp.length));
  }
  return operations;
}

/** The stamps of all keys after each batch; entry 0 is the empty store. */
export function statesOf(story: CrashWorkload): ReadonlyMap<string, string>[] {
  const states = [new Map<string, string>()];
  const rng = new Rng(5);
  const batch = new Batch();
  for (let i = 1; i <= story.batches; i++) {
    const state = new Map(states[i - 1]);
    for (const [key, stamp] of fillBatch(i, story, rng, batch)) {
      if (stamp === undefined) state.delete(key);
      else state.set(key, stamp);
    }
    states.push(state);
  }
  return states;
}

/** The batch that the store is at: every key must be as after exactly that one. */
export function batchShown(engine: StorageEngine, states: readonly ReadonlyMap<string, string>[], why = ''): number {
  const content = new Map<string, string>();
  engine.scan(0, new Uint8Array(0), undefined, (bytes, from, to, value) => {
    content.set(text(bytes.slice(from, to)), text(value.toBytes()));
    return true;
  });
  const at = Number.parseInt(content.get('at') ?? '0', 10);
  const expected = states[at];
  const ordered = [...(expected?.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1));
  expect([...content.keys()], why).toEqual(ordered);
  for (const [key, stamp] of expected ?? []) {
    expect(content.get(key)?.startsWith(stamp.slice(0, 40)), `${why}: ${key} at ${at}`).toBe(true);
  }
  return at;
}

const JOB_THREADS = 3;

export class MiniatureHost<E extends StorageEngine> {
  readonly disk: SimulatedDisk;
  readonly engine: E;
  readonly #story: CrashStory<E>;
  readonly #clock = { now: 0 };
  readonly #rng: Rng;
  readonly #batches = new Rng(5);
  readonly #batch = new Batch();
  readonly #jobs: (Job | undefined)[] = Array.from({ length: JOB_THREADS + 1 }, () => undefined);
  readonly #wakeAt: number[] = Array.from({ length: JOB_THREADS + 1 }, () => 0);
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  written = 0;
  /** Batches whose sync has been called, and whose sync has finished. */
  #syncing = 0;
  durable = 0;
  finished = 0;

  constructor(story: CrashStory<E>, seed: number) {
    this.#story = story;
    this.disk = makeDisk(seed);
    this.#rng = new Rng(seed);
    this.engine = story.make(this.disk, this.#clock);
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
        const sleeping = this.#wakeAt.filter((at, i) => this.#jobs[i] !== undefined && at > this.#clock.now);
        if (sleeping.length > 0) this.#clock.now = Math.min(...sleeping);
        else if (this.written === this.#story.batches && this.#jobs.every((job) => job === undefined)) return false;
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
    if (this.written === this.#story.batches || this.engine.pressure() === 'stop') return;
    this.disk.thread = 0;
    fillBatch(++this.written, this.#story, this.#batches, this.#batch);
    expect(this.engine.write(this.#batch)).toBe('ok');
    if (!this.#rng.chance(this.#story.syncChance)) return;
    expect(this.engine.sync()).toBe('ok');
    this.#syncing = this.written;
    if (this.disk.waitingRequests(0) === 0) this.durable = this.#syncing;
  }

  #startJobs(): void {
    for (let thread = 1; thread <= JOB_THREADS; thread++) {
      if (this.#jobs[thread] !== undefined) continue;
      this.#jobs[thread] = this.#story.maintain?.(this.engine, this.written, this.#rng) ?? this.engine.background();
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
    return this.written === this.#story.batches || this.engine.pressure() === 'stop';
  }
}

export function stopAfter<E extends StorageEngine>(
  requests: number,
  story: CrashStory<E>,
  states: readonly ReadonlyMap<string, string>[],
  model: CrashModel | undefined,
): void {
  const host = new MiniatureHost(story, 1 + (requests % 7));
  host.run(requests);
  const { disk, durable, written } = host;
  const reopened = (why: string): E => {
    const engine = story.make(disk, { now: 0 });
    expect(engine.open(), `${why}: ${JSON.stringify(engine.corruption)}`).toBe('recovered');
    return engine;
  };
  disk.crash(model);
  const why = `after ${requests} requests`;
  const engine = reopened(why);
  const at = batchShown(engine, states, why);
  expect(at, why).toBeGreaterThanOrEqual(durable);
  expect(at, why).toBeLessThanOrEqual(written);
  expect(engine.check(), why).toEqual([]);
  story.recovered?.(engine, disk, why);

  // Recovery is cut short as well, and started again.
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  for (let i = requests % 9; i > 0 && disk.takeRequest(0, request); i--) disk.complete(0);
  disk.crash(model);
  const again = reopened(`${why}, again`);
  disk.settle();
  expect(batchShown(again, states, `${why}, again`)).toBe(at);
  expect(again.check(), `${why}, again`).toEqual([]);
  story.useAgain(again, disk, `${why}, used again`);
}
