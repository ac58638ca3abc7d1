/** One batch of a compaction: which revisions of the table `key` no reader can see any more. */
import type { StorageEngine } from '../../storage-engine.ts';
import { TABLE_KEY } from './applied-store.ts';
import {
  REVISION_KEY_BYTES,
  readRevisionKey,
  revisionIsTombstone,
  revisionMain,
  revisionSub,
  writeRevisionKey,
} from './key-value-codec.ts';

export class DoomedRevisions {
  /** How many the last batch found. */
  count = 0;
  readonly main: number[] = [];
  readonly sub: number[] = [];
  readonly isTombstone: number[] = [];
  /** Revisions to keep, ascending, as main · `scale` + sub. */
  readonly kept: Float64Array;
  readonly scale: number;
  /** The first kept revision that is not below the next one to be scanned. */
  keptAt = 0;
  /** Where the next batch starts. */
  fromMain = 0;
  fromSub = 0;

  constructor(kept: readonly number[], scale: number) {
    this.kept = Float64Array.from(kept).sort((a, b) => a - b);
    this.scale = scale;
  }
}

/** Looks at the next `batch` revisions up to (`revision`, all subs). True: there are no more. */
export function collectDoomed(
  engine: StorageEngine,
  doomed: DoomedRevisions,
  revision: number,
  batch: number,
): boolean {
  const from = new Uint8Array(REVISION_KEY_BYTES);
  const to = new Uint8Array(REVISION_KEY_BYTES);
  writeRevisionKey(from, doomed.fromMain, doomed.fromSub);
  writeRevisionKey(to, revision + 1, 0);
  const { kept } = doomed;
  doomed.count = 0;
  let seen = 0;
  engine.scan(TABLE_KEY, from, to, (keyBytes, keyFrom, keyTo) => {
    if (!readRevisionKey(keyBytes, keyFrom, keyTo)) return true;
    const place = revisionMain * doomed.scale + revisionSub;
    while (doomed.keptAt < kept.length && kept[doomed.keptAt]! < place) doomed.keptAt++;
    if (kept[doomed.keptAt] !== place) {
      const i = doomed.count++;
      doomed.main[i] = revisionMain;
      doomed.sub[i] = revisionSub;
      doomed.isTombstone[i] = revisionIsTombstone ? 1 : 0;
    }
    doomed.fromMain = revisionMain;
    doomed.fromSub = revisionSub + 1;
    return ++seen < batch;
  });
  return seen < batch;
}
