/**
 * Three nodes on a preloaded store: how long it takes to build, to open and to check at the end, and how much memory
 * the whole process takes at its peak. Each row is a process of its own, since a process has one peak.
 *
 * `npm run bench preload` builds 4 GiB; `npm run bench preload-full` 64 GiB, for which the process may take 12 GiB.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEngine } from '../engines/index.ts';
import { createRun } from '../sim/cluster.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { clusterSpec } from './cluster.ts';
import { type Row, secondsOf } from './measure.ts';

interface Setup {
  readonly engine: string;
  readonly stateMachine: 'raw' | 'mvcc';
  readonly gib: number;
  readonly valueBytes: number;
}

interface Measured {
  readonly keys: number;
  readonly buildSeconds: number;
  readonly runSeconds: number;
  readonly checkSeconds: number;
  readonly peakBytes: number;
}

/** Puts and gets over the whole store, half and half. */
const OPERATIONS = 20_000;
/** A store of 64 GiB has to be read by mvcc before its clients can begin. */
const START_NS = 300e9;
const GIB = 2 ** 30;

function specOf({ engine, stateMachine, gib, valueBytes }: Setup): RunSpec {
  const spec = clusterSpec({ engine, clients: 100, operations: OPERATIONS, stateMachine });
  const keys = Math.floor((gib * GIB) / valueBytes);
  return {
    ...spec,
    scenario: 'bench-preload',
    workload: {
      ...spec.workload,
      mix: { put: 1, get: 1, delete: 0, range: 0 },
      keys: { order: 'uniform', count: keys, bytes: 16, zipfianExponent: 0.99 },
      value: { kind: 'fixed', bytes: valueBytes },
      preloadKeys: keys,
      startNs: START_NS,
    },
  };
}

/** In this process. */
function measure(setup: Setup): Measured {
  const spec = specOf(setup);
  let run: ReturnType<typeof createRun> | undefined;
  const buildSeconds = secondsOf(() => {
    run = createRun(spec);
  });
  const started = run!;
  const runSeconds = secondsOf(() => {
    while (started.advance(1 << 20));
  });
  const checkSeconds = secondsOf(() => {
    const { violations, metrics } = started.finish();
    if (violations.length > 0) throw new Error(`bench: ${violations[0]!.what}`);
    if (metrics.operations.ok < OPERATIONS) throw new Error('bench: the clients were not served in time');
  });
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { keys: spec.workload.preloadKeys, buildSeconds, runSeconds, checkSeconds, peakBytes };
}

async function row(setup: Setup, peakGibMax: number | undefined): Promise<Row> {
  const { engine, stateMachine, gib, valueBytes } = setup;
  const script = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(setup)]);
  const { keys, buildSeconds, runSeconds, checkSeconds, peakBytes } = JSON.parse(stdout) as Measured;
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  return {
    what: `3 × ${engine}, ${stateMachine}, ${gib} GiB in values of ${valueBytes / 1024} KiB`,
    value: peakBytes / GIB,
    unit: 'GiB peak',
    ...(peakGibMax === undefined ? {} : { target: peakGibMax, atMost: true }),
    remarks: `${(keys / 1e6).toFixed(1)} M keys, ${(peakBytes / keys).toFixed(0)} B a key; CPU: build and open ${seconds(buildSeconds)}, ${OPERATIONS} operations ${seconds(runSeconds)}, final checks ${seconds(checkSeconds)}`,
  };
}

export function preloadBench(): AsyncGenerator<Row[], void> {
  return rows(4, [4096], undefined);
}

export function fullPreloadBench(): AsyncGenerator<Row[], void> {
  return rows(64, [4096, 1024], 12);
}

async function* rows(
  gib: number,
  valueSizes: readonly number[],
  peakGibMax: number | undefined,
): AsyncGenerator<Row[], void> {
  for (const engine of ['bolt', 'rocksdb']) {
    if (findEngine(engine) === undefined) continue;
    for (const stateMachine of ['raw', 'mvcc'] as const) {
      for (const valueBytes of valueSizes) yield [await row({ engine, stateMachine, gib, valueBytes }, peakGibMax)];
    }
  }
}

const given = process.argv[2];
if (process.argv[1] === fileURLToPath(import.meta.url) && given !== undefined) {
  console.log(JSON.stringify(measure(JSON.parse(given) as Setup)));
}
