/** `raftlab sweep` and `raftlab merge` in this process, over a stub simulator: seed 66 fails, seed 13 breaks. */
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { causesOf } from '../../cli/sweep/causes.ts';
import type { Journal, SweptRun } from '../../cli/sweep/journal.ts';
import { summarise, summaryText } from '../../cli/sweep/summary.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
let file: string;
beforeEach(() => {
  terminal = new Terminal();
  file = terminal.scenario('many', 'matrix: {cluster.engine: [bolt, rocksdb]}\n');
});
afterEach(() => terminal.remove());

const pathOf = (folder: string, name = 'sweep.jsonl'): string => join(terminal.directory, folder, name);
const linesOf = (folder: string): string[] => readFileSync(pathOf(folder), 'utf8').trimEnd().split('\n');
/** Variant and seed of each run in the journal, sorted. */
const runsOf = (folder: string): string[] =>
  linesOf(folder)
    .slice(1)
    .map((line) => JSON.parse(line) as SweptRun)
    .map(({ variant, seed }) => `${variant} ${seed}`)
    .sort();
const summaryOf = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(pathOf(folder, 'sweep.json'), 'utf8'));

describe('a sweep', () => {
  it('groups the failures and exits 1', async () => {
    expect(await terminal.run('sweep', file, '--seeds', '60..69', '--jobs', '1')).toBe(1);
    expect(terminal.out).toBe(`many: 20 of 20 runs, 2 failing

cause  runs                check             nodes  faults  seeds
1         2  acknowledged-writes  follower, leader             66

cause 1: key # is gone
  raftlab run many.yaml --variant bolt --seed 66
  raftlab explain many.yaml --variant bolt --seed 66

wrote out/sweep/many/sweep.json
`);
    expect(runsOf('out/sweep/many')).toHaveLength(20);
  });

  it('exits 0 if nothing fails, and 3 if the simulator does', async () => {
    expect(await terminal.run('sweep', file, '--seeds', '1..3', '--out', 'fine', '--jobs', '1')).toBe(0);
    expect(await terminal.run('sweep', file, '--seeds', '12..14', '--out', 'broken', '--jobs', '1')).toBe(3);
    expect(terminal.out).toContain('cause 1: Error: stub: seed # always breaks');
    expect(runsOf('broken')).toHaveLength(6);
  });

  it('does not repeat what is done, and goes on with more seeds', async () => {
    await terminal.run('sweep', file, '--seeds', '1..4', '--jobs', '1');
    const before = linesOf('out/sweep/many');
    expect(await terminal.run('sweep', file, '--seeds', '1..6', '--jobs', '1')).toBe(0);
    expect(terminal.error).toContain('many: 8 of 12 runs are done already');
    const after = linesOf('out/sweep/many');
    expect(after.slice(0, before.length)).toEqual(before);
    expect(runsOf('out/sweep/many')).toHaveLength(12);
    expect(new Set(runsOf('out/sweep/many')).size).toBe(12);
    // fewer again: the summary is of what was asked for
    await terminal.run('sweep', file, '--seeds', '2..3', '--jobs', '1', '--json');
    expect(JSON.parse(terminal.out)).toMatchObject({ runs: 4, done: 4 });
  });

  it('goes on wherever it was cut off', async () => {
    await terminal.run('sweep', file, '--seeds', '60..66', '--jobs', '1');
    const whole = readFileSync(pathOf('out/sweep/many'), 'utf8');
    const summary = summaryOf('out/sweep/many');
    const runs = runsOf('out/sweep/many');
    const headBytes = whole.indexOf('\n') + 1;
    for (let bytes = headBytes; bytes < whole.length; bytes += 97) {
      writeFileSync(pathOf('out/sweep/many'), whole);
      truncateSync(pathOf('out/sweep/many'), bytes);
      expect(await terminal.run('sweep', file, '--seeds', '60..66', '--jobs', '1', '--quiet')).toBe(1);
      expect(runsOf('out/sweep/many')).toEqual(runs);
      expect(summaryOf('out/sweep/many')).toEqual(summary);
    }
  });

  it('gives the same verdicts in shards put together', async () => {
    const seeds = ['--seeds', '60..70'];
    await terminal.run('sweep', file, ...seeds, '--jobs', '1', '--out', 'one');
    for (const shard of [1, 2, 3, 4]) {
      await terminal.run('sweep', file, ...seeds, '--jobs', '1', '--shard', `${shard}/4`, '--out', `s${shard}`);
    }
    expect([1, 2, 3, 4].map((shard) => runsOf(`s${shard}`).length)).toEqual([6, 6, 5, 5]);
    expect(await terminal.run('merge', 's4', 's2', 's1', 's3', '--out', 'merged')).toBe(1);
    expect(summaryOf('merged')).toEqual(summaryOf('one'));
    expect(await terminal.run('merge', 's2', 's4', '--out', 'half', '--json')).toBe(1);
    expect(JSON.parse(terminal.out)).toMatchObject({ runs: 22, done: 11 });
  });

  it('stops when its time is over, and keeps no run that was cut off', async () => {
    const slow = terminal.scenario('slow');
    expect(await terminal.run('sweep', slow, '--seeds', '1..3', '--jobs', '1', '--budget', '100ms')).toBe(0);
    expect(terminal.error).toContain('the time is over; the same command goes on with the other 3 runs');
    expect(linesOf('out/sweep/slow')).toHaveLength(1);
  });

  it('can be interrupted', async () => {
    const slow = terminal.scenario('slow');
    const code = terminal.run('sweep', slow, '--seeds', '1..3', '--jobs', '1');
    await terminal.interruptible;
    terminal.interrupt();
    expect(await code).toBe(130);
    expect(terminal.error).toContain('interrupted: what is done is kept');
  });
});

