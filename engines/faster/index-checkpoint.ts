/**
 * The hash index as a file, `ht.dat`: buckets, then overflow buckets.
 *
 * It is written piece by piece while the index goes on changing. What an entry leads to in the image is a record below
 * the final address; records from the start address on are replayed by recovery. Writing it is a background job; it
 * counts once its metadata is synced.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome } from '../../sim/disk/disk.ts';
import type { Job } from '../../sim/storage-engine.ts';
import { BYTES_COPIED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';
import { type IndexInfo, makeToken, tokenNumber } from './checkpoint-info.ts';
import { BUCKET_BYTES, CHUNK_BYTES, HashIndex } from './hash-index.ts';
import { alignSector } from './record-format.ts';
import type { Store } from './store.ts';

/** Chunks that one slice writes: 1 MiB. */
const SLICE_CHUNKS = 256;
const SLICE_BYTES = SLICE_CHUNKS * CHUNK_BYTES;
const BUCKETS_MAX = 2 ** 28;

export function* writeIndexCheckpoint(
  store: Store,
  files: CheckpointFiles,
  disk: Disk,
  onEnd: (outcome: DiskOutcome) => void,
): Job {
  const { index, log, work } = store;
  const startLogicalAddress = log.tail;
  const newest = files.indexes.at(-1);
  const token = makeToken(newest === undefined ? 1 : tokenNumber(newest.token) + 1, 2);
  const file = disk.create(`${files.indexName(token)}0`, 'checkpoint');
  const buffer = new SparseBuffer(CHUNK_BYTES);
  let at = 0;
  let outcome: DiskOutcome = 'ok';
  const flush = (): void => {
    work.counts[SYSTEM_CALLS]!++;
    work.counts[BYTES_COPIED]! += buffer.length;
    outcome = disk.write(file, at, buffer);
    at += buffer.length;
    buffer.reset();
  };
  for (let i = 0; i < index.chunkCount && outcome === 'ok'; i++) {
    appendChunk(buffer, index.tableChunk(i), Math.min(CHUNK_BYTES, index.tableBytes - i * CHUNK_BYTES));
    if (buffer.length < SLICE_BYTES && i + 1 < index.chunkCount) continue;
    flush();
    yield;
  }
  // buckets handed out while these are written lead to records that recovery replays
  const overflowBuckets = index.overflowCount;
  const overflowBytes = alignSector(overflowBuckets * BUCKET_BYTES);
  for (let from = 0; from < overflowBytes && outcome === 'ok'; from += CHUNK_BYTES) {
    appendChunk(buffer, index.overflowChunk(from / CHUNK_BYTES), Math.min(CHUNK_BYTES, overflowBytes - from));
    if (buffer.length < SLICE_BYTES && from + CHUNK_BYTES < overflowBytes) continue;
    flush();
    yield;
  }
  if (outcome === 'ok') outcome = disk.sync(file);
  disk.close(file);
  yield;
  const { tail: finalLogicalAddress } = log;
  const { buckets, tableBytes } = index;
  const info: IndexInfo = {
    token,
    buckets,
    tableBytes,
    overflowBytes,
    overflowBuckets,
    startLogicalAddress,
    finalLogicalAddress,
  };
  if (outcome === 'ok') outcome = files.writeIndexInfo(info);
  yield;
  if (outcome === 'ok') outcome = files.commitIndex(info);
  onEnd(outcome);
}

function appendChunk(buffer: SparseBuffer, words: Uint32Array | undefined, length: number): void {
  if (words === undefined) buffer.run(0, length);
  else buffer.bytes(new Uint8Array(words.buffer, words.byteOffset, length));
}

/** The index as a checkpoint holds it; why not, if it does not. */
export function loadIndex(info: IndexInfo, files: CheckpointFiles, disk: Disk, work: Work): HashIndex | string {
  const { buckets, tableBytes, overflowBytes, overflowBuckets } = info;
  if (buckets < 8 || buckets > BUCKETS_MAX || (buckets & (buckets - 1)) !== 0) return `${buckets} buckets`;
  if (tableBytes !== buckets * BUCKET_BYTES || overflowBytes !== alignSector(overflowBuckets * BUCKET_BYTES)) {
    return 'sizes that do not agree';
  }
  const name = `${files.indexName(info.token)}0`;
  const file = disk.open(name);
  if (file === undefined) return `${name} is missing`;
  const index = new HashIndex(buckets, work);
  index.overflowCount = overflowBuckets;
  const buffer = new SparseBuffer(CHUNK_BYTES);
  const load = (from: number, to: number, take: (i: number, words: Uint32Array) => void): boolean => {
    for (let at = from; at < to; at += SLICE_BYTES) {
      const length = Math.min(SLICE_BYTES, to - at);
      work.counts[SYSTEM_CALLS]!++;
      work.counts[BYTES_COPIED]! += length;
      if (disk.read(file, at, length, buffer) !== 'ok' || buffer.length < length) return false;
      if (buffer.literalLength === 0 && buffer.runCount === 1 && buffer.runByte[0] === 0) continue;
      for (let chunk = 0; chunk < length; chunk += CHUNK_BYTES) {
        const words = new Uint32Array(CHUNK_BYTES / 4);
        buffer.copyTo(new Uint8Array(words.buffer), 0, chunk, Math.min(chunk + CHUNK_BYTES, length));
        if (words.some((word) => word !== 0)) take((at - from + chunk) / CHUNK_BYTES, words);
      }
    }
    return true;
  };
  const isWhole =
    load(0, tableBytes, (i, words) => index.loadTableChunk(i, words)) &&
    load(tableBytes, tableBytes + overflowBytes, (i, words) => index.loadOverflowChunk(i, words));
  disk.close(file);
  return isWhole ? index : `${name} cannot be read`;
}
