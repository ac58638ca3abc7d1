/**
 * A made-up but consistent result for the reports' tests: sums that must add up do. Nothing in it was
 * measured, and it must never be shown as if it were.
 */
import type { ScenarioResult } from '../../reports/result-file.ts';
import type {
  ExpectationOutcome,
  FaultWindow,
  LatencySummary,
  Metrics,
  RunResult,
  Series,
  Violation,
} from '../../sim/result.ts';
import { Rng } from '../../sim/rng.ts';
import { WAITS } from '../../sim/rpc.ts';

const SECOND = 1e9;

interface EngineSketch {
  readonly engine: string;
  /** Bytes for a client byte, one node. */
  readonly writes: Readonly<Record<string, number>>;
  readonly putMs: number;
  readonly getMs: number;
  readonly opsPerS: number;
  readonly space: number;
  readonly memory: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, number>>;
  readonly burst: number;
}

const BOLT: EngineSketch = {
  engine: 'bolt',
  writes: { wal: 1.08, page: 4.6, freelist: 0.7, meta: 0.22, snapshot: 0.1 },
  putMs: 12.4,
  getMs: 1.1,
  opsPerS: 6800,
  space: 1.62,
  memory: { 'page cache': 41e6, freelist: 2.4e6, 'dirty nodes': 6.1e6, 'raft log': 9.3e6 },
  figures: { pages: 18_400, freePages: 5120, depth: 4, freelistIds: 5120, commits: 1240 },
  burst: 1.2,
};
const ROCKSDB: EngineSketch = {
  engine: 'rocksdb',
  writes: { wal: 1.08, 'engine-wal': 1.05, flush: 0.98, compaction: 1.4, manifest: 0.01, snapshot: 0.09 },
  putMs: 7.9,
  getMs: 1.4,
  opsPerS: 10_200,
  space: 1.21,
  memory: { memtables: 58e6, 'block cache': 8e6, filters: 1.2e6, indexes: 0.6e6, 'raft log': 9.3e6 },
  figures: { filesLevel0: 3, filesLevel1: 9, bytesLevel1: 71e6, stallsSlow: 12, stallsStop: 1, compactions: 38 },
  burst: 3.5,
};

export interface FixtureOptions {
  readonly variants?: readonly string[];
  readonly seeds?: readonly number[];
  readonly steps?: number;
  readonly nodes?: number;
  readonly partial?: boolean;
  readonly failing?: boolean;
}

export function fixture(options: FixtureOptions = {}): ScenarioResult {
  const variants = options.variants ?? ['bolt', 'rocksdb'];
  const seeds = options.seeds ?? [1, 2, 3];
  const runs = variants.flatMap((variant, index) =>
    seeds.map((seed) => oneRun(variant, index % 2 === 0 ? BOLT : ROCKSDB, index, seed, options)),
  );
  return {
    version: '0.1.0',
    partial: options.partial ?? false,
    command: `raftlab run quickstart --seed ${seeds[0]}..${seeds[seeds.length - 1]}`,
    scenario: {
      name: 'quickstart',
      why: 'Does a log-structured engine write less than a copy-on-write tree below the same three-node cluster, and what does each do to latency when the network splits and the leader crashes?',
      seeds,
      variants: variants.map((name, index) => ({
        variant: name,
        cluster: { nodes: options.nodes ?? 3, engine: { name: index % 2 === 0 ? 'bolt' : 'rocksdb', options: {} } },
      })),
      expectations: [{ metric: 'violations', equals: 0 }],
      published: [
        {
          source: 'A thesis of 2018',
          metrics: ['throughputOpsPerS', 'latencyMs.put.p50', 'memoryBytes.total'],
          rows: [{ variant: 'bolt*', values: [9000, 5.5, 388e6] }],
        },
      ],
    },
    expectations: comparisons(runs),
    runs: options.partial === true ? runs.slice(0, -1) : runs,
  };
}