describe('bad input', () => {
  it('is refused before anything runs', async () => {
    await terminal.run('sweep', file, '--seeds', '1..2', '--jobs', '1', '--out', 'done');
    const other = terminal.scenario('other');
    const cases: [string[], RegExp][] = [
      [['sweep', file, '--seeds', '5..1'], /^--seeds: 5\.\.1 is an empty range; allowed: 1\.\.5/],
      [['sweep', file, '--seeds', 'all'], /'all' is not a seed/],
      [['sweep', file, '--shard', '0/4'], /^--shard: '0\/4' is no shard; write it like 3\/16/],
      [['sweep', file, '--shard', '5/4'], /^--shard: '5\/4' is no shard/],
      [['sweep', file, '--shard', 'x'], /^--shard: 'x' is no shard/],
      [['sweep', file, '--seeds', '1', '--shard', '3/4'], /^--shard 3\/4: there are only 2 runs/],
      [['sweep', file, '--budget', '5'], /^--budget: '5' has no unit; write it like/],
      [['sweep', file, '--budget', '0s'], /^--budget: must be longer than nothing/],
      [['sweep', 'nothing'], /there is no file and no scenario 'nothing'/],
      [['sweep', other, '--out', 'done'], /done\/sweep.jsonl is of another sweep \(of the scenario many\)/],
      [['sweep', file, '--set', 'workload.clients=7', '--out', 'done'], /settings have changed\); name another folder/],
      [['sweep', file, '--shard', '1/2', '--out', 'done'], /is of another sweep \(of shard 1\/1\)/],
      [['merge', 'nowhere', '--out', 'm'], /^nowhere: there is no such folder/],
      [['merge', 'done', '--out', 'done'], /^--out done: is one of the folders to be merged/],
      [['merge', '.', '--out', 'm'], /^sweep.jsonl: cannot be read \(ENOENT\)/],
    ];
    for (const [given, message] of cases) {
      expect(await terminal.run(...given), given.join(' ')).toBe(2);
      expect(terminal.error).toMatch(message);
    }
    expect(await terminal.run('sweep', other, '--out', 'done', '--fresh', '--jobs', '1')).toBe(0);
  });

  it('in the middle of a journal is an error, with its line', async () => {
    await terminal.run('sweep', file, '--seeds', '1..2', '--jobs', '1', '--out', 'done');
    appendFileSync(pathOf('done'), 'rubbish\n{"seed":3}\n{"seed":4}\n');
    expect(await terminal.run('sweep', file, '--seeds', '1..2', '--out', 'done')).toBe(2);
    expect(terminal.error).toBe('done/sweep.jsonl:6: is not a run of a sweep\n');
    writeFileSync(pathOf('done'), '{"format":"something"}\n');
    expect(await terminal.run('sweep', file, '--seeds', '1..2', '--out', 'done')).toBe(2);
    expect(terminal.error).toBe('done/sweep.jsonl:1: is not the journal of a sweep\n');
  });
});

it('tells excused runs from failing ones, by their reasons', () => {
  const run = (seed: number, excused: string[], violations: SweptRun['violations'] = []): SweptRun => {
    return { variant: 'bolt', seed, excused, violations, faults: [] };
  };
  const violation = { check: 'progress', what: 'x', timeNs: 1, event: 1, roles: 'down' };
  const runs = [
    run(1, ['no quorum', 'no quorum']),
    run(2, ['disk forgot']),
    run(3, ['no quorum'], [violation]),
    run(4, []),
  ];
  const head = { version: '0.1.0', scenario: 's', shard: [1, 1] as const, command: 'raftlab run s' };
  const summary = summarise({ head } as unknown as Journal, runs, 4);
  expect(summary).toMatchObject({ failing: 1, excused: { 'disk forgot': 1, 'no quorum': 1 } });
  expect(summaryText(summary)).toMatch(/^s: 4 of 4 runs, 1 failing, 2 excused \(disk forgot 1, no quorum 1\)/);
});

describe('causes', () => {
  const run = (seed: number, what: string, roles: string, faults: string[], event = 10): SweptRun => ({
    variant: 'bolt',
    seed,
    violations: [{ check: 'apply-order', what, timeNs: 1, event, roles }],
    faults,
  });

  it('are told apart by check, words, roles and faults, not by numbers and names', () => {
    const causes = causesOf([
      run(3, 'n1 applied entry 12 after entry 10', 'follower, leader', ['crash']),
      run(1, 'n2 applied entry 900 after entry 7', 'follower, leader', ['crash'], 5),
      run(2, 'n2 applied entry 900 after entry 7', 'down, leader', ['crash']),
      run(4, 'n2 applied entry 900 after entry 7', 'follower, leader', ['crash', 'partition']),
      { variant: 'bolt', seed: 5, violations: [], faults: [] },
    ]);
    expect(causes.map(({ runs, seeds, shortest }) => [runs, seeds, shortest.seed])).toEqual([
      [2, [1, 3], 1],
      [1, [2], 2],
      [1, [4], 4],
    ]);
    expect(causes[0]).toMatchObject({ what: 'node applied entry # after entry #', share: 0.4 });
  });
});
