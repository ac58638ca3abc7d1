/** The crash story of FASTER: page flushes, index checkpoints and compactions stopped after every device request. */
import { describe, expect, it } from 'vitest';
import { FasterEngine } from '../../../engines/faster/engine.ts';
import { readOptions } from '../../../engines/faster/options.ts';
import { Batch } from '../../../sim/batch.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../../sim/clock.ts';
import { PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf } from '../bed.ts';
import { batchShown, type CrashStory, LOSE_ALL, MiniatureHost, statesOf, stopAfter } from '../crash-story.ts';

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

function storyOf(options: ParameterValues): CrashStory<FasterEngine> {
  return {
    make: (disk) => {
      const context = { disk, directory: 'db/', tables: ['keys'], work: new Work(), clock: STOPPED_CLOCK };
      return new FasterEngine(context, readOptions(options));
    },
    batches: BATCHES,
    keys: 40,
    operations: [1, 5],
    valueBytes: (rng) => 200 + rng.int(0, 3) * 100,
    syncChance: 0.25,
    maintain: (engine, _written, rng) => (rng.chance(0.02) ? engine.maintain('compact', 0.5) : undefined),
    useAgain(engine, disk, why) {
      const batch = new Batch();
      for (let i = 0; i < 30; i++) batch.put(0, bytesOf(`after ${i % 7}`), Value.filled(bytesOf('the crash'), 300));
      expect(engine.write(batch)).toBe('ok');
      for (let job = engine.background(); job !== undefined; job = engine.background()) {
        while (job.next().done !== true) disk.settle();
      }
      expect(engine.sync()).toBe('ok');
      disk.settle();
      expect(engine.check(), why).toEqual([]);
    },
  };
}

describe.each(Object.keys(KINDS))('with checkpoints by %s', (kind) => {
  const story = storyOf(KINDS[kind]!);
  const states = statesOf(story);
  const whole = new MiniatureHost(story, 1);
  whole.run(Number.POSITIVE_INFINITY);

  it('flushes, compacts and writes the index in this workload', () => {
    const { figures } = whole.engine.stats();
    expect(figures.pagesFlushed).toBeGreaterThan(5);
    expect(figures.compactions).toBeGreaterThan(2);
    expect(figures.indexCheckpoints).toBe(2);
    expect(figures.inPlaceUpdates).toBeGreaterThan(10);
    expect(batchShown(whole.engine, states)).toBe(BATCHES);
    expect(whole.engine.check()).toEqual([]);
  });

  it.each([
    ['every request, with what the disk draws', undefined, 1],
    ['every fourth, losing all that was not synced', LOSE_ALL, 4],
    ['every fourth, keeping all: the process was killed', PROCESS_KILL, 4],
  ])('comes back after %s', (_what, model, step) => {
    for (let requests = step; requests <= whole.finished; requests += step) stopAfter(requests, story, states, model);
  });
});
