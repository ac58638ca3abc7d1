/** A simulated disk's files as real ones in a folder, where the real tools open them. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
