/** What the real tools wrote, onto a simulated disk. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { SparseBuffer } from '../sim/bytes/sparse-buffer.ts';
import type { Category } from '../sim/disk/disk.ts';
import type { SimulatedDisk } from '../sim/disk/simulated-disk.ts';

const PIECE_BYTES = 1 << 20;

/** Puts every file directly in `folder` onto the disk, its name behind `prefix`, and makes them durable. */
export function importStore(folder: string, disk: SimulatedDisk, prefix: string, category: Category = 'other'): void {
  const piece = new Uint8Array(PIECE_BYTES);
  const content = new SparseBuffer(PIECE_BYTES);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = openSync(join(folder, entry.name), 'r');
    const copy = disk.create(prefix + entry.name, category);
    for (let at = 0; ; ) {
      const count = readSync(file, piece, 0, PIECE_BYTES, at);
      if (count === 0) break;
      content.reset();
      content.bytes(piece.subarray(0, count));
      disk.write(copy, at, content);
      at += count;
    }
    disk.sync(copy);
    disk.close(copy);
    closeSync(file);
  }
  disk.syncDirectory(prefix);
  disk.settle();
}
