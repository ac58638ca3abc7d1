/**
 * The power fails after every device request of a small workload whose page flushes, index checkpoints and compactions
 * run on threads of their own. What comes back must be the state after some whole batch, not before the last
 * one whose checkpoint had finished; and it must be a sound store that can be used.
 */
import { describe, expect, it } from 'vitest';
import { FasterEngine } from '../../../engines/faster/engine.ts';
import { readOptions } from '../../../engines/faster/options.ts';
import { Batch } from '../../../sim/batch.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../../sim/clock.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import { type CrashModel, PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import type { Job } from '../../../sim/storage-engine.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf, text } from '../bed.ts';

const SMALL: ParameterValues = {
  IndexSize: 1024,
  PageSizeBits: 12,
  MemorySizeBits: 14,
  SegmentSizeBits: 13,
  MutableFraction: 0.7,
  indexCheckpointLogBytes: 9_000,
};
const KINDS: Readonly<Record<string, ParameterValues>> = {
  'fold-over': SMALL,
  snapshot: { ...SMALL, checkpoint: 'snapshot' },
};
const BATCHES = 45;
const KEYS = 40;
const JOB_THREADS = 3;
const LOSE_ALL: CrashModel = { ...PROCESS_KILL, blockKept: 0, blockLost: 1, newestLength: 0, newestNames: 0 };

/** Batch i: puts and deletes of some keys, and the number i under a key of its own. */
function fillBatch(i: number, rng: Rng, batch: Batch): [string, string | undefined][] {
  batch.clear();
  const operations: [string, string | undefined][] = [['at', `${i}`]];
  for (let n = rng.int(1, 5); n > 0; n--) {
    const key = `key-${rng.int(0, KEYS)}`;
    operations.push([key, rng.chance(0.2) ? undefined : `${key} in batch ${i};`]);
  }
  for (const [key, stamp] of operations) {
    if (stamp === undefined) batch.delete(0, bytesOf(key));
    else batch.put(0, bytesOf(key), Value.filled(bytesOf(stamp), 200 + rng.int(0, 3) * 100 - stamp.length));
  }
  return operations;
}

/** The stamps of all keys after each batch; entry 0 is the empty store. */
const STATES: ReadonlyMap<string, string>[] = (() => {
  const states = [new Map<string, string>()];
  const rng = new Rng(5);
  const batch = new Batch();
  for (let i = 1; i <= BATCHES; i++) {
    const state = new Map(states[i - 1]);
    for (const [key, stamp] of fillBatch(i, rng, batch)) {
      if (stamp === undefined) state.delete(key);
      else state.set(key, stamp);
    }
    states.push(state);
  }
  return states;
})();

function makeEngine(disk: SimulatedDisk, options: ParameterValues): FasterEngine {
  const context = { disk, directory: 'db/', tables: ['keys'], work: new Work(), clock: STOPPED_CLOCK };
  return new FasterEngine(context, readOptions(options));
}

/** A host in miniature: one foreground thread, a few for jobs, requests finishing in any order among them. */
class MiniatureHost {
  readonly disk: SimulatedDisk;
  readonly engine: FasterEngine;
  readonly #rng: Rng;
  readonly #batches = new Rng(5);
  readonly #batch = new Batch();
  readonly #jobs: (Job | undefined)[] = Array.from({ length: JOB_THREADS + 1 }, () => undefined);
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  written = 0;
  #syncing = 0;
  durable = 0;
  finished = 0;

  constructor(options: ParameterValues, seed: number) {
    this.disk = new SimulatedDisk({
      store: new BlockStore(),
      rng: new Rng(seed),
      pageCacheBytes: 64 << 20,
      capacityBytes: 1e12,
    });
    this.#rng = new Rng(seed);
    this.engine = makeEngine(this.disk, options);
    expect(this.engine.open()).toBe('fresh');
    this.disk.settle();
  }

