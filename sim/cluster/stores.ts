/** A node's store once the run is over: what an export copies. */
import type { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { Host } from '../nodes/host.ts';
import { storeDirectory, storeIndices } from '../nodes/store-directories.ts';

export interface StoreFiles {
  readonly disk: SimulatedDisk;
  readonly directory: string;
  /** The node was up: what it had applied is committed, and its engine was closed. Otherwise as the crash left it. */
  readonly closed: boolean;
}

/** Undefined if the node has no store. Nothing may run on the node afterwards. */
export function closeStore(host: Host): StoreFiles | undefined {
  const { disk } = host.machine;
  const replica = host.isUp ? host.replicas[0] : undefined;
  if (replica !== undefined) {
    const { engine, directory } = replica.store;
    disk.thread = replica.applyThread.diskThread;
    const closed = engine.sync() === 'ok' && engine.close() === 'ok';
    disk.settle();
    return { disk, directory, closed };
  }
  const newest = storeIndices(disk, '').at(-1);
  return newest === undefined ? undefined : { disk, directory: storeDirectory('', newest), closed: false };
}
