import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { measurementOf } from '../../cli/museum/measurement.ts';
import { figuresText } from '../../cli/museum/page.ts';
import { BUG_NAMES, BUGS } from '../../sim/bugs.ts';
import { Terminal } from './terminal.ts';

const terminal = new Terminal();
afterAll(() => terminal.remove());

describe('raftlab museum', () => {
  it('lists every bug with its source and its check', async () => {
    expect(await terminal.run('museum', 'list')).toBe(0);
    const names = terminal.out.split('\n').map((line) => line.split(' ')[0]!);
    expect(names).toEqual(expect.arrayContaining([...BUG_NAMES]));
    expect(terminal.out).toContain('etcd #13766');
  });

  it.each([
    [['figure8'], /^there is no bug 'figure8'; allowed: figure-8, .*; did you mean figure-8\?$/m],
    [['figure-8', '--starts', '0'], /^--starts: allowed: a whole number from 1 to 1000$/m],
    [['figure-8', '--seeds-max', 'many'], /^--seeds-max: allowed: a whole number from 1 to 100000$/m],
    [['figure-8', '--jobs', '1.5'], /argument '1.5' is invalid. allowed: 1 to 256/],
    [['figure-8', '--write'], /^--write: goes with all bugs, not with one$/m],
  ])('run %j is refused', async (given, message) => {
    expect(await terminal.run('museum', 'run', ...given)).toBe(2);
    expect(terminal.error).toMatch(message);
  });
});

describe('a run of all bugs', () => {
  const command = ['museum', 'run', '--starts', '1', '--seeds-max', '1', '--jobs', '1', '--no-shrink'];
  const lines = () => readFileSync(join(terminal.directory, 'out/museum/museum.jsonl'), 'utf8').split('\n');

  it('notes each as it is measured, and measures only what is missing', { timeout: 60_000 }, async () => {
    expect(await terminal.run(...command)).toBe(1); // nothing fails in the stub
    const noted = lines();
    expect(noted).toHaveLength(BUGS.length + 1);
    expect(JSON.parse(noted[0]!)).toMatchObject({ bug: BUG_NAMES[0], starts: 1, seedsMax: 1, shrinks: false });

    const cutOff = [...noted.slice(0, -2), noted.at(-2)!.slice(0, 20)].join('\n');
    writeFileSync(join(terminal.directory, 'out/museum/museum.jsonl'), cutOff);
    expect(await terminal.run(...command)).toBe(1);
    expect(lines()).toHaveLength(BUGS.length + 2);
    expect(JSON.parse(lines().at(-2)!)).toMatchObject({ bug: BUG_NAMES.at(-1) });

    expect(await terminal.run(...command, '--fresh')).toBe(1);
    expect(lines()).toHaveLength(BUGS.length + 1);
  });
});

describe('measurements', () => {
  const bug = BUGS[0];
  const search = (seeds: number, check?: string) => ({
    seeds,
    virtualNs: seeds * 1e9,
    ...(check === undefined ? {} : { find: { seed: seeds, check } }),
  });

  it.each([
    ['all found', [search(1, bug.check), search(3, bug.check), search(8, bug.check)], 3, 0.25, ''],
    ['one in vain', [search(1, bug.check), search(10)], Number.POSITIVE_INFINITY, 1 / 11, ''],
    ['none found', [search(10), search(10)], Number.POSITIVE_INFINITY, 0, 'was not found'],
    [
      'others first',
      [search(2, 'progress'), search(4, bug.check)],
      3,
      2 / 6,
      `was found by other checks than ${bug.check}`,
    ],
  ])('%s', (_what, searches, seedsMedian, probability, problem) => {
    const measured = measurementOf(bug, { searches, alarms: [], cpuMs: 1000 });
    expect(measured).toMatchObject({ seedsMedian, probability, problem });
  });

  it('say when a check complains without the bug', () => {
    const alarms = [{ seed: 2, check: 'progress' }];
    const measured = measurementOf(bug, { searches: [search(2, bug.check)], alarms, cpuMs: 1000 });
    expect(measured.problem).toBe('progress complains under seed 2 without the bug, too');
    expect(figuresText([measured])).toMatch(
      /^figure-8 +1 of 1 +2 +0\.500 +2\.0 s +1\.0 s +1 +– +– +– +leader-completeness 1$/m,
    );
  });
});
