/** `raftlab shrink` in this process: over a stub that fails with a partition, three nodes and two clients. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  earlierFaults,
  fewerFaults,
  fewerOperations,
  lessTime,
  shorterFaults,
  smallerNumbers,
  smallerQuantities,
} from '../../cli/shrink/reductions.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.remove());

const BODY = `cluster: { nodes: 5, engine: rocksdb, raft: { preVote: false } }
workload: { clients: 40, mix: { put: 1 }, keys: { count: 500, order: zipfian }, value: 1KiB }
end: { after: 20s }
faults:
  - { at: 1s, for: 1s, crash: { node: n1 } }
  - { at: 2s, for: 4s, partition: { shape: isolate, node: n2 } }
  - { at: 3s, for: 1s, pause: { node: n5 } }
  - { at: 4s, for: 1s, crash: { node: leader } }
  - { at: 5s, for: 1s, pause: { node: n3 } }
matrix: { cluster.disk: [nvme, hdd] }
`;

describe('shrinking', () => {
  it('leaves only what the violation needs, in a file that fails in the same way', async () => {
    const file = terminal.scenario('fragile', BODY);
    expect(await terminal.run('shrink', file, '--seed', '7', '--variant', 'hdd')).toBe(0);
    expect(terminal.out).toMatch(
      /^before: 5 faults, 5 nodes, 40 clients, 5900 events, 2000 ms\nafter: {2}1 fault, 3 nodes, 2 clients, 1320 events, 2000 ms\n4\.5 times smaller/,
    );
    const path = 'out/shrink/fragile-seed-7.yaml';
    expect(terminal.out.endsWith(`wrote ${path}\n  raftlab run ${path}\n  raftlab explain ${path}\n`)).toBe(true);
    const shrunk = parse(readFileSync(join(terminal.directory, path), 'utf8'));
    expect(shrunk).toEqual({
      name: 'fragile-seed-7',
      why: 'Shrunk from fragile, seed 7: acknowledged-writes: key 5 is gone',
      cluster: { engine: 'rocksdb', nodes: 3 },
      workload: { clients: 2, keys: { count: 1 } },
      end: { after: '2001ms' },
      faults: [{ at: '1ms', for: '1ms', partition: { shape: 'isolate', node: 'n2' } }],
      seeds: 7,
      expect: [{ metric: 'violations', equals: 0 }],
    });
    expect(await terminal.run('run', path, '--quiet', '--jobs', '1')).toBe(1);
  });

  it('stops when its time is over, with what it has', async () => {
    const file = terminal.scenario('fragile', BODY);
    expect(await terminal.run('shrink', file, '--seed', '7', '--variant', 'hdd', '--budget', '1ms')).toBe(2);
    expect(terminal.error).toMatch(/--budget: 1ms was over before the violation came/);
  });

  it('refuses what does not fail, and what is not one run', async () => {
    const file = terminal.scenario('sound', 'matrix: { cluster.disk: [nvme, hdd] }\n');
    const cases: [string[], RegExp][] = [
      [['--seed', '1', '--variant', 'hdd'], /^sound does not fail under seed 1: there is nothing to shrink\n$/],
      [['--seed', '1'], /^missing: --variant; allowed: one of nvme, hdd\n$/],
      [['--seed', '1..2', '--variant', 'hdd'], /^--seed 1\.\.2: one seed only/],
      [[], /required option '--seed <n>' not specified/],
      [['--seed', '1', '--variant', 'hdd', '--budget', 'long'], /^--budget: 'long' is not a duration/],
    ];
    for (const [given, message] of cases) {
      expect(await terminal.run('shrink', file, ...given)).toBe(2);
      expect(terminal.error).toMatch(message);
    }
  });
});

describe('reductions', () => {
  it('try all faults, halves, then single ones', () => {
    const faults = ['a', 'b', 'c', 'd'];
    expect(fewerFaults({ faults }).map(({ what, body }) => [what, (body.faults as string[]).join('')])).toEqual([
      ['without faults 1 to 4', ''],
      ['without faults 1 to 2', 'cd'],
      ['without faults 3 to 4', 'ab'],
      ['without fault 1', 'bcd'],
      ['without fault 2', 'acd'],
      ['without fault 3', 'abd'],
      ['without fault 4', 'abc'],
    ]);
    expect(fewerFaults({})).toEqual([]);
  });

  it('leave the body as it was', () => {
    const body = Object.freeze({ cluster: Object.freeze({ nodes: 5 }), faults: Object.freeze([{ for: '4s' }]) });
    const now = { 'cluster.nodes': 5, 'workload.clients': 1, 'workload.keys.count': 1 };
    expect(smallerNumbers(body, now).map(({ what }) => what)).toEqual([
      'cluster.nodes: 5 → 1',
      'cluster.nodes: 5 → 2',
      'cluster.nodes: 5 → 4',
    ]);
    expect(lessTime(body, 1234.5).map(({ what }) => what)).toEqual(['end.after: 1236ms']);
    expect(shorterFaults(body).map(({ what }) => what)).toEqual(['fault 1 for 2000ms']);
    expect(body).toEqual({ cluster: { nodes: 5 }, faults: [{ for: '4s' }] });
  });

  it('end a run sooner by halves where only its end complains', () => {
    const late = lessTime({ end: { after: '4s' } }, 4000);
    expect(late.map(({ what }) => what)).toEqual(['end.after: 2000ms', 'end.after: 3000ms', 'end.after: 3500ms']);
  });

  it('keep the distances between faults when all come sooner', () => {
    const faults = [
      { at: '3s', for: '1s', crash: {} },
      { when: 'leader elected', from: '2s', after: '5ms', crash: {} },
    ];
    const [reduction] = earlierFaults({ faults });
    expect(reduction).toEqual({
      what: 'all faults 1000ms sooner',
      body: {
        faults: [
          { at: '2000ms', for: '1s', crash: {} },
          { when: 'leader elected', from: '1000ms', after: '5ms', crash: {} },
        ],
      },
    });
    expect(earlierFaults({ faults: [{ when: 'leader elected', crash: {} }] })).toEqual([]);
    expect(earlierFaults({})).toEqual([]);
  });

  it('ask for less: rates, bytes and kinds of operations', () => {
    const workload = { rateLimit: '500/s', value: '1KiB', mix: { put: '50 %', get: '30 %', delete: '20 %' } };
    expect(smallerQuantities({ workload }).map(({ what }) => what)).toEqual([
      'workload.rateLimit: 500/s → 31/s',
      'workload.rateLimit: 500/s → 125/s',
      'workload.rateLimit: 500/s → 250/s',
      'workload.value: 1KiB → 64B',
      'workload.value: 1KiB → 256B',
      'workload.value: 1KiB → 512B',
    ]);
    const mixes = fewerOperations({ workload }).map(({ what, body }) => [what, (body.workload as typeof workload).mix]);
    expect(mixes).toEqual([
      ['without puts', { get: 30, delete: 20 }],
      ['without gets', { put: 50, delete: 20 }],
      ['without deletes', { put: 50, get: 30 }],
    ]);
    expect(fewerOperations({ workload: { mix: { put: 1 } } })).toEqual([]);
  });
});