function oneRun(
  variant: string,
  sketch: EngineSketch,
  index: number,
  seed: number,
  options: FixtureOptions,
): RunResult & { readonly expectations: readonly ExpectationOutcome[] } {
  const rng = new Rng(seed, 'fixture').fork(variant);
  const nodes = options.nodes ?? 3;
  const steps = options.steps ?? 240;
  const wobble = (): number => 0.94 + 0.12 * rng.float();
  const end = steps * 0.125 * SECOND;
  const faultWindows: FaultWindow[] = [
    { fault: 'partition', label: 'partition: n1 | n2 n3', fromNs: 0.3 * end, toNs: 0.4 * end },
    { fault: 'crash', label: `crash: n${1 + (seed % nodes)} (leader)`, fromNs: 0.62 * end, toNs: 0.7 * end },
    { fault: 'toxic', label: 'latency 20 ms ± 5 ms: clients → n2', fromNs: 0.85 * end, toNs: 0.92 * end },
  ];

  const series = seriesOf(rng, sketch, nodes, steps, faultWindows);
  const client = series.clientBytes.reduce((sum, bytes) => sum + bytes, 0);
  const writtenByCategory: Record<string, number> = {};
  for (const [category, bytes] of Object.entries(series.writtenBytesByCategory)) {
    writtenByCategory[category] = bytes.reduce((sum, value) => sum + value, 0);
  }
  const written = Object.values(writtenByCategory).reduce((sum, bytes) => sum + bytes, 0);
  const byNode: Record<string, number> = {};
  for (const [node, bytes] of Object.entries(series.writtenBytesByNode)) {
    byNode[node] = bytes.reduce((sum, value) => sum + value, 0) / client;
  }
  const byCategory: Record<string, number> = {};
  for (const [category, bytes] of Object.entries(writtenByCategory)) byCategory[category] = bytes / client;
  const copy = (bytes: number): number => bytes / (client * nodes);
  const ok = Math.round(series.okPerS.reduce((sum, rate) => sum + rate * 0.125, 0));
  const fsyncs = Math.round(ok * (sketch.engine === 'bolt' ? 0.31 : 0.12) * wobble());
  const put = latencyOf(sketch.putMs * wobble(), Math.round(ok * 0.8));
  const get = latencyOf(sketch.getMs * wobble(), ok - Math.round(ok * 0.8));
  const memory: Record<string, number> = {};
  for (const [owner, bytes] of Object.entries(sketch.memory)) memory[owner] = Math.round(bytes * wobble());

  const metrics: Metrics = {
    throughputOpsPerS: ok / (end / SECOND),
    operations: { ok, failed: 40 + rng.int(0, 30), unknown: rng.int(0, 90), retries: rng.int(100, 400) },
    latencyMs: { put, get },
    latencyWaitsMs: {
      put: waitsOf(put.mean, sketch.engine === 'bolt' ? BOLT_PUT_WAITS : ROCKSDB_PUT_WAITS),
      get: waitsOf(get.mean, GET_WAITS),
    },
    writeAmplification: {
      total: written / client,
      byBoundary: {
        raftLog: copy(writtenByCategory.wal!),
        engine: copy(written - writtenByCategory.wal! - writtenByCategory.snapshot!),
        snapshot: copy(writtenByCategory.snapshot!),
        fileSystem: copy(written),
        device: copy(written * 1.07),
      },
      byCategory,
      byNode,
    },
    bytes: { client, written, read: written * 0.4, device: written * 1.07, network: client * 2.3, writtenByCategory },
    fsyncs,
    fsyncsByCategory: {
      wal: Math.round(fsyncs * 0.7),
      [sketch.engine === 'bolt' ? 'page' : 'engine-wal']: fsyncs - Math.round(fsyncs * 0.7),
    },
    spaceAmplification: sketch.space * wobble(),
    memoryBytes: { total: Object.values(memory).reduce((sum, bytes) => sum + bytes, 0), byOwner: memory },
    engineFigures: { ...sketch.figures, seedOfFixture: seed },
    raft: { elections: 2 + rng.int(0, 2), leaderChanges: 2, snapshotsInstalled: rng.int(0, 1), restarts: 1 },
    messages: { sent: 9000, lost: 40, retransmitted: 12, held: 7, duplicated: 5, reordered: 3, corrupted: 1 },
    unavailableMsMax: 1180 * wobble(),
  };
  const failing = options.failing === true && index === 1 && seed === (options.seeds ?? [1, 2, 3])[0];
  const violations: Violation[] = failing
    ? [
        {
          check: 'acknowledged-writes-survive',
          what: 'key k00004711: session 12 was told "ok" for sequence 907, and no replica holds it',
          timeNs: 0.71 * end,
          event: 1_284_331,
          roles: 'follower, follower, leader',
          reproduce: `raftlab run quickstart --variant ${variant} --seed ${seed}`,
        },
      ]
    : [];
  const limit = options.failing === true ? 13 : 40;
  return {
    variant,
    engine: sketch.engine,
    nodes,
    seed,
    traceHash: [rng.bits(), rng.bits()].map((word) => word.toString(16).padStart(8, '0')).join(''),
    events: 2_000_000 + rng.int(0, 400_000),
    virtualTimeNs: end + 2 * SECOND,
    violations,
    excused: [],
    expectations: [
      outcome(variant, 'violations', '= 0', violations.length, violations.length === 0),
      outcome(
        variant,
        'writeAmplification.total',
        `≤ ${limit}`,
        metrics.writeAmplification.total,
        metrics.writeAmplification.total <= limit,
      ),
      outcome(variant, 'latencyMs.put.p99', '≤ 250', put.p99, put.p99 <= 250),
    ],
    metrics,
    series,
    faultWindows,
    unproven: 0,
    ended: failing ? 'violation' : 'complete',
  };
}

