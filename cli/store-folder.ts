/** A simulated disk's files as real ones in a folder, and back: what the real tools open, and what they wrote. */
import { closeSync, mkdirSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SparseBuffer } from '../sim/bytes/sparse-buffer.ts';
import type { Category } from '../sim/disk/disk.ts';
import type { SimulatedDisk } from '../sim/disk/simulated-disk.ts';

const PIECE_BYTES = 1 << 20;

/** Writes every file whose name begins with `prefix`, which is cut off its name; returns their bytes. */
export function exportStore(disk: SimulatedDisk, prefix: string, folder: string): number {
  let bytes = 0;
  for (const name of disk.list(prefix)) {
    const path = join(folder, name.slice(prefix.length));
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, 'w');
    const piece = new Uint8Array(PIECE_BYTES);
    let filled = 0;
    const flush = (): void => {
      for (let at = 0; at < filled; ) at += writeSync(file, piece, at, filled - at);
      bytes += filled;
      filled = 0;
    };
    for (const chunk of disk.exportChunks(name)) {
      if (filled + chunk.length > PIECE_BYTES) flush();
      piece.set(chunk, filled);
      filled += chunk.length;
    }
    flush();
    closeSync(file);
  }
  return bytes;
}

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
