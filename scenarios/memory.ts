/**
 * How much memory of this machine a run needs at least. A floor, not a forecast: it counts what each
 * stored key certainly costs and nothing else, so that only what cannot fit is refused.
 */
import type { RunPlan } from './resolve.ts';

/** Measured on both first engines: block tables, page headers and the value's stamp, beside the key itself. */
const KEY_OVERHEAD_BYTES = 24;
/** A revision under mvcc: its revision key, the protobuf around the value, its place in the index. */
const REVISION_OVERHEAD_BYTES = 64;
/** What each node and checker keeps of a preloaded key, though the store itself is shared: block tables, fingerprints. */
const PRELOADED_KEY_BYTES = 6;
/** No cluster of the simulator or of the real world commits more; bounds what a closed loop can write. */
const OPERATIONS_PER_S_MAX = 200_000;

export function memoryBytesMin(plan: RunPlan): number {
  const { workload, cluster, end } = plan;
  const { mix, load, keys } = workload;
  const shares = mix.put + mix.get + mix.delete + mix.range;
  const ratePerS = load.kind === 'open' ? load.ratePerS : load.ratePerSMax || OPERATIONS_PER_S_MAX;
  const operations = Math.min(
    end.operations || Number.POSITIVE_INFINITY,
    (Math.max(0, end.timeNs - (workload.startNs ?? 0)) / 1e9) * ratePerS,
  );
  const puts = shares === 0 ? 0 : operations * (mix.put / shares);
  // a key that is written again is one key to raw, one revision more to mvcc
  const isVersioned = cluster.stateMachine === 'mvcc';
  const written = isVersioned ? puts : Math.max(0, Math.min(keys.count, puts) - workload.preloadKeys);
  const keyBytes = keys.bytes + KEY_OVERHEAD_BYTES + (isVersioned ? REVISION_OVERHEAD_BYTES : 0);
  // one store for all nodes, and under mvcc one index of it
  const preloaded = (isVersioned ? keyBytes : KEY_OVERHEAD_BYTES) + cluster.nodes * PRELOADED_KEY_BYTES;
  return Math.round(cluster.nodes * written * keyBytes + workload.preloadKeys * preloaded);
}
