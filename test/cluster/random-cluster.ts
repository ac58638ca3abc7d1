/** A cluster, a workload and faults, all drawn from one seed: for searching, not for measuring. */

import { Rng } from '../../sim/rng.ts';
import type { FaultSpec } from '../../sim/run-spec.ts';
import { at, type Sketch } from './bed.ts';

export function randomCluster(seed: number): Sketch {
  const rng = new Rng(seed, 'random-cluster');
  const pick = <T>(choices: readonly T[]): T => choices[rng.int(0, choices.length - 1)]!;
  const engine = pick(['bolt', 'rocksdb'] as const);
  const nodes = pick([1, 3, 3, 3, 3, 5]);
  const ms = 4000;
  return {
    seed,
    engine,
    options: engine === 'bolt' ? boltOptions(rng) : rocksdbOptions(rng),
    machine: pick(['raw', 'raw', 'mvcc']),
    nodes,
    disk: pick(['nvme', 'nvme', 'ssd', 'cloud-volume']),
    raft: {
      electionTimeoutNs: pick([200e6, 500e6, 1e9]),
      readOnly: pick(['safe', 'safe', 'lease']),
      preVote: rng.chance(0.8),
      checkQuorum: true,
      snapshotEntries: rng.chance(0.6) ? rng.int(50, 600) : 100_000,
      catchUpEntries: rng.int(5, 200),
      inflightMessagesMax: pick([2, 32, 512]),
      messageBytesMax: pick([1024, 65536, 1 << 20]),
    },
    wal: { segmentBytes: rng.chance(0.4) ? 65536 * rng.int(1, 8) : 64_000_000, segmentsMax: rng.int(1, 5) },
    backend: { batchOperations: pick([1, 50, 10_000]), batchIntervalNs: pick([5e6, 100e6]) },
    clients: rng.int(1, 40),
    load: { kind: 'closed', ratePerSMax: rng.int(200, 1500) },
    mix: { put: 0.7, get: 0.2, delete: 0.08, range: 0.02 },
    keys: { count: rng.int(20, 2000), order: pick(['uniform', 'sequential', 'zipfian', 'latest']) },
    value: { kind: 'uniform', bytesMin: 0, bytesMax: rng.int(16, 4000) },
    preload: rng.chance(0.3) ? 500 : 0,
    target: pick(['leader', 'leader', 'all']),
    faults: randomFaults(rng, nodes, ms),
    ms,
    settleMs: 10_000,
  };
}

function boltOptions(rng: Rng): NonNullable<Sketch['options']> {
  return { freelist: rng.chance(0.5) ? 'array' : 'hashmap', noFreelistSync: rng.chance(0.5) };
}

function rocksdbOptions(rng: Rng): NonNullable<Sketch['options']> {
  return {
    write_buffer_size: 65536 * rng.int(1, 4),
    target_file_size_base: 65536,
    max_bytes_for_level_base: 262144,
  };
}

function randomFaults(rng: Rng, nodes: number, ms: number): FaultSpec[] {
  const faults: FaultSpec[] = [];
  const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
  const node = (): string => ['leader', 'follower', ...names][rng.int(0, nodes + 1)]!;
  const kinds = nodes === 1 ? 4 : 8;
  for (let left = rng.int(1, 7); left > 0; left--) {
    const from = rng.int(200, ms - 200);
    const forMs = rng.int(20, 1500);
    switch (rng.int(0, kinds)) {
      case 0:
      case 1:
        faults.push(at(from, forMs, 'crash', { node: node() }));
        break;
      case 2:
        faults.push(at(from, forMs, 'pause', { node: node() }));
        break;
      case 3:
        faults.push(at(from, forMs, 'slow-disk', { node: node(), factor: rng.int(2, 30) }));
        break;
      case 4:
        for (const name of names) faults.push(at(from, forMs, 'crash', { node: name }));
        break;
      case 5:
        faults.push(at(from, forMs, 'partition', { shape: 'isolate', node: node() }));
        break;
      case 6:
        faults.push(at(from, forMs, 'partition', { shape: 'one-way', node: node() }));
        break;
      case 7:
        faults.push(at(from, forMs, 'partition', randomShape(rng, names)));
        break;
      case 8:
        faults.push(at(from, forMs, 'toxic', randomToxic(rng, names)));
        break;
    }
  }
  return faults;
}

function randomShape(rng: Rng, names: readonly string[]): FaultSpec['parameters'] {
  if (names.length >= 4 && rng.chance(0.3)) return { shape: 'ring' };
  if (names.length >= 3 && rng.chance(0.5)) return { shape: 'bridge' };
  const cut = rng.int(1, names.length - 1);
  return { shape: 'split', groups: [names.slice(0, cut), names.slice(cut)] };
}

function randomToxic(rng: Rng, names: readonly string[]): FaultSpec['parameters'] {
  const machine = (): string => names[rng.int(0, names.length - 1)]!;
  const link = { from: rng.chance(0.4) ? 'clients' : machine(), to: machine() };
  const shared = { link, stream: rng.chance(0.5) ? 'upstream' : 'downstream', toxicity: rng.chance(0.5) ? 1 : 0.5 };
  switch (rng.int(0, 8)) {
    case 0:
      return { ...shared, type: 'latency', latency: rng.int(0, 300e6), jitter: rng.int(0, 100e6) };
    case 1:
      return { ...shared, type: 'bandwidth', rate: rng.int(1, 200) };
    case 2:
      return { ...shared, type: 'slow_close', delay: rng.int(0, 500e6) };
    case 3:
      return { ...shared, type: 'timeout', timeout: rng.int(0, 400e6) };
    case 4:
      return { ...shared, type: 'reset_peer', timeout: rng.int(0, 400e6) };
    case 5:
      return { ...shared, type: 'slicer', average_size: 128, size_variation: 64, delay: rng.int(0, 200e3) };
    case 6:
      return { ...shared, type: 'limit_data', bytes: rng.int(0, 50_000) };
    case 7:
      return { ...shared, type: 'packet_loss', loss_rate: rng.float() / 2, correlation: rng.float() / 2 };
    default:
      return { ...shared, type: 'down' };
  }
}
