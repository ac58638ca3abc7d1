/**
 * Every engine under every kind of fault: the shipped `partition` and `toxics` at three times their pace, power cuts,
 * and clusters drawn from a seed. With options that make each engine flush, merge and collect in so short a run.
 *
 * No check may speak, the cluster must be whole at the end, and every node's store must be sound.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../engines/index.ts';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario, runSpecs } from '../../scenarios/loader.ts';
import { createRun } from '../../sim/cluster.ts';
import type { Host } from '../../sim/nodes/host.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import type { FaultSpec, RunSpec } from '../../sim/run-spec.ts';
import { ROOT } from '../source-files.ts';
import { at, complaints, defaultsOf, powerCut, runToEnd, type Sketch, watch } from './bed.ts';
import { randomCluster } from './random-cluster.ts';

/** What makes so small a store busy. */
const SMALL: Readonly<Record<string, ParameterValues>> = {
  bolt: { freelist: 'hashmap' },
  rocksdb: { write_buffer_size: 65536, target_file_size_base: 65536, max_bytes_for_level_base: 262144 },
  badger: { max_table_size: 65536, level_one_size: 131072, value_threshold: 200, value_log_file_size: 1_048_576 },
  ledger: { block_size_entries: 50, journal_file_bytes: 65536, index_cache_bytes: 65536 },
  faster: {
    IndexSize: 4096,
    PageSizeBits: 16,
    MemorySizeBits: 18,
    SegmentSizeBits: 17,
    indexCheckpointLogBytes: 262144,
    hlog_size_budget: 500_000,
  },
};
/** Faults come, and go, at so many times the pace of the file. */
const PACE = 3;
/** By default one; `RAFTLAB_SEEDS=1..200` for more. */
const RANDOM_SEEDS = seedsOf(process.env.RAFTLAB_SEEDS ?? '2');

function shippedSpec(name: string, engine: string, options: ParameterValues): RunSpec {
  const file = `${name}.yaml`;
  const text = readFileSync(join(ROOT, 'scenarios', file), 'utf8');
  const loaded = loadScenario(file, text, { catalogue: CATALOGUE });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  const spec = runSpecs(loaded.scenario)[0]!;
  return {
    ...spec,
    variant: engine,
    cluster: { ...spec.cluster, engine: { name: engine, options } },
    faults: spec.faults.map(quicker),
    end: { ...spec.end, timeNs: spec.end.timeNs / PACE },
  };
}

function quicker(fault: FaultSpec): FaultSpec {
  const { trigger } = fault;
  const durationNs = fault.durationNs / PACE;
  if (trigger.kind !== 'time') return { ...fault, durationNs };
  return { ...fault, durationNs, trigger: { kind: 'time', atNs: trigger.atNs / PACE } };
}

/** What the checks of the stores find, by node. */
function faultsOf(hosts: readonly Host[]): string[] {
  return hosts.flatMap(({ node, replicas }) =>
    replicas.flatMap(({ store }) => store.engine.check().map(({ where, what }) => `n${node + 1}: ${where}: ${what}`)),
  );
}

describe.each(ENGINES.map((engine) => engine.name))('%s', (name) => {
  const engine = ENGINES.find((other) => other.name === name)!;
  const options = { ...defaultsOf(engine.options), ...SMALL[name] };

  it.each(['partition', 'toxics'])('%s', (scenario) => {
    const result = runToEnd(createRun(shippedSpec(scenario, name, options)));
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.operations.ok).toBeGreaterThan(300);
    expect(result.metrics.operations.retries).toBeGreaterThan(0);
  });

  it.each(['raw', 'mvcc'] as const)(
    'power cuts of one, of all, and of one that had the leader behind a snapshot, %s',
    (machine) => {
      const sketch: Sketch = {
        engine: name,
        options,
        machine,
        clients: 10,
        load: { kind: 'closed', ratePerSMax: 800 },
        mix: { put: 0.7, get: 0.1, delete: 0.15, range: 0.05 },
        keys: { count: 300 },
        value: { kind: 'uniform', bytesMin: 10, bytesMax: 2000 },
        raft: { snapshotEntries: 300, catchUpEntries: 20 },
        preload: 200,
        faults: [
          at(700, 300, 'crash', { node: 'leader' }),
          ...powerCut(1600, 200, ['n1', 'n2', 'n3']),
          at(2500, 900, 'crash', { node: 'follower' }),
        ],
        ms: 4000,
        settleMs: 8000,
      };
      const { run, hosts } = watch(sketch);
      const result = runToEnd(run);
      expect(complaints(result)).toEqual([]);
      expect(result.metrics.raft.restarts).toBe(5);
      expect(result.metrics.operations.ok).toBeGreaterThan(800);
      expect(faultsOf(hosts)).toEqual([]);
    },
  );

  it.each(RANDOM_SEEDS)('cluster %i of those drawn at random', (seed) => {
    const { run, hosts } = watch({ ...randomCluster(seed), engine: name, options });
    expect(complaints(runToEnd(run))).toEqual([]);
    expect(faultsOf(hosts)).toEqual([]);
  });
});

function seedsOf(range: string): number[] {
  const [first = 1, last = first] = range.split('..').map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
