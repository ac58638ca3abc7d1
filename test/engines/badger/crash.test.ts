/**
 * The power fails after every single device request of a small workload whose flushes, compactions and garbage
 * collections run on threads of their own. What comes back must be the state after some whole batch, not before the
 * last one whose sync had finished; and what comes back must be a sound store that can be used.
 */
import { describe, expect, it } from 'vitest';
import type { Badger } from '../../../engines/badger/badger.ts';
import { Batch } from '../../../sim/batch.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { type CrashModel, PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytesOf } from '../bed.ts';
import { BATCHES, batchShown, MiniatureHost, makeEngine } from './miniature-host.ts';

const SMALL: ParameterValues = {
  max_table_size: 32768,
  level_one_size: 65536,
  level_size_multiplier: 2,
  num_level_zero_tables: 2,
  num_level_zero_tables_stall: 4,
  num_memtables: 2,
};

interface Variant {
  readonly name: string;
  readonly options: ParameterValues;
  /** Figures that the whole workload must reach, or the test would stop nothing worth stopping. */
  readonly reached: Readonly<Record<string, number>>;
}

/** The value log begins a new file after so many entries. */
const VARIANTS: readonly Variant[] = [
  {
    name: 'values in the tables',
    options: { ...SMALL, sync_writes: false, value_log_max_entries: 300 },
    reached: { flushes: 5, compactions: 3, level2Files: 1 },
  },
  {
    name: 'values in the value log, collected',
    options: { ...SMALL, sync_writes: false, value_threshold: 100, value_log_max_entries: 30, log_rotates_to_flush: 1 },
    reached: { flushes: 5, compactions: 2, collectedFiles: 3, movedEntries: 20 },
  },
  {
    name: 'synchronous writes',
    options: { ...SMALL, sync_writes: true, value_threshold: 100, value_log_max_entries: 30, log_rotates_to_flush: 1 },
    reached: { flushes: 5, compactions: 2, collectedFiles: 2 },
  },
  {
    name: 'memtables with logs of their own',
    options: { ...SMALL, profile: 'v3', value_threshold: 300, value_log_max_entries: 30 },
    reached: { flushes: 5, compactions: 1 },
  },
];

const LOSE_ALL: CrashModel = { ...PROCESS_KILL, blockKept: 0, blockLost: 1, newestLength: 0, newestNames: 0 };

function reopened(disk: SimulatedDisk, options: ParameterValues, why: string): Badger {
  const engine = makeEngine(disk, options);
  expect(engine.open(), `${why}: ${JSON.stringify(engine.corruption)}`).toBe('recovered');
  return engine;
}

function stopAfter(requests: number, options: ParameterValues, model: CrashModel | undefined): void {
  const host = new MiniatureHost(1 + (requests % 7), options);
  host.run(requests);
  const { disk, durable, written } = host;
  disk.crash(model);
  const why = `after ${requests} requests`;
  const engine = reopened(disk, options, why);
  const at = batchShown(engine);
  expect(at, why).toBeGreaterThanOrEqual(durable);
  expect(at, why).toBeLessThanOrEqual(written);
  expect(engine.check(), why).toEqual([]);

  // Recovery is cut short as well, and started again.
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  for (let i = requests % 9; i > 0 && disk.takeRequest(0, request); i--) disk.complete(0);
  disk.crash(model);
  const again = reopened(disk, options, `${why}, again`);
  disk.settle();
  expect(batchShown(again), `${why}, again`).toBe(at);

  const batch = new Batch();
  batch.put(0, bytesOf('after'), Value.filled(bytesOf('the crash'), 100));
  for (let i = 0; i < 5; i++) expect(again.write(batch)).toBe('ok');
  expect(again.close()).toBe('ok');
  disk.settle();
  const last = reopened(disk, options, `${why}, closed`);
  expect(last.check(), `${why}, used again`).toEqual([]);
}

describe.each(VARIANTS)('$name', ({ options, reached }) => {
  const whole = new MiniatureHost(1, options);
  const isOver = !whole.run(Number.POSITIVE_INFINITY);
  const { figures } = whole.engine.stats();

  it('does in this workload what is to be stopped', () => {
    expect(isOver).toBe(true);
    for (const [figure, least] of Object.entries(reached)) {
      expect(figures[figure], figure).toBeGreaterThanOrEqual(least);
    }
    expect(batchShown(whole.engine)).toBe(BATCHES);
    expect(whole.engine.check()).toEqual([]);
  });

  it.each([
    ['what was not synced half survives', undefined, 0],
    ['nothing that was not synced survives', LOSE_ALL, 1],
    ['the process dies, the machine does not', PROCESS_KILL, 2],
  ] as const)('comes back after every request: %s', (_name, model, phase) => {
    // Each model takes a third of the requests, so that together they take each once.
    for (let requests = phase; requests <= whole.finished; requests += 3) stopAfter(requests, options, model);
  });
});