  /** Goes on until so many device requests have finished, or nothing is left to do. */
  run(requests: number): void {
    while (this.finished < requests) {
      this.#startJobs();
      const thread = this.#rng.int(0, JOB_THREADS + 1);
      if (this.disk.waitingRequests(thread) > 0) this.#finishOne(thread);
      else if (thread === 0) this.#foreground();
      else this.#slice(thread);
      if (this.written === BATCHES && this.#isIdle()) return;
    }
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
    if (!this.#rng.chance(0.25)) return;
    expect(this.engine.sync()).toBe('ok');
    this.#syncing = this.written;
  }

  #startJobs(): void {
    for (let thread = 1; thread <= JOB_THREADS; thread++) {
      this.#jobs[thread] ??= this.engine.background();
      if (this.#rng.chance(0.02)) this.#jobs[thread] ??= this.engine.maintain('compact', 0.5);
    }
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

/** The batch that the store is at: every key must be as after exactly that one. */
function batchOf(engine: FasterEngine, why = ''): number {
  const content = new Map<string, string>();
  engine.scan(0, new Uint8Array(0), undefined, (key, from, to, value) => {
    content.set(text(key.subarray(from, to)), text(value.toBytes()));
    return true;
  });
  const at = Number.parseInt(content.get('at') ?? '0', 10);
  const expected = STATES[at];
  const ordered = [...(expected?.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1));
  expect([...content.keys()], why).toEqual(ordered);
  for (const [key, stamp] of expected ?? []) expect(content.get(key)?.startsWith(stamp), `${key} at ${at}`).toBe(true);
  return at;
}

function stopAfter(requests: number, options: ParameterValues, model: CrashModel | undefined): void {
  const host = new MiniatureHost(options, 1 + (requests % 7));
  host.run(requests);
  const { disk, durable, written } = host;
  disk.crash(model);
  const why = `after ${requests} requests`;
  const reopened = (): FasterEngine => {
    const engine = makeEngine(disk, options);
    expect(engine.open(), `${why}: ${JSON.stringify(engine.corruption)}`).toBe('recovered');
    return engine;
  };
  const at = batchOf(reopened(), why);
  expect(at, why).toBeGreaterThanOrEqual(durable);
  expect(at, why).toBeLessThanOrEqual(written);

  // Recovery is cut short as well, and started again.
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  for (let i = requests % 9; i > 0 && disk.takeRequest(0, request); i--) disk.complete(0);
  disk.crash(model);
  const again = reopened();
  disk.settle();
  expect(batchOf(again), `${why}, again`).toBe(at);
  expect(again.check(), why).toEqual([]);

  const batch = new Batch();
  for (let i = 0; i < 30; i++) batch.put(0, bytesOf(`after ${i % 7}`), Value.filled(bytesOf('the crash'), 300));
  expect(again.write(batch)).toBe('ok');
  for (let job = again.background(); job !== undefined; job = again.background()) {
    while (job.next().done !== true) disk.settle();
  }
  expect(again.sync()).toBe('ok');
  disk.settle();
  expect(again.check(), `${why}, used again`).toEqual([]);
}

describe.each(Object.keys(KINDS))('with checkpoints by %s', (kind) => {
  const options = KINDS[kind]!;
  const whole = new MiniatureHost(options, 1);
  whole.run(Number.POSITIVE_INFINITY);

  it('flushes, compacts and writes the index in this workload', () => {
    const { figures } = whole.engine.stats();
    expect(figures.pagesFlushed).toBeGreaterThan(5);
    expect(figures.compactions).toBeGreaterThan(2);
    expect(figures.indexCheckpoints).toBe(2);
    expect(figures.inPlaceUpdates).toBeGreaterThan(10);
    expect(batchOf(whole.engine)).toBe(BATCHES);
    expect(whole.engine.check()).toEqual([]);
  });

  it.each([
    ['every request, with what the disk draws', undefined, 1],
    ['every fourth, losing all that was not synced', LOSE_ALL, 4],
    ['every fourth, keeping all: the process was killed', PROCESS_KILL, 4],
  ])('comes back after %s', (_what, model, step) => {
    for (let requests = step; requests <= whole.finished; requests += step) stopAfter(requests, options, model);
  });
});
