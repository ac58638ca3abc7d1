/** `raftlab run` in this process, over a stub simulator: what is printed, written and returned. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkResultFile } from '../../reports/index.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.remove());

const FILES = ['report.html', 'report.md', 'result.json', 'results.csv'];

function resultJson(folder: string): Record<string, unknown> & { runs: Record<string, unknown>[] } {
  return JSON.parse(readFileSync(join(terminal.directory, folder, 'result.json'), 'utf8'));
}

describe('a run', () => {
  it('prints a table, the files it wrote, and exits 0', async () => {
    const file = terminal.scenario('fine', 'seeds: 1..2\nmatrix: {cluster.engine: [bolt, rocksdb]}\n');
    expect(await terminal.run('run', file, '--jobs', '1')).toBe(0);
    expect(terminal.out).toBe(`fine: To test.

variant  seeds    WA  ops/s  put p50  put p99  space  fsyncs/put
bolt         2  10.0  1,000  1.00 ms   100 ms   1.50       0.500
rocksdb      2  5.00  1,000  1.00 ms   100 ms   1.50       0.500

wrote out/fine/report.html
wrote out/fine/report.md
wrote out/fine/results.csv
wrote out/fine/result.json
`);
    expect(terminal.error).toBe(`fine: 1 of 4 runs done (bolt, seed 1)
fine: 2 of 4 runs done (bolt, seed 2)
fine: 3 of 4 runs done (rocksdb, seed 1)
fine: 4 of 4 runs done (rocksdb, seed 2)
`);
    expect(readdirSync(join(terminal.directory, 'out/fine')).sort()).toEqual(FILES);
  });

  it('writes a result.json that its own schema accepts', async () => {
    const file = terminal.scenario(
      'fine',
      'matrix: {cluster.engine: [bolt, rocksdb]}\nexpect: [{metric: events, min: 1}]\n',
    );
    await terminal.run('run', file, '--set', 'workload.clients=7', '--seed', '3,5', '--jobs', '1', '--out', 'there');
    const result = resultJson('there');
    expect(checkResultFile(result)).toHaveProperty('file');
    expect(result).toMatchObject({
      partial: false,
      command: 'raftlab run fine.yaml --set workload.clients=7 --seed 3,5',
      scenario: { name: 'fine', seeds: [3, 5], variants: [{ variant: 'bolt' }, { variant: 'rocksdb' }] },
    });
    expect(result.runs.map((run) => [run.variant, run.seed])).toEqual([
      ['bolt', 3],
      ['bolt', 5],
      ['rocksdb', 3],
      ['rocksdb', 5],
    ]);
    expect(result.runs[0]!.expectations).toEqual([
      { text: 'events ≥ 1', ok: true, actual: 3000, bound: '≥ 1', variant: 'bolt' },
    ]);
  });

  it('--json prints result.json and nothing else', async () => {
    const file = terminal.scenario('fine');
    expect(await terminal.run('run', file, '--json', '--quiet')).toBe(0);
    expect(terminal.out).toBe(readFileSync(join(terminal.directory, 'out/fine/result.json'), 'utf8'));
    expect(terminal.error).toBe('');
  });

  it('--quiet prints nothing if nothing went wrong', async () => {
    expect(await terminal.run('run', terminal.scenario('fine'), '--quiet')).toBe(0);
    expect(terminal.out + terminal.error).toBe('');
  });

  it('takes several scenarios, each to a folder of its own', async () => {
    const files = [terminal.scenario('one'), terminal.scenario('two')];
    expect(await terminal.run('run', ...files, '--quiet')).toBe(0);
    expect(await terminal.run('run', ...files, '--quiet', '--out', 'both')).toBe(0);
    expect(readdirSync(join(terminal.directory, 'out')).sort()).toEqual(['one', 'two']);
    expect(readdirSync(join(terminal.directory, 'both')).sort()).toEqual(['one', 'two']);
  });

  it('prints every tenth of many runs', async () => {
    await terminal.run('run', terminal.scenario('fine', 'seeds: 101..200'), '--jobs', '1');
    expect(terminal.error.split('\n').slice(0, 2)).toEqual([
      'fine: 10 of 100 runs done (bolt, seed 110)',
      'fine: 20 of 100 runs done (bolt, seed 120)',
    ]);
  });
});

describe('what goes wrong', () => {
  it('a violation: exit 1, with the line that shows it again', async () => {
    const file = terminal.scenario('broken', 'matrix: {cluster.engine: [bolt, rocksdb], workload.clients: [2]}');
    const code = await terminal.run('run', file, '--seed', '65..66', '--set', 'end.after=1s', '--quiet', '--jobs', '1');
    expect(code).toBe(1);
    const reproduce = "raftlab run broken.yaml --set end.after=1s --variant 'bolt clients=2' --seed 66";
    expect(terminal.error.split('\n').slice(0, 2)).toEqual([
      'violation: acknowledged-writes: key 5 is gone (bolt clients=2, seed 66, 2 s, event 2000)',
      `  ${reproduce}`,
    ]);
    expect(resultJson('out/broken').runs[1]!.violations).toMatchObject([{ reproduce }]);
    // and it does
    expect(
      await terminal.run('run', 'broken.yaml', '--set', 'end.after=1s', '--variant', 'bolt clients=2', '--seed', '66'),
    ).toBe(1);
    expect(terminal.error).toContain(reproduce);
  });

  it.each([
    [
      'an expectation',
      'expect: [{metric: writeAmplification.total, max: 9}]',
      'writeAmplification.total ≤ 9: it is 10 (bolt, seed 1)',
    ],
    [
      'a figure that is not there',
      'expect: [{metric: unavailableMsMax, max: 9}]',
      'unavailableMsMax ≤ 9: there is no such figure (bolt, seed 1)',
    ],
    [
      'a comparison',
      'matrix: {cluster.engine: [bolt, rocksdb]}\nexpect: [{metric: writeAmplification.total, ratio: [bolt, rocksdb], max: 1.5}]',
      'writeAmplification.total of bolt / rocksdb ≤ 1.5: it is 2 (mean over seeds)',
    ],
  ])('%s: exit 1', async (_, body, line) => {
    expect(await terminal.run('run', terminal.scenario('t', body), '--quiet', '--jobs', '1')).toBe(1);
    expect(terminal.error).toBe(`expectation failed: ${line}\n`);
  });

  it('a violation that the scenario expects is judged by its bound', async () => {
    const body = 'seeds: 66\nexpect: [{metric: violations, min: 1}]';
    expect(await terminal.run('run', terminal.scenario('museum', body), '--quiet')).toBe(0);
    expect(terminal.error).toBe('');
    expect(await terminal.run('run', 'museum.yaml', '--quiet', '--seed', '65')).toBe(1);
  });

  it('a violation beyond the bound is shown with the line that shows it again, like any other', async () => {
    const body = 'seeds: 66\nexpect: [{metric: violations, equals: 0}]';
    expect(await terminal.run('run', terminal.scenario('t', body), '--quiet')).toBe(1);
    expect(terminal.error.split('\n')).toEqual([
      'violation: acknowledged-writes: key 5 is gone (bolt, seed 66, 2 s, event 2000)',
      '  raftlab run t.yaml --variant bolt --seed 66',
      'expectation failed: violations = 0: it is 1 (bolt, seed 66)',
      '',
    ]);
  });

  it('a defect: exit 3, with what is needed to report it; the other runs are written', async () => {
    const code = await terminal.run('run', terminal.scenario('t'), '--seed', '12..14', '--quiet', '--jobs', '1');
    expect(code).toBe(3);
    const lines = terminal.error.split('\n');
    expect(lines[0]).toMatch(/^This is a defect in raftlab \d+\.\d+\.\d+: please report it with the lines below\.$/);
    expect(lines[1]).toBe(`  raftlab run t.yaml --variant bolt --seed 13 (Node ${process.version})`);
    expect(lines[2]).toBe('  Error: stub: seed 13 always breaks');
    expect(resultJson('out/t')).toMatchObject({ partial: true, runs: [{ seed: 12 }, { seed: 14 }] });
  });

  it('two runs that differ: exit 3, and the first event that does', async () => {
    expect(
      await terminal.run('run', terminal.scenario('t'), '--check-determinism', '--seed', '1..2', '--jobs', '1'),
    ).toBe(0);
    expect(terminal.error).toContain('deterministic: 2 of 2 runs gave the same trace hash twice\n');
    expect(await terminal.run('run', 't.yaml', '--check-determinism', '--seed', '99', '--quiet')).toBe(3);
    expect(terminal.error).toContain(
      'not deterministic: event 7 at 1500 ns differs\n    first:  event 7: tick\n    second: event 7: tock\n',
    );
  });

  it('Ctrl-C: what is done is written as partial, exit 130', async () => {
    const running = terminal.run(
      'run',
      terminal.scenario('slow', 'seeds: 1..3\nexpect: [{metric: events, max: 0}]'),
      '--jobs',
      '1',
    );
    await terminal.interruptible;
    terminal.interrupt();
    expect(await running).toBe(130);
    expect(terminal.error).toContain('interrupted: writing what is done');
    expect(resultJson('out/slow')).toMatchObject({
      partial: true,
      runs: [{ seed: 1, ended: 'interrupted', expectations: [] }],
    });
  });
});

describe('bad usage: exit 2, one clear error, nothing run and nothing written', () => {
  it.each<[string, string[], RegExp]>([
    ['no command', [], /^Usage: raftlab/],
    ['an unknown command', ['rnu'], /^error: unknown command 'rnu'\n\(Did you mean run\?\)/],
    ['no scenario', ['run'], /^error: missing required argument 'scenario'/],
    [
      'an unknown scenario',
      ['run', 'quikstart'],
      /^there is no file and no scenario 'quikstart'; allowed: .*; did you mean quickstart\?\n$/,
    ],
    ['no such file', ['run', './nowhere.yaml'], /^\.\/nowhere\.yaml: there is no such file\n$/],
    [
      'an unknown option',
      ['run', 't.yaml', '--sede', '1'],
      /^error: unknown option '--sede'\n\(Did you mean --seed\?\)/,
    ],
    [
      'no number of jobs',
      ['run', 't.yaml', '--jobs', 'many'],
      /^error: option '--jobs <n>' argument 'many' is invalid. allowed: 1 to 256\n$/,
    ],
    [
      'an empty seed range',
      ['run', 't.yaml', '--seed', '5..1'],
      /^--seed: 5\.\.1 is an empty range; allowed: 1\.\.5\n$/,
    ],
    [
      'a wrong --set',
      ['run', 't.yaml', '--set', 'cluster.nodes=0'],
      /^--set cluster\.nodes: 0 is out of range; allowed: 1 to 64\n$/,
    ],
    ['an unknown variant', ['run', 't.yaml', '--variant', 'x'], /^--variant: no variant matches 'x'; allowed: bolt\n$/],
    ['a bad scenario', ['run', 'bad.yaml'], /^bad\.yaml:3:11: workload: 5 is not a mapping/],
    [
      'two scenarios of one name',
      ['run', 't.yaml', './t.yaml'],
      /^two of the scenarios would write to out\/t; run them one by one with --out\n$/,
    ],
    [
      'a file in the place of the folder',
      ['run', 't.yaml', '--out', 't.yaml'],
      /^cannot write to t\.yaml \(EEXIST\); allowed: --out with a folder that can be written\n$/,
    ],
  ])('%s', async (_, given, message) => {
    terminal.scenario('t');
    terminal.scenario('bad', 'workload: 5');
    expect(await terminal.run(...given)).toBe(2);
    expect(terminal.error).toMatch(message);
    expect(terminal.out).toBe('');
  });

  it('a store larger than memory', async () => {
    terminal.scenario('big', 'workload: {preload: 1000000000, keys: {count: 1000000000}}\ncluster: {nodes: 64}');
    expect(await terminal.run('run', 'big.yaml')).toBe(2);
    expect(terminal.error).toMatch(
      /^big\.yaml:3:1: workload: the stores of this scenario need at least 4[0-9.]+ GiB of memory/,
    );
  });

  it.skipIf(process.getuid?.() === 0)(
    'a folder without permission (not tried as root, who may write anywhere)',
    async () => {
      mkdirSync(join(terminal.directory, 'locked'));
      chmodSync(join(terminal.directory, 'locked'), 0o555);
      expect(await terminal.run('run', terminal.scenario('t'), '--out', 'locked/deep')).toBe(2);
      expect(terminal.error).toMatch(/^cannot write to locked\/deep \(EACCES\)/);
    },
  );

  it('one bad scenario of two keeps the other from running', async () => {
    const fine = terminal.scenario('t');
    writeFileSync(join(terminal.directory, 'bad.yaml'), 'name: [');
    expect(await terminal.run('run', fine, 'bad.yaml')).toBe(2);
    expect(terminal.out).toBe('');
  });
});
