/** The crash story of Badger: flushes, compactions and garbage collections stopped after every device request. */
import { describe, expect, it } from 'vitest';
import type { Badger } from '../../../engines/badger/badger.ts';
import { Batch } from '../../../sim/batch.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import type { Job } from '../../../sim/storage-engine.ts';
import { bytesOf } from '../bed.ts';
import { batchShown, type CrashStory, LOSE_ALL, MiniatureHost, statesOf, stopAfter } from '../crash-story.ts';
import { makeEngine } from './bench.ts';

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

const BATCHES = 70;
/** How often the operator asks for a garbage collection, in batches. */
const COLLECT_EVERY = 2;
const DISCARD_RATIO = 0.1;

function storyOf(options: ParameterValues): CrashStory<Badger> {
  return {
    make: (disk, clock) => makeEngine(disk, options, clock),
    batches: BATCHES,
    keys: 120,
    operations: [2, 12],
    valueBytes: () => 925,
    syncChance: 0.3,
    maintain: collector(),
    useAgain(engine, disk, why) {
      const batch = new Batch();
      batch.put(0, bytesOf('after'), Value.filled(bytesOf('the crash'), 100));
      for (let i = 0; i < 5; i++) expect(engine.write(batch)).toBe('ok');
      expect(engine.close()).toBe('ok');
      disk.settle();
      const last = makeEngine(disk, options);
      expect(last.open(), why).toBe('recovered');
      expect(last.check(), why).toEqual([]);
    },
  };
}

/** Asks each engine anew whenever it has written so many batches. */
function collector(): (engine: Badger, written: number) => Job | undefined {
  const asked = new WeakMap<Badger, number>();
  return (engine, written) => {
    const times = asked.get(engine) ?? 0;
    if (Math.floor(written / COLLECT_EVERY) <= times) return undefined;
    asked.set(engine, times + 1);
    return engine.maintain('gc', DISCARD_RATIO);
  };
}

describe.each(VARIANTS)('$name', ({ options, reached }) => {
  const story = storyOf(options);
  const states = statesOf(story);
  const whole = new MiniatureHost(story, 1);
  const isOver = !whole.run(Number.POSITIVE_INFINITY);
  const { figures } = whole.engine.stats();

  it('does in this workload what is to be stopped', () => {
    expect(isOver).toBe(true);
    for (const [figure, least] of Object.entries(reached)) {
      expect(figures[figure], figure).toBeGreaterThanOrEqual(least);
    }
    expect(batchShown(whole.engine, states)).toBe(BATCHES);
    expect(whole.engine.check()).toEqual([]);
  });

  it.each([
    ['what was not synced half survives', undefined, 0],
    ['nothing that was not synced survives', LOSE_ALL, 1],
    ['the process dies, the machine does not', PROCESS_KILL, 2],
  ] as const)('comes back after every request: %s', (_name, model, phase) => {
    // Each model takes a third of the requests, so that together they take each once.
    for (let requests = phase; requests <= whole.finished; requests += 3) stopAfter(requests, story, states, model);
  });
});
