/** An operator restarts the nodes one after the other, perhaps with other options for their engine. */
import { describe, expect, it } from 'vitest';
import type { Host } from '../../sim/nodes/host.ts';
import type { OptionValues } from '../../sim/parameters.ts';
import type { RunResult } from '../../sim/result.ts';
import { at, complaints, play, runToEnd, type Sketch, watch } from './bed.ts';

const roll = (fromMs: number, forMs: number, options?: OptionValues, downMs = 100) =>
  at(fromMs, forMs, 'rolling-restart', {
    down: downMs * 1e6,
    by: 'kill',
    ...(options !== undefined && { options }),
  });

/** What was seen of the nodes' comings and goings: `2.100 n1 down`. */
function transcript(sketch: Sketch): { readonly lines: readonly string[]; readonly complaints: readonly string[] } {
  const { run, hosts } = watch(sketch);
  const lines: string[] = [];
  const wasUp = hosts.map(() => false);
  while (run.advance(1)) {
    hosts.forEach((host: Host, node) => {
      if (host.isUp !== wasUp[node] && run.now >= 1e9) {
        lines.push(`${(run.now / 1e9).toFixed(2)} n${node + 1} ${host.isUp ? 'up' : 'down'}`);
      }
      wasUp[node] = host.isUp;
    });
  }
  return { lines, complaints: complaints(runToEnd(run)) };
}

it('goes round once, and takes nobody down before the last is back', () => {
  const { lines, complaints } = transcript({ ms: 6000, faults: [roll(2000, 3000)] });
  expect({ lines, complaints }).toMatchInlineSnapshot(`
    {
      "complaints": [],
      "lines": [
        "2.00 n1 down",
        "2.10 n1 up",
        "2.26 n2 down",
        "2.36 n2 up",
        "2.50 n3 down",
        "2.60 n3 up",
      ],
    }
  `);
});

it('takes nobody down while somebody else is', () => {
  const { lines, complaints } = transcript({
    ms: 6000,
    faults: [at(1900, 1000, 'crash', { node: 'n3' }), roll(2000, 3000)],
  });
  expect({ lines, complaints }).toMatchInlineSnapshot(`
    {
      "complaints": [],
      "lines": [
        "1.90 n3 down",
        "2.90 n3 up",
        "2.92 n1 down",
        "3.02 n1 up",
        "3.72 n2 down",
        "3.82 n2 up",
        "3.98 n3 down",
        "4.08 n3 up",
      ],
    }
  `);
});

it('starts who is down when it is lifted, and leaves the others alone', () => {
  const { lines, complaints } = transcript({ ms: 4000, faults: [roll(2000, 300, undefined, 1000)] });
  expect({ lines, complaints }).toMatchInlineSnapshot(`
    {
      "complaints": [],
      "lines": [
        "2.00 n1 down",
        "2.30 n1 up",
      ],
    }
  `);
});

it('of one node is a restart', () => {
  const { lines, complaints } = transcript({ nodes: 1, ms: 4000, faults: [roll(2000, 1000)] });
  expect({ lines, complaints }).toMatchInlineSnapshot(`
    {
      "complaints": [],
      "lines": [
        "2.00 n1 down",
        "2.10 n1 up",
      ],
    }
  `);
});

describe('with other options', () => {
  const figureOf = (name: string) => (result: RunResult) => result.metrics.engineFigures[name]!;
  const memoryOf = (owner: string) => (result: RunResult) => result.metrics.memoryBytes.byOwner[owner]!;

  // a figure of the end, held against the same after a restart with the options as they were
  it.each<[engine: string, OptionValues, OptionValues, (result: RunResult) => number, 'grows' | 'shrinks']>([
    ['bolt', { freelist: 'array' }, { freelist: 'hashmap' }, memoryOf('freelist'), 'grows'],
    ['bolt', { noFreelistSync: false }, { noFreelistSync: true }, figureOf('freelistPagesWritten'), 'shrinks'],
    ['rocksdb', { write_buffer_size: 65536 }, { write_buffer_size: 1 << 20 }, figureOf('level0Jobs'), 'shrinks'],
    ['badger', { value_threshold: 1024 }, { value_threshold: 100 }, figureOf('memtableChargedBytes'), 'shrinks'],
    ['ledger', { block_size_entries: 100 }, { block_size_entries: 5 }, figureOf('blocks'), 'grows'],
    ['faster', { checkpoint: 'fold-over' }, { checkpoint: 'snapshot' }, figureOf('checkpointBytes'), 'grows'],
  ])('%s, from %j to %j', (engine, before, after, figure, change) => {
    const load = { kind: 'closed', ratePerSMax: 300 } as const;
    const sketch: Sketch = { engine, options: before, ms: 5000, value: 1000, load };
    const played = [undefined, after].map((options) => play({ ...sketch, faults: [roll(1500, 3000, options)] }));
    expect(played.map((result) => [result.metrics.raft.restarts, ...complaints(result)])).toEqual([[3], [3]]);
    const [same, other] = played.map(figure) as [number, number];
    if (change === 'grows') expect(other).toBeGreaterThan(1.5 * same);
    else expect(other).toBeLessThan(0.67 * same);
  });

  it('which a later restart keeps', () => {
    const faults = [roll(1500, 2000, { noFreelistSync: true }), at(4000, 100, 'crash', { node: 'n1' })];
    const { metrics } = play({ ms: 6000, faults });
    expect([metrics.raft.restarts, metrics.engineFigures.freelistPagesWritten]).toEqual([4, 0]);
  });
});