function outcome(variant: string, metric: string, bound: string, actual: number, ok: boolean): ExpectationOutcome {
  return { text: `${metric} ${bound}`, ok, actual, bound, variant };
}

/** Write amplification of the second variant ÷ that of the first, mean over seeds. */
function comparisons(runs: readonly RunResult[]): ExpectationOutcome[] {
  const base = runs.filter((run) => run.variant === runs[0]?.variant);
  const second = runs.find((run) => run.variant !== runs[0]?.variant)?.variant;
  if (base.length === 0 || second === undefined) return [];
  const ratios = base.flatMap((run) => {
    const twin = runs.find((candidate) => candidate.variant === second && candidate.seed === run.seed);
    return twin === undefined ? [] : [twin.metrics.writeAmplification.total / run.metrics.writeAmplification.total];
  });
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const name = `${second} / ${base[0]!.variant}`;
  return [
    { text: `writeAmplification.total of ${name} ≤ 0.9`, ok: mean <= 0.9, actual: mean, bound: '≤ 0.9', variant: name },
  ];
}

function seriesOf(
  rng: Rng,
  sketch: EngineSketch,
  nodes: number,
  steps: number,
  faults: readonly FaultWindow[],
): Series {
  const stepNs = 0.125 * SECOND;
  const okPerS: number[] = [];
  const failedPerS: number[] = [];
  const p50: (number | null)[] = [];
  const p99: (number | null)[] = [];
  const clientBytes: number[] = [];
  const byCategory: Record<string, number[]> = {};
  for (const category of Object.keys(sketch.writes)) byCategory[category] = [];
  const byNode: Record<string, number[]> = {};
  for (let node = 1; node <= nodes; node++) byNode[`n${node}`] = [];
  let pending = 0;
  for (let step = 0; step < steps; step++) {
    const at = step * stepNs;
    const isIn = (fault: number): boolean => at >= faults[fault]!.fromNs && at < faults[fault]!.toNs;
    const down = isIn(1) && at < faults[1]!.fromNs + 1.2 * SECOND;
    const slow = isIn(0) ? 0.72 : isIn(2) ? 0.6 : 1;
    const rate = down ? 0 : sketch.opsPerS * slow * (0.9 + 0.2 * rng.float());
    const ok = Math.round(rate * 0.125) * 8;
    okPerS.push(ok);
    failedPerS.push(down ? rng.int(20, 100) * 8 : isIn(0) && rng.chance(0.2) ? 8 : 0);
    p50.push(ok === 0 ? null : (sketch.putMs / slow) * (0.95 + 0.1 * rng.float()));
    p99.push(ok === 0 ? null : (sketch.putMs / slow) * (4 + 3 * rng.float()) * (rng.chance(0.04) ? 5 : 1));
    const bytes = Math.round(ok * 0.125 * 0.8 * 1040);
    clientBytes.push(bytes);
    let sum = 0;
    pending += bytes;
    for (const [category, factor] of Object.entries(sketch.writes)) {
      let written = bytes * factor * nodes * (0.95 + 0.1 * rng.float());
      if (category === 'compaction' || category === 'flush') {
        written =
          pending > 4e6
            ? pending * factor * nodes * (0.4 + 0.2 * rng.float()) * (rng.chance(0.7) ? 1 : sketch.burst)
            : 0;
      }
      if (category === 'snapshot') written = step % 60 === 59 ? bytes * factor * 60 * nodes : 0;
      written = Math.round(written);
      byCategory[category]!.push(written);
      sum += written;
    }
    if (pending > 4e6) pending *= 0.4;
    let rest = sum;
    for (let node = 1; node <= nodes; node++) {
      const part = node === nodes ? rest : Math.round((sum / nodes) * (0.97 + 0.06 * rng.float()));
      byNode[`n${node}`]!.push(part);
      rest -= part;
    }
  }
  return {
    stepNs,
    okPerS,
    failedPerS,
    latencyMsP50: p50,
    latencyMsP99: p99,
    writtenBytesByCategory: byCategory,
    writtenBytesByNode: byNode,
    clientBytes,
  };
}

