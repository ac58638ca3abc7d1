/**
 * The power fails after every single device request of a small workload whose flushes and compactions
 * run on threads of their own. What comes back must be the state after some whole batch, not before the
 * last one whose sync had finished; and what comes back must be a sound store that can be used.
 */
import { expect, it } from 'vitest';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../../sim/batch.ts';
import { type CrashModel, PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import type { Job } from '../../../sim/storage-engine.ts';
import { bytes, contentOf, drain, filled, makeDisk, makeEngine } from './bench.ts';

const OPTIONS: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 16384,
  max_bytes_for_level_base: 65536,
  max_bytes_for_level_multiplier: 2,
  level0_file_num_compaction_trigger: 2,
  max_background_jobs: 4,
};
const BATCHES = 150;
const KEYS = 150;
const VALUE_BYTES = 800;
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
  for (const [key, value] of operations) {
    if (value === undefined) batch.delete(0, bytes(key));
    else batch.put(0, bytes(key), filled(value, VALUE_BYTES));
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
    for (const [key, value] of fillBatch(i, rng, batch)) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    states.push(state);
  }
  return states;
})();

/** A host in miniature: one foreground thread, a few for jobs, requests finishing in any order among them. */
class MiniatureHost {
  readonly disk: SimulatedDisk;
  readonly engine: RocksDb;
  readonly #rng: Rng;
  readonly #batches = new Rng(5);
  readonly #batch = new Batch();
  readonly #jobs: (Job | undefined)[] = Array.from({ length: JOB_THREADS + 1 }, () => undefined);
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  written = 0;
  /** Batches whose sync has been called, and whose sync has finished. */
  #syncing = 0;
  durable = 0;
  finished = 0;

  constructor(seed: number) {
    this.disk = makeDisk(seed);
    this.#rng = new Rng(seed);
    this.engine = makeEngine(this.disk, OPTIONS);
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
      if (this.written === BATCHES && this.#isIdle()) return false;
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

/** The batch that the store is at: every key must be as after exactly that one. */
function batchOf(engine: RocksDb): number {
  const rows = contentOf(engine);
  const content = new Map(rows.map(([key, value]) => [key, value]));
  const at = Number.parseInt(content.get('at') ?? '0', 10);
  const expected = STATES[at];
  expect([...content.keys()].sort(compareText)).toEqual([...(expected?.keys() ?? [])].sort(compareText));
  for (const [key, stamp] of expected ?? []) expect(content.get(key)?.startsWith(stamp), `${key} at ${at}`).toBe(true);
  return at;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function reopened(disk: SimulatedDisk, why: string): RocksDb {
  const engine = makeEngine(disk, OPTIONS);
  expect(engine.open(), `${why}: ${JSON.stringify(engine.corruption)}`).toBe('recovered');
  return engine;
}

function stopAfter(requests: number, model: CrashModel | undefined): void {
  const host = new MiniatureHost(1 + (requests % 7));
  host.run(requests);
  const { disk, durable, written } = host;
  disk.crash(model);
  const why = `after ${requests} requests`;
  const engine = reopened(disk, why);
  const at = batchOf(engine);
  expect(at, why).toBeGreaterThanOrEqual(durable);
  expect(at, why).toBeLessThanOrEqual(written);
  expect(engine.check(), why).toEqual([]);

  // Recovery is cut short as well, and started again.
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  for (let i = requests % 9; i > 0 && disk.takeRequest(0, request); i--) disk.complete(0);
  disk.crash(model);
  const again = reopened(disk, `${why}, again`);
  disk.settle();
  expect(batchOf(again), `${why}, again`).toBe(at);

  const batch = new Batch();
  batch.put(0, bytes('after'), filled('the crash', 100));
  for (let i = 0; i < 5; i++) expect(again.write(batch)).toBe('ok');
  again.switchMemtable();
  drain(again, disk);
  expect(again.check(), `${why}, used again`).toEqual([]);
}

it('flushes and compacts in this workload, several jobs at a time', () => {
  const host = new MiniatureHost(1);
  expect(host.run(Number.POSITIVE_INFINITY)).toBe(false);
  const { figures } = host.engine.stats();
  expect(figures.flushes).toBeGreaterThanOrEqual(3);
  expect(figures.compactions).toBeGreaterThanOrEqual(3);
  expect(figures.level2Files).toBeGreaterThan(0);
  expect(batchOf(host.engine)).toBe(BATCHES);
  expect(host.engine.check()).toEqual([]);
});

const TOTAL = (() => {
  const host = new MiniatureHost(1);
  host.run(Number.POSITIVE_INFINITY);
  return host.finished;
})();

it.each([
  ['what was not synced half survives', undefined, 0],
  ['nothing that was not synced survives', LOSE_ALL, 1],
  ['the process dies, the machine does not', PROCESS_KILL, 2],
] as const)('comes back after every request: %s', (_name, model, phase) => {
  // Each model takes a third of the requests, so that together they take each once.
  for (let requests = phase; requests <= TOTAL; requests += 3) stopAfter(requests, model);
});
