/** What preloaded stores with holes look like, and that clients begin when they are told to: whole small runs. */
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario, runSpecs } from '../../scenarios/loader.ts';
import { createRun } from '../../sim/cluster.ts';
import type { RunResult } from '../../sim/result.ts';

function run(body: string): RunResult {
  const loaded = loadScenario('x', `name: x\nwhy: y\n${body}`, { catalogue: CATALOGUE });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  const started = createRun(runSpecs(loaded.scenario)[0]!);
  while (started.advance(1 << 20));
  return started.finish();
}

const BOLT =
  '{name: bolt, options: {freelist: hashmap, noFreelistSync: true, initialMmapSize: 1GiB, fillPercent: 90 %}}';
/** One put, so that next to nothing happens to the store after its preload. */
const oneNode = (stateMachine: string, engine: string, preload: string): string => `
cluster: {nodes: 1, stateMachine: ${stateMachine}, engine: ${engine}}
workload: {clients: 1, value: 100B, preload: ${preload}}
end: {operations: 1}`;

describe('a preloaded store', () => {
  it.each([
    ['none', '0', 0],
    ['half of them, pair by pair: two values share a page', '50 %', 2500],
    ['a quarter', '25 %', 1250],
  ])('with holes (%s) has their pages free', (_, holes, pages) => {
    const { metrics, violations } = run(
      oneNode('mvcc', BOLT, `{keys: 10000, value: 1500B, holes: ${holes}, holeKeys: 2}`),
    );
    expect(violations).toEqual([]);
    // a few more from the tree above and from copy-on-write
    expect(metrics.engineFigures.freePages).toBeGreaterThanOrEqual(pages);
    expect(metrics.engineFigures.freePages).toBeLessThan(pages + 60);
  });

  it.each([
    ['raw', 'bolt'],
    ['mvcc', 'bolt'],
    ['raw', 'rocksdb'],
    ['mvcc', 'rocksdb'],
  ])('under %s on %s reads as what was written and not deleted', (stateMachine, engine) => {
    const { metrics, violations } = run(`
cluster: {nodes: 3, stateMachine: ${stateMachine}, engine: ${engine}}
workload: {clients: 10, mix: {put: 1, get: 1, delete: 1}, keys: {count: 3000}, preload: {keys: 3000, value: 300B, holes: 40 %, holeKeys: 3}}
end: {operations: 300}`);
    expect(violations).toEqual([]);
    expect(metrics.operations.ok).toBe(300);
  });
});

describe('clients that begin late', () => {
  it('meet a leader, and are judged from their beginning on', () => {
    const { metrics } = run('workload: {clients: 10, start: 3s}\nend: {after: 4s}');
    expect(metrics.latencyMs.put!.max).toBeLessThan(100);
    expect(metrics.unavailableMsMax).toBeLessThan(100);
    expect(metrics.throughputOpsPerS).toBeCloseTo(metrics.operations.ok, -2);
    expect(run('workload: {clients: 10}\nend: {after: 4s}').metrics.latencyMs.put!.max).toBeGreaterThan(500);
  });
});
