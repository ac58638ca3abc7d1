/**
 * Forced garbage collection of blobs, as 7.8 decides it. The oldest *batch* is the oldest blob file and those
 * after it up to the next that a table has as its oldest: all of them are kept alive by the tables linked to
 * the first. Once enough of the batch is garbage, and all of it is old enough to be collected, those tables
 * are compacted in place, which copies what is live and lets the whole batch go.
 */
import type { Options } from './options.ts';
import type { TableFile } from './table-file.ts';
import type { Version } from './version.ts';

/** A table to be rewritten, and its level. */
export interface MarkedTable {
  readonly level: number;
  readonly table: TableFile;
}

/** By level, then by number. */
export function tablesForForcedBlobGc(version: Version, options: Options): MarkedTable[] {
  const { blobGarbageCollection, blobAgeCutoff, blobForceThreshold } = options;
  const { files } = version.blobs;
  if (!blobGarbageCollection || blobForceThreshold >= 1) return [];
  const oldEnough = Math.floor(blobAgeCutoff * files.length);
  if (oldEnough === 0) return [];
  const { linkedTables } = files[0];
  let { bytes, garbageBytes } = files[0];
  let count = 1;
  for (; count < oldEnough && files[count].linkedTables.size === 0; count++) {
    bytes += files[count].bytes;
    garbageBytes += files[count].garbageBytes;
  }
  const goesOn = count < files.length && files[count].linkedTables.size === 0;
  if (goesOn || garbageBytes < blobForceThreshold * bytes) return [];
  const marked: MarkedTable[] = [];
  version.levels.forEach((tables, level) => {
    for (const table of tables) {
      if (linkedTables.has(table.number) && !table.beingCompacted) marked.push({ level, table });
    }
  });
  return marked.sort((a, b) => a.level - b.level || a.table.number - b.table.number);
}
