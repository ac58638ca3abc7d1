/** What universal compaction picks, run by run. A store is written as its runs, newest first: `level:size`, `*` while it is being compacted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../engines/rocksdb/options.ts';
import { type Compaction, inputsByLevel } from '../../../engines/rocksdb/picker.ts';
import type { TableFile } from '../../../engines/rocksdb/table-file.ts';
import type { TableReader } from '../../../engines/rocksdb/table-reader.ts';
import { UniversalPicker } from '../../../engines/rocksdb/universal-picker.ts';
import { Version } from '../../../engines/rocksdb/version.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytes } from './bench.ts';

function stubTable(number: number, size: number, busy: boolean, from = 'a', to = 'z'): TableFile {
  return {
    number,
    bytes: size,
    smallest: bytes(`${from}\0\0\0\0\0\0\0\0`),
    largest: bytes(`${to}\0\0\0\0\0\0\0\0`),
    smallestSequence: number,
    largestSequence: number,
    oldestBlobFile: 0,
    entries: 10,
    deletions: 0,
    rawKeyBytes: 0,
    rawValueBytes: 100,
    compensatedBytes: 0,
    beingCompacted: busy,
    reader: {} as TableReader,
  };
}

interface Run {
  readonly level: number;
  readonly size: number;
  readonly busy: boolean;
}

function runsOf(text: string): Run[] {
  return text.split(' ').map((run) => {
    const match = /^(\d):(\d+)(\*?)$/.exec(run);
    return { level: Number(match?.[1]), size: Number(match?.[2]), busy: match?.[3] === '*' };
  });
}

function storeOf(runs: readonly Run[], values: ParameterValues = {}): { picker: UniversalPicker; version: Version } {
  const options = readOptions({ compaction_style: 'universal', ...values });
  const version = new Version(options);
  for (const [i, { level, size, busy }] of runs.entries()) version.add(level, stubTable(100 - i, size, busy));
  version.update();
  return { picker: new UniversalPicker(options, version), version };
}

/** `0:1 0:1 3:4 → 5` */
function shown(compaction: Compaction | undefined): string {
  if (compaction === undefined) return 'nothing';
  const inputs = inputsByLevel(compaction).flatMap(({ level, tables }) =>
    tables.map((table) => `${level}:${table.bytes}`),
  );
  return `${inputs.join(' ')} → ${compaction.outputLevel}${compaction.bottommost ? ' bottommost' : ''}`;
}

