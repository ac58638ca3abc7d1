/**
 * The disk as a node's programs see it: the port that engines and the WAL are written against.
 *
 * Bytes now, time later. A call changes bytes at once and leaves device requests behind, in the
 * order in which the calling thread would block on them. The host plays each thread's requests
 * on the device in virtual time and says `complete` when one has finished; only then is what a
 * sync covered durable. Whatever the same thread did after a sync that had not finished when the
 * power failed has, in the real world, not happened yet: a crash undoes it entirely.
 *
 * Fault model: see `simulated-disk.ts`. No call throws for anything the world can do.
 */
import type { SparseBuffer } from '../bytes/sparse-buffer.ts';

/** What a byte was written for: the unit of write-amplification accounting. */
export const CATEGORIES = [
  'wal', // Raft log of the node host
  'engine-wal', // write-ahead log of a storage engine
  'flush', // memtable to level 0
  'compaction',
  'page', // B+tree branch and leaf pages
  'freelist',
  'meta', // B+tree meta pages
  'manifest',
  'value-log',
  'gc',
  'snapshot', // received or written for Raft snapshots
  'checkpoint',
  'ledger', // journal of a ledger
  'ledger-index', // nodes of its key index
  'ledger-commit', // its accumulator and block commits
  'other',
  'wal-identifiers', // of the Raft log's records, and copies of term and vote: redundant storage
] as const;
export type Category = (typeof CATEGORIES)[number];

export type ReadOutcome = 'ok' | 'io-error';
export type DiskOutcome = 'ok' | 'io-error' | 'no-space';

/** An open file. Survives rename and, as in POSIX, removal until it is closed. Dies with the process at a crash. */
export interface File {
  /** Stays through renames; never given twice. */
  readonly id: number;
  readonly name: string;
  readonly category: Category;
  /** Bytes; what is beyond the end of every write but below this reads as zeros. */
  readonly length: number;
}

export const SECTOR_BYTES = 512;
export const BLOCK_BYTES = 4096;

export const REQUEST_READ = 0;
export const REQUEST_WRITE = 1;
/** Cache flush: what fsync and fdatasync wait for after their writes. */
export const REQUEST_FLUSH = 2;

/** One thing that a thread waits for. Reused by the caller. */
export interface DeviceRequest {
  kind: number;
  bytes: number;
  /** Separate accesses: contiguous blocks count once. */
  operations: number;
}

export interface Disk {
  /** Who issues the following calls: 0 to 254, set by the host before it calls an engine. 255 is write-back's own. */
  thread: number;

  // ——— names; directories are prefixes that end in '/', and are made on demand ———
  /** A new empty file; an old one of that name is unlinked. `thread`-ordered like a write. */
  create(name: string, category: Category): File;
  open(name: string): File | undefined;
  /** Gives up one handle of those that `create` and `open` gave. A removed file keeps its space until its last is closed. */
  close(file: File): void;
  rename(from: string, to: string): DiskOutcome;
  remove(name: string): DiskOutcome;
  /** Names that start with `prefix`, in ascending code-unit order. */
  list(prefix: string): string[];
  /** Makes creations, renames and removals directly in `directory` (ends in '/', or '' for the root) durable. */
  syncDirectory(directory: string): DiskOutcome;

  // ——— content ———
  /** Replaces the content of `into` by [offset, offset + length), cut at the end of the file. */
  read(file: File, offset: number, length: number, into: SparseBuffer): ReadOutcome;
  /** Writes data[from, to) at `offset`; `category` overrides the file's own for accounting. */
  write(file: File, offset: number, data: SparseBuffer, from?: number, to?: number, category?: Category): DiskOutcome;
  /** Cuts or extends (with zeros) the file. */
  truncate(file: File, length: number): DiskOutcome;
  /** fsync: content, length, and as on ext4 the file's own name if it was just created. */
  sync(file: File): DiskOutcome;

  // ——— time ———
  /**
   * Takes the thread's oldest request that has not been taken; false if there is none. Play every thread's
   * requests, reads too, or `settle`: what a thread does behind one that is not complete has not happened yet.
   */
  takeRequest(thread: number, into: DeviceRequest): boolean;
  /** The oldest taken request of the thread has finished in virtual time. */
  complete(thread: number): void;
  /** Everything requested so far has finished: for tests and for benches without a clock. */
  settle(): void;

  /** Bytes and operations so far; see `DiskCounters`. */
  readonly counters: DiskCounters;
}

/** Sums since the start of the run, indexed as `CATEGORIES`. */
export interface DiskCounters {
  /** Bytes handed to the file system by `write`. */
  readonly writtenBytes: Float64Array;
  readonly writeCalls: Float64Array;
  readonly readBytes: Float64Array;
  readonly readCalls: Float64Array;
  readonly syncs: Float64Array;
  /** Bytes that reached the device, whole blocks; rewritten before write-back counts once, removed before it not at all. */
  readonly deviceWrittenBytes: Float64Array;
  /** Reads that missed the page cache. */
  readonly deviceReadBytes: Float64Array;
  directorySyncs: number;
}
