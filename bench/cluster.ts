/**
 * A whole 3-node cluster, all checkers on: simulated operations per CPU second, events, memory per
 * stored key, and which part of the simulator the time goes to.
 *
 * As etcd's own benchmark documents it: sequential keys, 1 KiB values, closed loop; bolt set up as
 * etcd sets it up. Rows with uniformly random keys stand beside, because there a B+tree rewrites a
 * page for each put.
 */
import type { EngineDefinition } from '../engines/engine.ts';
import { ENGINES, findEngine } from '../engines/index.ts';
import { createRun } from '../sim/cluster.ts';
import type { ParameterValue, ParameterValues } from '../sim/parameters.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { type Row, secondsOf } from './measure.ts';
import { sharesOf } from './profile.ts';

interface Setup {
  readonly engine: string;
  readonly clients: number;
  readonly operations: number;
  readonly stateMachine?: 'raw' | 'mvcc';
  readonly order?: 'sequential' | 'uniform';
  readonly keyBytes?: number;
}

const AS_ETCD_SETS_BOLT: Readonly<Record<string, ParameterValue>> = {
  freelist: 'hashmap',
  noFreelistSync: true,
  fillPercent: 0.9,
};

/** The defaults, but for bolt's as etcd sets them. */
export function benchOptions(definition: EngineDefinition): ParameterValues {
  const options: Record<string, ParameterValue> = {};
  for (const [name, option] of Object.entries(definition.options)) {
    if ('default' in option && option.default !== undefined) options[name] = option.default;
  }
  return definition.name === 'bolt' ? { ...options, ...AS_ETCD_SETS_BOLT } : options;
}

export function clusterSpec(setup: Setup): RunSpec {
  const { engine, clients, operations, stateMachine = 'raw', order = 'sequential', keyBytes = 16 } = setup;
  const options = benchOptions(findEngine(engine)!);
  const uniformKeys = 100_000;
  return {
    scenario: 'bench',
    variant: engine,
    seed: 1,
    cluster: {
      nodes: 3,
      engine: { name: engine, options },
      stateMachine,
      disk: { profile: 'nvme', pageCacheBytes: 2 ** 32, capacityBytes: 0 },
      cpu: { profile: 'etcd-2021', cores: 4 },
      network: { latencyNs: 50_000, jitterNs: 10_000, bandwidthBytesPerS: 1.25e9, queueBytes: 2 ** 26 },
      raft: {
        electionTimeoutNs: 1e9,
        heartbeatIntervalNs: 1e8,
        preVote: true,
        checkQuorum: true,
        readOnly: 'safe',
        messageBytesMax: 2 ** 20,
        inflightMessagesMax: 512,
        uncommittedBytesMax: 2 ** 30,
        snapshotEntries: 100_000,
        catchUpEntries: 5_000,
        applyLagMax: 5_000,
      },
      backend: { batchOperations: 10_000, batchIntervalNs: 1e8 },
      wal: { segmentBytes: 64_000_000, segmentsMax: 5 },
    },
    workload: {
      clients,
      load: { kind: 'closed', ratePerSMax: 0 },
      mix: { put: 1, get: 0, delete: 0, range: 0 },
      keys: { order, count: order === 'uniform' ? uniformKeys : operations, bytes: keyBytes, zipfianExponent: 0.99 },
      value: { kind: 'fixed', bytes: 1024 },
      rangeKeys: 10,
      serializableReads: false,
      target: 'leader',
      timeoutNs: 5e9,
      backoff: { initialNs: 5e7, maxNs: 1e9 },
      preloadKeys: 0,
    },
    faults: [],
    end: { operations, timeNs: 3.6e12, settleNs: 10e9, eventsMax: 1e9 },
  };
}

interface Measured {
  readonly operations: number;
  readonly events: number;
  readonly seconds: number;
}

