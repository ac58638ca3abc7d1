/** `raftlab replay` and `raftlab diff` on a small real cluster: what is shown, and that looking changes nothing. */
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
