/**
 * The power fails after every single device request of a small workload whose flushes and compactions
 * run on threads of their own. What comes back must be the state after some whole batch, not before the
 * last one whose sync had finished; and what comes back must be a sound store that can be used.
 */
import { describe, expect, it } from 'vitest';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../../sim/batch.ts';
import { type CrashModel, PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytes, contentOf, DIRECTORY, drain, filled, makeEngine } from './bench.ts';
import { MiniatureHost, STATES } from './miniature-host.ts';

const SMALL: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 16384,
  max_bytes_for_level_base: 65536,
  max_bytes_for_level_multiplier: 2,
  level0_file_num_compaction_trigger: 2,
  max_background_jobs: 4,
};

interface Variant {
  readonly name: string;
  readonly options: ParameterValues;
  readonly batches: number;
  /** Figures that the whole workload must reach, or the test would stop nothing worth stopping. */
  readonly reached: Readonly<Record<string, number>>;
}

const VARIANTS: readonly Variant[] = [
  {
    name: 'leveled compaction',
    options: SMALL,
    batches: 150,
    reached: { flushes: 3, compactions: 3, level2Files: 1 },
  },
  {
    name: 'universal compaction',
    options: { ...SMALL, compaction_style: 'universal' },
    batches: 100,
    reached: { flushes: 3, compactions: 2, level6Files: 1 },
  },
  {
    name: 'blob files and their garbage collection',
    options: {
      ...SMALL,
      write_buffer_size: 65536,
      enable_blob_files: true,
      blob_file_size: 16384,
      min_blob_size: 100,
      enable_blob_garbage_collection: true,
      blob_garbage_collection_age_cutoff: 0.5,
      blob_garbage_collection_force_threshold: 0.6,
    },
    batches: 100,
    reached: { flushes: 3, compactions: 1, blobFiles: 3, blobsRelocated: 10, blobGarbageBytes: 1 },
  },
];

const LOSE_ALL: CrashModel = { ...PROCESS_KILL, blockKept: 0, blockLost: 1, newestLength: 0, newestNames: 0 };

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

function reopened(disk: SimulatedDisk, options: ParameterValues, why: string): RocksDb {
  const engine = makeEngine(disk, options);
  expect(engine.open(), `${why}: ${JSON.stringify(engine.corruption)}`).toBe('recovered');
  return engine;
}

function stopAfter(requests: number, { options, batches }: Variant, model: CrashModel | undefined): void {
  const host = new MiniatureHost(1 + (requests % 7), options, batches);
  host.run(requests);
  const { disk, durable, written } = host;
  disk.crash(model);
  const why = `after ${requests} requests`;
  const engine = reopened(disk, options, why);
  const at = batchOf(engine);
  expect(at, why).toBeGreaterThanOrEqual(durable);
  expect(at, why).toBeLessThanOrEqual(written);
  expect(engine.check(), why).toEqual([]);
  // What the crash cut short is gone.
  const live = new Set(engine.checkpoint());
  const orphans = disk.list(DIRECTORY).filter((name) => /\.(sst|blob|log)$/.test(name) && !live.has(name));
  expect(orphans, why).toEqual([]);

  // Recovery is cut short as well, and started again.
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  for (let i = requests % 9; i > 0 && disk.takeRequest(0, request); i--) disk.complete(0);
  disk.crash(model);
  const again = reopened(disk, options, `${why}, again`);
  disk.settle();
  expect(batchOf(again), `${why}, again`).toBe(at);

  const batch = new Batch();
  batch.put(0, bytes('after'), filled('the crash', 100));
  for (let i = 0; i < 5; i++) expect(again.write(batch)).toBe('ok');
  again.switchMemtable();
  drain(again, disk);
  expect(again.check(), `${why}, used again`).toEqual([]);
}

describe.each(VARIANTS)('$name', (variant) => {
  const whole = new MiniatureHost(1, variant.options, variant.batches);
  const isOver = !whole.run(Number.POSITIVE_INFINITY);
  const { figures } = whole.engine.stats();

  it('does in this workload what is to be stopped', () => {
    expect(isOver).toBe(true);
    for (const [figure, least] of Object.entries(variant.reached)) {
      expect(figures[figure], figure).toBeGreaterThanOrEqual(least);
    }
    expect(batchOf(whole.engine)).toBe(variant.batches);
    expect(whole.engine.check()).toEqual([]);
  });

  it.each([
    ['what was not synced half survives', undefined, 0],
    ['nothing that was not synced survives', LOSE_ALL, 1],
    ['the process dies, the machine does not', PROCESS_KILL, 2],
  ] as const)('comes back after every request: %s', (_name, model, phase) => {
    // Each model takes a third of the requests, so that together they take each once.
    for (let requests = phase; requests <= whole.finished; requests += 3) stopAfter(requests, variant, model);
  });
});
