/**
 * A simulator that takes no time, whose seed says what it does: 13 breaks, 66 finds a violation, 99 is
 * not deterministic; a scenario called `slow` goes on until it is interrupted, one called `fragile` fails if
 * it has a partition, three nodes and two clients. Plain JavaScript, because
 * worker threads and child processes load it as it is.
 */
let runsMade = 0;

export function createRun(spec) {
  runsMade++;
  const made = runsMade;
  let slices = 0;
  let interrupted = false;
  const slicesMax = spec.scenario === 'slow' ? Number.POSITIVE_INFINITY : 3;
  return {
    get now() {
      return slices * 1e9;
    },
    get events() {
      // a fragile one has not come to its violation before its last slice
      return slices * (spec.scenario.startsWith('fragile') ? 100 : 1000);
    },
    get fractionDone() {
      return spec.scenario === 'slow' ? 0.5 : slices / slicesMax;
    },
    advance() {
      if (spec.seed === 13) throw new Error('stub: seed 13 always breaks');
      if (spec.scenario === 'slow') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      slices++;
      return slices < slicesMax;
    },
    interrupt() {
      interrupted = true;
    },
    finish() {
      return result(spec, spec.seed === 99 ? made : 0, interrupted);
    },
  };
}

export function firstDivergence(spec) {
  if (spec.seed !== 99) return undefined;
  return { event: 7, time: 1500, lineA: 'event 7: tick', lineB: 'event 7: tock' };
}

function result(spec, salt, interrupted) {
  const isFragile = spec.scenario.startsWith('fragile') && isBroken(spec);
  const violation = {
    check: 'acknowledged-writes',
    what: 'key 5 is gone',
    timeNs: 2e9,
    event: isFragile ? eventsToBreak(spec) : 2000,
    roles: 'follower, leader',
    reproduce: '?',
  };
  const latency = {
    count: 100,
    mean: 1,
    p50: 1,
    p90: 2,
    p99: spec.workload.clients,
    p999: 4,
    max: 5,
    curve: [
      [0, 1],
      [100, 5],
    ],
  };
  return {
    variant: spec.variant,
    engine: spec.cluster.engine.name,
    nodes: spec.cluster.nodes,
    seed: spec.seed,
    traceHash: String(spec.seed * 1000 + salt).padStart(16, '0'),
    events: 3000,
    virtualTimeNs: 3e9,
    violations: spec.seed === 66 || isFragile ? [violation] : [],
    excused: [],
    unproven: 0,
    ended: interrupted ? 'interrupted' : spec.seed === 66 ? 'violation' : 'complete',
    faultWindows: [],
    metrics: {
      throughputOpsPerS: 1000,
      operations: { ok: 100, failed: 0, unknown: 0, retries: 0 },
      latencyMs: { put: latency },
      latencyWaitsMs: { put: { network: 1 } },
      writeAmplification: {
        total: spec.cluster.engine.name === 'bolt' ? 10 : 5,
        byBoundary: { raftLog: 1, engine: 2, snapshot: 0, fileSystem: 3, device: 4 },
        byCategory: { wal: 1 },
        byNode: { n1: 1 },
      },
      bytes: { client: 1000, written: 3000, read: 0, device: 4096, network: 5000, writtenByCategory: { wal: 3000 } },
      fsyncs: 50,
      fsyncsByCategory: { wal: 50 },
      spaceAmplification: 1.5,
      memoryBytes: { total: 1000, byOwner: { index: 1000 } },
      engineFigures: {},
      raft: { elections: 1, leaderChanges: 1, snapshotsInstalled: 0, restarts: 0 },
      unavailableMsMax: Number.NaN,
    },
    series: {
      stepNs: 1e9,
      okPerS: [1, 2, 3],
      failedPerS: [0, 0, 0],
      latencyMsP50: [1, null, 1],
      latencyMsP99: [2, null, 2],
      writtenBytesByCategory: { wal: [1000, 1000, 1000] },
      writtenBytesByNode: { n1: [1000, 1000, 1000] },
      clientBytes: [300, 300, 400],
    },
  };
}

function isBroken({ faults, cluster, workload }) {
  return faults.some(({ fault }) => fault === 'partition') && cluster.nodes >= 3 && workload.clients >= 2;
}

function eventsToBreak({ faults, cluster, workload }) {
  return faults.length * 1000 + cluster.nodes * 100 + workload.clients * 10;
}