/** A long-tailed curve with the given median. */
function latencyOf(median: number, count: number): LatencySummary {
  const at = (percentile: number): number => {
    const nines = -Math.log10(1 - percentile / 100);
    return median * (0.35 + 0.5 * nines + 0.85 * nines * nines * (1 + 0.15 * Math.sin(3 * nines)));
  };
  const curve: [number, number][] = [[0, median * 0.3]];
  for (let tail = 1; tail >= 1e-5; tail *= 0.8) {
    const percentile = 100 * (1 - tail * 0.99);
    curve.push([percentile, at(percentile)]);
  }
  const max = at(100 * (1 - 1 / Math.max(2, count)));
  curve.push([100, max]);
  return { count, mean: median * 1.6, p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max, curve };
}

const BOLT_PUT_WAITS = [0.02, 0.08, 0.03, 0.21, 0.12, 0.11, 0.09, 0, 0.29, 0.05];
const ROCKSDB_PUT_WAITS = [0.02, 0.13, 0.05, 0.33, 0.19, 0.06, 0.04, 0.08, 0.03, 0.07];
const GET_WAITS = [0, 0.46, 0.2, 0, 0.12, 0, 0.16, 0, 0.06, 0];

function waitsOf(mean: number, shares: readonly number[]): Record<string, number> {
  const waits: Record<string, number> = {};
  WAITS.forEach((wait, index) => {
    waits[wait] = mean * shares[index]!;
  });
  return waits;
}

