/** An operator maintains stores of a running cluster, at bad times too: nothing is lost, and the work gets done. */
import { describe, expect, it } from 'vitest';
import { advanceTo, at, complaints, play, runToEnd, type Sketch, watch } from './bed.ts';

const labels = (sketch: Sketch): string[] => play(sketch).faultWindows.map(({ label }) => label);

describe('maintenance', () => {
  it('shrinks a bolt file while the cluster goes on', () => {
    const sketch: Sketch = {
      preload: 20_000,
      mix: { put: 1, delete: 1 },
      faults: [at(1500, 0, 'maintain', { node: 'n2', task: 'defragment' })],
      ms: 2500,
    };
    const { run, hosts } = watch(sketch);
    advanceTo(run, 1400);
    const fileBytes = (): number => hosts[1]!.replicas[0]!.store.engine.stats().fileBytes;
    const before = fileBytes();
    advanceTo(run, 2300);
    expect(fileBytes()).toBeLessThan(before);
    expect(complaints(runToEnd(run))).toEqual([]);
  });

  it('collects value-log garbage though the writer never rests', () => {
    // each poll met a sync of the writer, not always the same, so that a collection took two seconds
    const gc = [700, 800, 900, 1000].map((ms) => at(ms, 0, 'maintain', { node: 'n1', task: 'gc', argument: 0.001 }));
    const sketch: Sketch = {
      nodes: 1,
      engine: 'badger',
      options: { value_log_file_size: 1 << 20 },
      value: 4096,
      load: { kind: 'closed', ratePerSMax: 3000 },
      clients: 10,
      raft: { electionTimeoutNs: 200e6, heartbeatIntervalNs: 40e6 },
      ms: 1100,
      faults: gc,
    };
    const { run, hosts } = watch(sketch);
    advanceTo(run, 1090);
    expect(hosts[0]!.replicas[0]!.store.engine.stats().figures.collectedFiles).toBeGreaterThanOrEqual(3);
    expect(complaints(runToEnd(run))).toEqual([]);
  });

  it.each([
    ['bolt', 'defragment'],
    ['badger', 'gc'],
  ])('is cut short by power failures on %s without harm', (engine, task) => {
    const faults = [1000, 1500, 2000].flatMap((ms, i) => [
      at(ms, 0, 'maintain', { node: `n${i + 1}`, task }),
      at(ms + 2 + 3 * i, 200, 'crash', { node: `n${i + 1}` }),
    ]);
    const options = engine === 'badger' ? { value_log_file_size: 1 << 20 } : {};
    const sketch: Sketch = {
      engine,
      options,
      value: 2048,
      load: { kind: 'closed', ratePerSMax: 1000 },
      faults,
      ms: 3000,
    };
    expect(complaints(play(sketch))).toEqual([]);
  });

  it('finds nothing to do on an engine that has no such task', () => {
    const faults = [at(500, 0, 'maintain', { node: 'n1', task: 'gc' })];
    expect(labels({ engine: 'bolt', faults, ms: 1000 })).toEqual(['maintain: nothing to hit']);
  });
});
