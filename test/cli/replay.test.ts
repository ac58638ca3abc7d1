/** `raftlab replay` and `raftlab diff` on a small real cluster: what is shown, and that looking changes nothing. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
let file: string;
beforeEach(() => {
  terminal = new Terminal();
  file = terminal.scenario(
    'small',
    `workload: { clients: 2, value: 64B, keys: { count: 50 } }
end: { after: 3s }
faults: [{ at: 2s, for: 300ms, crash: { node: leader } }]
seeds: 1..2
matrix: { cluster.engine: [bolt, rocksdb] }
`,
  );
});
afterEach(() => terminal.remove());

const lines = (): string[] => terminal.out.trimEnd().split('\n');
const hashOf = (): string => /trace hash (\w+)/.exec(terminal.out)![1]!;

describe('a replay', () => {
  it('shows the events of a window, and the same run with and without steps', async () => {
    const run = [
      'replay',
      file,
      '--variant',
      'bolt',
      '--seed',
      '2',
      '--from',
      '1990ms',
      '--to',
      '2010ms',
      '--limit',
      '5000',
    ];
    expect(await terminal.run(...run)).toBe(0);
    expect(lines()[0]).toBe('raftlab run small.yaml --variant bolt --seed 2');
    const events = lines().slice(1, -1);
    expect(events.length).toBeGreaterThan(20);
    for (const line of events) expect(line).toMatch(/^(1\.99|2\.00)\d{7} s {2}#\d+ {2}\S/);
    expect(events.some((line) => line.includes('crash'))).toBe(true);
    const hash = hashOf();
    expect(await terminal.run(...run, '--step')).toBe(0);
    expect(hashOf()).toBe(hash);
    expect(terminal.out).toMatch(/\n {4}n\d \d->\d MsgApp Term:1 .*\n {6}\S/);
    expect(terminal.out).toMatch(/Entries:\[1\/\d+ EntryNormal "k0{10,}\d+"\]/);
    expect(
      await terminal.run('replay', file, '--variant', 'bolt', '--seed', '2', '--from', '3s', '--to', '3001ms'),
    ).toBe(0);
    expect(hashOf()).toBe(hash);
  });

  it('shows the end by itself, one node alone, and says where it stops', async () => {
    expect(await terminal.run('replay', file, '--variant', 'bolt', '--node', 'n2', '--limit', '3')).toBe(0);
    const events = lines().slice(1, -1);
    expect(events.length).toBeGreaterThan(0);
    for (const line of events) expect(line).toMatch(/\bn2\b|^… more than 3 events/);
  });

  it('refuses what it cannot show', async () => {
    const cases: [string[], RegExp][] = [
      [['--seed', '1'], /^missing: --variant; allowed: one of bolt, rocksdb\n$/],
      [['--variant', 'bolt', '--seed', '1..2'], /^--seed 1\.\.2: one seed only/],
      [['--variant', 'bolt', '--node', 'n4'], /^--node n4: is unknown; allowed: n1, n2, n3\n$/],
      [['--variant', 'bolt', '--from', '4'], /^--from: '4' has no unit; write it like 500ms, 10s/],
      [['--variant', 'bolt', '--from', '4s', '--to', '3s'], /^--from must be before --to/],
      [['--variant', 'bolt', '--limit', '0'], /^--limit: '0' is not a number from 1/],
      [['--variant', 'badgr'], /badgr/],
    ];
    for (const [given, message] of cases) {
      expect(await terminal.run('replay', file, ...given), given.join(' ')).toBe(2);
      expect(terminal.error).toMatch(message);
    }
  });
});

describe('a recording', () => {
  const path = (name: string): string => join(terminal.directory, name);
  const record = (seed: string): Promise<number> =>
    terminal.run('replay', file, '--variant', 'bolt', '--seed', seed, '--record', 'a.rec', '--limit', '1');

  it('replays without its scenario, as the same run', async () => {
    expect(await record('2')).toBe(0);
    const hash = hashOf();
    expect(terminal.error).toBe('wrote a.rec\n');
    rmSync(path(file));
    expect(await terminal.run('replay', 'a.rec', '--from', '2s', '--to', '2001ms')).toBe(0);
    expect(lines()[0]).toBe('raftlab run small.yaml --variant bolt --seed 2');
    expect(hashOf()).toBe(hash);
    expect(terminal.error).toBe('');
  });

  it('is the same run as the one that is simulated, and says where another differs', async () => {
    await record('2');
    expect(await terminal.run('diff', 'a.rec', `${file}:bolt@2`)).toBe(0);
    expect(await terminal.run('diff', `${file}:bolt@1`, 'a.rec', '--context', '1')).toBe(1);
    expect(lines().filter((line) => !line.startsWith('>') && !line.startsWith(' '))).toEqual([
      expect.stringMatching(/^the same up to event \d+/),
      'raftlab run small.yaml --variant bolt --seed 1',
      expect.stringMatching(/^a\.rec: raftlab \S+, raftlab run small\.yaml --variant bolt --seed 2$/),
    ]);
  });

  it('of another version warns, and names the event at which that went another way', async () => {
    await record('2');
    const text = readFileSync(path('a.rec'), 'utf8');
    // an older raftlab, in which the handling of event 500 left another trace
    const older = text.replace(/"version":"[^"]+"/, '"version":"0.0.9"').split('\n');
    older[500] = older[500]!.replace(/\t\w{16}\t/, '\t0123456789abcdef\t');
    older[older.length - 2] = older.at(-2)!.replace(/"traceHash":"\w+"/, '"traceHash":"0123456789abcdef"');
    writeFileSync(path('b.rec'), older.join('\n'));
    expect(await terminal.run('replay', 'b.rec', '--limit', '1')).toBe(0);
    expect(terminal.error).toMatch(/^warning: b\.rec was recorded by raftlab 0\.0\.9; this is /);
    expect(terminal.error).toMatch(/warning: this is not the run that was recorded/);
    expect(await terminal.run('diff', 'b.rec', 'a.rec')).toBe(1);
    expect(lines()[0]).toBe('the same up to event 499; event 500 is the first that differs');
    expect(terminal.out).toMatch(/what happened is the same; what it did is not/);
  });

  it('that is damaged, or asked for what it has not, is refused', async () => {
    await record('1');
    const text = readFileSync(path('a.rec'), 'utf8');
    writeFileSync(path('cut.rec'), text.slice(0, text.length / 2));
    const garbled = text.split('\n');
    garbled[6] = 'nonsense';
    writeFileSync(path('garbled.rec'), garbled.join('\n'));
    writeFileSync(path('head.rec'), text.replace('"version"', '"revision"'));
    const cases: [string[], RegExp][] = [
      [['replay', 'cut.rec'], /^cut\.rec: has no end: the recording was cut off/],
      [['diff', 'garbled.rec', 'a.rec'], /^garbled\.rec:7: is not an event of a recording/],
      [['replay', 'head.rec'], /^head\.rec:1: is not the head of a recording/],
      [['replay', 'a.rec', '--seed', '2'], /^--variant, --seed, --set: go with a scenario/],
      [
        ['replay', file, '--variant', 'bolt', '--record', 'no/such/folder'],
        /^cannot write no\/such\/folder \(ENOENT\)/,
      ],
    ];
    for (const [given, message] of cases) {
      expect(await terminal.run(...given), given.join(' ')).toBe(2);
      expect(terminal.error).toMatch(message);
    }
  });
});

describe('the history of a run', () => {
  const museum = fileURLToPath(new URL('../../scenarios/museum/read-index-context-reused.yaml', import.meta.url));

  it('is judged by raftlab check as the run was', async () => {
    const replay = (seed: number): string[] => [
      'replay',
      museum,
      '--seed',
      `${seed}`,
      '--history',
      'h.jsonl',
      '--limit',
      '1',
    ];
    let seed = 1;
    while (seed < 30 && (await terminal.run(...replay(seed))) === 0) seed++;
    expect(terminal.out).toMatch(/^violation: linearizability: /m);
    expect(await terminal.run('check', 'h.jsonl', '--model', 'register')).toBe(1);
    expect(await terminal.run(...replay(seed), '--set', 'cluster.bugs=[]')).toBe(0);
    expect(await terminal.run('check', 'h.jsonl', '--model', 'register')).toBe(0);
    expect(terminal.out).toBe('linearizable\n');
  });

  it('begins with what was preloaded', async () => {
    const preload = ['--set', 'workload.preload={keys: 50}', '--set', 'workload.mix={get: 100 %}'];
    expect(await terminal.run('replay', file, '--variant', 'bolt', '--history', 'h.jsonl', ...preload)).toBe(0);
    expect(readFileSync(join(terminal.directory, 'h.jsonl'), 'utf8')).toMatch(/"process":"preload 0","key":"k0"/);
    expect(await terminal.run('check', 'h.jsonl', '--model', 'register')).toBe(0);
  });
});

describe('a difference', () => {
  it('between two seeds is there from the start, with both contexts', async () => {
    expect(await terminal.run('diff', `${file}:bolt@1`, `${file}:bolt@2`, '--context', '2')).toBe(1);
    expect(lines()[0]).toMatch(/^the same up to event \d+; event \d+ is the first that differs$/);
    expect(lines().filter((line) => line.startsWith('raftlab run'))).toEqual([
      'raftlab run small.yaml --variant bolt --seed 1',
      'raftlab run small.yaml --variant bolt --seed 2',
    ]);
    expect(lines().filter((line) => line.startsWith('> '))).toHaveLength(2);
  });

  it('between two engines comes where the engine first shows', async () => {
    expect(await terminal.run('diff', `${file}:bolt@1`, `${file}:rocksdb@1`)).toBe(1);
    const event = Number(/event (\d+) is the first/.exec(lines()[0]!)![1]);
    expect(event).toBeGreaterThan(1);
  });

  it('between a run and itself is none', async () => {
    expect(await terminal.run('diff', `${file}:bolt@1`, `${file}:bolt@1`)).toBe(0);
    expect(terminal.out).toBe('small.yaml:bolt@1 and small.yaml:bolt@1 are the same run, event by event\n');
  });

  it('of what is no run is refused', async () => {
    expect(await terminal.run('diff', `${file}@1`, `${file}:bolt@1`)).toBe(2);
    expect(terminal.error).toMatch(/^missing: --variant; allowed: one of bolt, rocksdb/);
    expect(await terminal.run('diff', 'nothing@1', `${file}:bolt@1`)).toBe(2);
    expect(terminal.error).toMatch(/there is no file and no scenario 'nothing'/);
    expect(await terminal.run('diff', `${file}:bolt@1`, `${file}:bolt@2`, '--context', 'x')).toBe(2);
    expect(terminal.error).toMatch(/^--context: 'x' is not a number/);
  });
});
