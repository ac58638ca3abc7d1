/**
 * Where the stores of one replica lie on its disk. Each is named after the index that it began with (`db-0/`,
 * `db-4711/`). After a crash the one with the highest index that the log knows is the store; a copy that was not
 * finished is above it.
 */
import type { SimulatedDisk } from '../disk/simulated-disk.ts';

export function storeDirectory(root: string, index: number): string {
  return `${root}db-${index}/`;
}

/** Where a node that lost its store waits for an image of another. */
export function emptyStoreDirectory(root: string): string {
  return `${root}db-empty/`;
}

/** Indices of the store directories on the disk, ascending. */
export function storeIndices(disk: SimulatedDisk, root: string): number[] {
  const found = new Set<number>();
  for (const name of disk.list(`${root}db-`)) {
    const index = Number(name.slice(root.length + 3, name.indexOf('/', root.length)));
    if (Number.isSafeInteger(index)) found.add(index);
  }
  return [...found].sort((a, b) => a - b);
}

/** The newest store that the log knows of; copies that were never finished, and older stores, are removed. */
export function chooseStore(disk: SimulatedDisk, root: string, snapshotIndex: number): string {
  const indices = storeIndices(disk, root);
  let chosen = 0;
  for (const index of indices) if (index <= snapshotIndex) chosen = index;
  for (const index of indices) if (index !== chosen) removeStore(disk, storeDirectory(root, index));
  return storeDirectory(root, chosen);
}

export function removeStore(disk: SimulatedDisk, directory: string): void {
  for (const name of disk.list(directory)) disk.remove(name);
}