/** Small and round, for exact expectations: two variants, two seeds, every figure chosen by hand. */
export function tinyResult(): ScenarioResult {
  const runs = [tinyRun('a', 1, 2), tinyRun('a', 2, 4), tinyRun('b', 1, 1), tinyRun('b', 2, 2)];
  return {
    version: '0.1.0',
    partial: false,
    command: 'raftlab run tiny --seed 1..2',
    scenario: {
      name: 'tiny',
      why: 'Is | half as * much?',
      seeds: [1, 2],
      variants: [{ variant: 'a' }, { variant: 'b' }],
      expectations: [],
      published: [
        {
          source: 'a paper',
          metrics: ['latencyMs.put.mean', 'writeAmplification.total', 'latencyMs.get.mean'],
          rows: [
            { variant: 'a', values: [2, 4.5, 1] },
            { variant: '*', values: [0, 3, 1] },
          ],
        },
      ],
    },
    expectations: [outcome('b / a', 'writeAmplification.total of b / a', '≤ 0.6', 0.5, true)],
    runs,
  };
}

function tinyRun(
  variant: string,
  seed: number,
  scale: number,
): RunResult & { readonly expectations: readonly ExpectationOutcome[] } {
  const ms: LatencySummary = {
    count: 100,
    mean: 2 * scale,
    p50: scale,
    p90: 3 * scale,
    p99: 10 * scale,
    p999: 20 * scale,
    max: 40 * scale,
    curve: [
      [0, scale / 2],
      [50, scale],
      [90, 3 * scale],
      [99, 10 * scale],
      [99.9, 20 * scale],
      [100, 40 * scale],
    ],
  };
  const waits: Record<string, number> = {};
  for (const wait of WAITS) waits[wait] = 0;
  waits.walSync = 1.5 * scale;
  waits.network = 0.5 * scale;
  const written = 3000 * scale;
  return {
    variant,
    engine: 'bolt',
    nodes: 1,
    seed,
    traceHash: `000000000000000${seed}`,
    events: 1000,
    virtualTimeNs: 2 * SECOND,
    violations: [],
    excused: [],
    expectations: [outcome(variant, 'latencyMs.put.max', '≤ 200', ms.max, ms.max <= 200)],
    unproven: 0,
    ended: 'complete',
    metrics: {
      throughputOpsPerS: 50,
      operations: { ok: 100, failed: 0, unknown: 0, retries: 1 },
      latencyMs: { put: ms },
      latencyWaitsMs: { put: waits },
      writeAmplification: {
        total: 3 * scale,
        byBoundary: { raftLog: scale, engine: 2 * scale, snapshot: 0, fileSystem: 3 * scale, device: 4 * scale },
        byCategory: { wal: scale, page: 2 * scale },
        byNode: { n1: 3 * scale },
      },
      bytes: {
        client: 1000,
        written,
        read: 0,
        device: 4000 * scale,
        network: 0,
        writtenByCategory: { wal: 1000 * scale, page: 2000 * scale },
      },
      fsyncs: 10 * scale,
      fsyncsByCategory: { wal: 10 * scale },
      // One run has no live keys: NaN in memory, null in the file.
      spaceAmplification: variant === 'b' && seed === 2 ? Number.NaN : 1.5,
      memoryBytes: { total: 1e6 * scale, byOwner: { 'page cache': 1e6 * scale } },
      engineFigures: { pages: 10 * scale },
      raft: { elections: 1, leaderChanges: 1, snapshotsInstalled: 0, restarts: 0 },
      messages: { sent: 900, lost: 0, retransmitted: 0, held: 0, duplicated: 0, reordered: 0, corrupted: 0 },
      unavailableMsMax: 12,
    },
    series: {
      stepNs: SECOND,
      okPerS: [60, 40],
      failedPerS: [0, 0],
      latencyMsP50: [scale, null],
      latencyMsP99: [10 * scale, null],
      writtenBytesByCategory: { wal: [500 * scale, 500 * scale], page: [2000 * scale, 0] },
      writtenBytesByNode: { n1: [2500 * scale, 500 * scale] },
      clientBytes: [600, 400],
    },
    faultWindows: [{ fault: 'crash', label: 'crash: n1', fromNs: SECOND, toNs: 1.5 * SECOND }],
  };
}