describe('universal compaction', () => {
  it.each<[string, string, string, ParameterValues?]>([
    ['fewer runs than the trigger', '0:1 0:1 0:1', 'nothing'],
    ['newer runs twice the oldest: all', '0:3 0:3 0:4 0:5', '0:3 0:3 0:4 0:5 → 6 bottommost'],
    ['newer runs just below that: only those that fit', '0:7 4:30 5:162 6:100', '5:162 6:100 → 6 bottommost'],
    [
      'more than that, where it is allowed',
      '0:7 4:30 5:164 6:100',
      '5:164 6:100 → 6 bottommost',
      { universal_max_size_amplification_percent: 300 },
    ],
    ['equal runs: as many as there are', '0:1 0:1 0:1 6:100', '0:1 0:1 0:1 → 5'],
    ['the next may be a per cent larger', '0:100 0:101 0:300 6:10000', '0:100 0:101 → 0'],
    ['not more', '0:100 0:102 0:300 6:10000', 'nothing'],
    ['a ratio that lets all in', '0:100 0:150 0:300 6:10000', '0:100 0:150 0:300 → 5', { universal_size_ratio: 50 }],
    ['smaller ones join what has been summed up', '0:2 0:1 0:3 0:6 6:1000', '0:2 0:1 0:3 0:6 → 5'],
    ['but with similar sizes only', '0:2 0:2 0:4 0:8 6:1000', '0:2 0:2 → 0', { universal_stop_style: 'similar_size' }],
    ['no wider than asked', '0:1 0:1 0:1 0:1 6:100', '0:1 0:1 → 0', { universal_max_merge_width: 2 }],
    ['narrow ones are passed over', '0:1 0:1 0:9 0:9 0:9 6:999', '0:9 0:9 0:9 → 5', { universal_min_merge_width: 3 }],
    ['a level between goes along', '0:4 0:4 3:7 5:40 6:100', '0:4 0:4 3:7 → 4'],
    ['into the level that the last picked run is in', '0:4 0:4 4:7 5:40 6:100', '0:4 0:4 4:7 → 4'],
    ['too many runs that do not fit each other', '0:1 0:2 0:4 0:8 0:16 6:999', '0:1 0:2 0:4 → 0'],
    ['what is being compacted is passed over', '0:1 0:1 0:1 0:5* 3:9 6:1000', '0:1 0:1 0:1 → 0'],
    ['and ends a series', '0:1 0:1* 0:1 0:1 6:100', '0:1 0:1 → 5'],
    ['the oldest run busy: no full merge', '0:9 0:8 0:70 0:200 6:10*', '0:9 0:8 → 0'],
    ['nothing idle', '0:1* 0:1* 0:1* 6:9*', 'nothing'],
  ])('%s', (_name, runs, expected, values) => {
    expect(shown(storeOf(runsOf(runs), values).picker.pick())).toBe(expected);
  });

  it('counts every run towards the triggers, and owes no bytes', () => {
    const { version } = storeOf(runsOf('0:1 0:1 3:5 6:100*'));
    expect(version.delayTriggerRuns).toBe(4);
    expect(version.score).toBe(3 / 4);
    expect(version.pendingBytes).toBe(0);
  });

  it('moves what does not overlap, if asked', () => {
    const options = readOptions({ compaction_style: 'universal', universal_allow_trivial_move: true });
    const version = new Version(options);
    for (const [i, range] of ['gh', 'ef', 'cd', 'ab'].entries()) {
      version.add(0, stubTable(10 - i, 1, false, range[0], range[1]));
    }
    version.update();
    const picked = new UniversalPicker(options, version).pick();
    expect([picked?.trivialMove, picked?.inputs.length, picked?.outputLevel]).toEqual([true, 4, 6]);
  });

  it('keeps runs in order of age, whatever it picks', () => {
    const arbitraryRuns = fc
      .tuple(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.boolean()), { maxLength: 12 }),
        fc.subarray([1, 2, 3, 4, 5, 6]),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.boolean()), { minLength: 6, maxLength: 6 }),
      )
      .map(([zero, levels, sizes]): Run[] => [
        ...zero.map(([size, busy]) => ({ level: 0, size, busy })),
        ...levels.map((level, i) => ({ level, size: sizes[i]?.[0] ?? 1, busy: sizes[i]?.[1] ?? false })),
      ]);
    fc.assert(
      fc.property(arbitraryRuns, (runs) => {
        const { picker, version } = storeOf(runs);
        const picked = picker.pick();
        if (picked === undefined) return;
        const all = version.levels.flat();
        const taken = inputsByLevel(picked).flatMap(({ tables }) => tables);
        const from = all.indexOf(taken[0] as TableFile);
        // Neighbours in age, all idle before.
        expect(taken).toEqual(all.slice(from, from + taken.length));
        expect(taken.length).toBeGreaterThan(1);
        expect(runs.slice(from, from + taken.length).some(({ busy }) => busy)).toBe(false);
        // Nothing that is left is between the output and what is older or newer.
        const newer = runs[from - 1];
        const older = runs[from + taken.length];
        if (newer !== undefined) expect(newer.level === 0 || newer.level < picked.outputLevel).toBe(true);
        if (older !== undefined && picked.outputLevel > 0) expect(older.level).toBeGreaterThan(picked.outputLevel);
        if (older !== undefined && picked.outputLevel === 0) expect(older.level).toBeLessThanOrEqual(1);
        expect(picked.bottommost).toBe(older === undefined);
      }),
      { numRuns: 300 },
    );
  });
});