function measure(setup: Setup): Measured {
  const run = createRun(clusterSpec(setup));
  let result = { operations: 0, violations: 0 };
  const seconds = secondsOf(() => {
    while (run.advance(1 << 20));
    const { metrics, violations } = run.finish();
    result = { operations: metrics.operations.ok, violations: violations.length };
  });
  if (result.violations > 0) throw new Error('bench: the run has violations');
  return { operations: result.operations, events: run.events, seconds };
}

function row(what: string, setup: Setup, target?: number): Row {
  measure({ ...setup, operations: Math.min(setup.operations, 20_000) }); // warm-up
  const { operations, events, seconds } = measure(setup);
  return {
    what,
    value: operations / seconds,
    unit: 'puts/CPU s',
    ...(target === undefined ? {} : { target }),
    remarks: `${(events / seconds / 1000).toFixed(0)} k events/s, ${(events / operations).toFixed(1)} events a put, final checks included`,
  };
}

/** Every engine on the same work: the others are not to be slower than half of bolt. */
export function clusterBench(): Row[] {
  const rows: Row[] = [];
  const setups: readonly (readonly [string, Omit<Setup, 'engine'>, number | undefined])[] = [
    ['100 clients, 1 KiB', { clients: 100, operations: 300_000 }, 70_000],
    ['1 client, 1 KiB', { clients: 1, operations: 60_000 }, 50_000],
    ['100 clients, 1 KiB, random keys', { clients: 100, operations: 150_000, order: 'uniform' }, undefined],
    ['100 clients, 1 KiB, mvcc', { clients: 100, operations: 300_000, stateMachine: 'mvcc' }, undefined],
  ];
  for (const [what, setup, target] of setups) {
    const bolt = row(`3 × bolt, ${what}`, { ...setup, engine: 'bolt' }, target);
    rows.push(bolt);
    for (const { name } of ENGINES) {
      if (name !== 'bolt')
        rows.push(row(`3 × ${name}, ${what}`, { ...setup, engine: name }, Math.round(bolt.value / 2)));
    }
  }
  return rows;
}

/**
 * Of the whole process, after a collection, divided by the keys stored so far. A run begins with some
 * 100 MB that don't grow with the store (log segments kept as etcd keeps them, the Raft log in memory,
 * caches), so the figure falls as the store grows: two sizes of one run.
 */
export function memoryBench(): Row[] {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('bench: run node with --expose-gc');
  const bytesNow = (): number => {
    for (let i = 0; i < 3; i++) collect(); // buffers of an earlier run go one collection after their owners
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  return ['bolt', 'rocksdb'].flatMap((engine) => memoryOf(engine, bytesNow));
}

function memoryOf(engine: string, bytesNow: () => number): Row[] {
  const rows: Row[] = [];
  const sizes = [1_000_000, 3_000_000];
  measure({ engine, clients: 100, operations: 1_000 }); // loads and compiles what the run uses
  const before = bytesNow();
  const run = createRun(clusterSpec({ engine, clients: 100, operations: sizes[sizes.length - 1]! }));
  for (const keys of sizes) {
    while (run.operations < keys && run.advance(1 << 14));
    rows.push({
      what: `3 × ${engine}, memory per stored key, ${keys / 1e6} M keys`,
      value: (bytesNow() - before) / run.operations,
      unit: 'B',
      target: 130,
      atMost: true,
      remarks: 'keys of 16 B, values of 1 KiB; all three replicas, Raft logs, clients and checkers included',
    });
  }
  while (run.advance(1 << 20));
  if (run.finish().violations.length > 0) throw new Error('bench: the run has violations');
  return rows;
}

/** Share of CPU samples by the file they fell into. */
export async function sharesBench(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const engine of ['bolt', 'rocksdb']) {
    const shares = await sharesOf(() => void measure({ engine, clients: 100, operations: 200_000 }));
    for (const [part, share] of shares) {
      rows.push({ what: `share of time, 3 × ${engine}: ${part}`, value: 100 * share, unit: '%' });
    }
  }
  return rows;
}
