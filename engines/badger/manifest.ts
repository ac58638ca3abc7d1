/**
 * The manifest: which tables exist and on which level, as a log of change sets.
 *
 *     "Bdgr" │ version u32 │ ( length u32 │ crc u32 │ protobuf of a change set ) …
 *
 * Fault model: a change set that was not synced may be cut off or torn, and only the last one: changes are
 * written by one thread at a time (`busy`), which is what makes a wrong crc before a sound record corruption.
 */
import { crc32c } from '../../sim/bytes/crc32c.ts';
import { readU32BE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { ascii } from './format.ts';
import { FieldReader, numberBytes, putDelimiter, putNumber, putU32BE } from './protobuf.ts';

const MAGIC = ascii('Bdgr');
const VERSION = 7;
const HEADER_BYTES = 8;
const RECORD_HEADER_BYTES = 8;
const REWRITE_DELETIONS = 10_000;
const REWRITE_RATIO = 10;
/** Sanity of what is read: Badger has no more than 7 levels by default. */
const LEVELS_MAX = 255;

export interface Change {
  readonly table: number;
  /** −1: the table is deleted. */
  readonly level: number;
}

/** The state that a manifest describes. */
export class TableSet {
  /** Level by table number. */
  readonly tables = new Map<number, number>();
  creations = 0;
  deletions = 0;

  /** What is wrong with the change, if something is. */
  apply({ table, level }: Change): string | undefined {
    if (level >= 0) {
      if (this.tables.has(table)) return `creates table ${table}, which exists`;
      this.tables.set(table, level);
      this.creations++;
    } else {
      if (!this.tables.delete(table)) return `deletes table ${table}, which does not exist`;
      this.deletions++;
    }
    return undefined;
  }

  /** In ascending order of their numbers. */
  sorted(): Change[] {
    return [...this.tables].map(([table, level]) => ({ table, level })).sort((a, b) => a.table - b.table);
  }
}

export function manifestName(directory: string): string {
  return `${directory}MANIFEST`;
}
export function manifestRewriteName(directory: string): string {
  return `${directory}MANIFEST-REWRITE`;
}

export class Manifest {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #work: Work;
  readonly state: TableSet;
  readonly #record = new SparseBuffer(256);
  #file: File;
  /** A thread's change is on its way: others wait. */
  busy = false;

  constructor(disk: Disk, directory: string, work: Work, state: TableSet, file: File) {
    this.#disk = disk;
    this.#directory = directory;
    this.#work = work;
    this.state = state;
    this.#file = file;
  }

  /** A new manifest of these tables, durable with its name when the caller's requests have finished. */
  static create(disk: Disk, directory: string, work: Work, state: TableSet): Manifest | DiskOutcome {
    const file = disk.create(manifestRewriteName(directory), 'manifest');
    const outcome = writeWhole(disk, directory, file, state);
    if (outcome !== 'ok') return outcome;
    work.counts[SYSTEM_CALLS] += 4;
    return new Manifest(disk, directory, work, state, file);
  }

  get length(): number {
    return this.#file.length;
  }

  /** Appends the changes as one record and syncs it; they take effect for the caller when the sync has had its time. */
  add(changes: readonly Change[]): DiskOutcome {
    const { state } = this;
    for (const change of changes) state.apply(change);
    if (state.deletions > REWRITE_DELETIONS && state.deletions > REWRITE_RATIO * (state.creations - state.deletions)) {
      return this.#rewrite();
    }
    encodeRecord(changes, this.#record.reset());
    this.#work.counts[SYSTEM_CALLS] += 2;
    const written = this.#disk.write(this.#file, this.#file.length, this.#record);
    return written === 'ok' ? this.#disk.sync(this.#file) : written;
  }

  close(): void {
    this.#disk.close(this.#file);
  }

  #rewrite(): DiskOutcome {
    const { state } = this;
    this.#disk.close(this.#file);
    this.#file = this.#disk.create(manifestRewriteName(this.#directory), 'manifest');
    this.#work.counts[SYSTEM_CALLS] += 4;
    const outcome = writeWhole(this.#disk, this.#directory, this.#file, state);
    state.creations = state.tables.size;
    state.deletions = 0;
    return outcome;
  }
}

function writeWhole(disk: Disk, directory: string, file: File, state: TableSet): DiskOutcome {
  const buffer = new SparseBuffer(256);
  buffer.bytes(MAGIC);
  putU32BE(buffer, VERSION);
  encodeRecord(state.sorted(), buffer);
  let outcome = disk.write(file, 0, buffer);
  if (outcome === 'ok') outcome = disk.sync(file);
  if (outcome === 'ok') outcome = disk.rename(manifestRewriteName(directory), manifestName(directory));
  if (outcome === 'ok') outcome = disk.syncDirectory(directory);
  return outcome;
}

function encodeRecord(changes: readonly Change[], into: SparseBuffer): void {
  const body = new SparseBuffer(changes.length * 12 + 16);
  for (const { table, level } of changes) {
    const isDelete = level < 0;
    const bytes = numberBytes(table) + (isDelete ? numberBytes(1) : numberBytes(level));
    putDelimiter(body, 1, bytes);
    putNumber(body, 1, table);
    if (isDelete) putNumber(body, 2, 1);
    else putNumber(body, 3, level);
  }
  putU32BE(into, body.length);
  putU32BE(into, body.crc32c(0, 0, body.length));
  into.slice(body, 0, body.length);
}

export interface ReadManifest {
  readonly state: TableSet;
  /** Where the sound records end; what is behind is a torn tail. */
  readonly end: number;
}

/** Reads the manifest; a string says why it cannot be. */
export function readManifest(disk: Disk, file: File): ReadManifest | string {
  const buffer = new SparseBuffer(file.length);
  if (disk.read(file, 0, file.length, buffer) !== 'ok') return 'read failed';
  const bytes = buffer.toBytes();
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) return 'no magic number';
  if (readU32BE(bytes, 4) !== VERSION) return `version ${readU32BE(bytes, 4)}, not ${VERSION}`;
  const state = new TableSet();
  let at = HEADER_BYTES;
  for (let next = recordEnd(bytes, at); next > 0; next = recordEnd(bytes, at)) {
    const failure = applyRecord(state, bytes, at + RECORD_HEADER_BYTES, next);
    if (failure !== undefined) return `record at ${at}: ${failure}`;
    at = next;
  }
  if (at === bytes.length) return { state, end: at };
  for (let later = at + 1; later < bytes.length; later++) {
    const isRecord = recordEnd(bytes, later) > later + RECORD_HEADER_BYTES;
    if (isRecord) return `record at ${at}: checksum mismatch before a sound record`;
  }
  return { state, end: at };
}

/** Where the sound record at `at` ends; −1 if there is none. */
function recordEnd(bytes: Uint8Array, at: number): number {
  const from = at + RECORD_HEADER_BYTES;
  if (from > bytes.length) return -1;
  const to = from + readU32BE(bytes, at);
  if (to > bytes.length || crc32c(0, bytes, from, to) !== readU32BE(bytes, at + 4)) return -1;
  // Zeros look like an empty record; only the first, of a new store, is one.
  return to === from && at !== HEADER_BYTES ? -1 : to;
}

function applyRecord(state: TableSet, bytes: Uint8Array, from: number, to: number): string | undefined {
  const changes = new FieldReader(bytes, from, to);
  while (changes.next()) {
    if (changes.field !== 1 || changes.from < 0) continue;
    const fields = new FieldReader(bytes, changes.from, changes.from + changes.value);
    let table = 0;
    let isDelete = false;
    let level = 0;
    while (fields.next()) {
      if (fields.field === 1) table = fields.value;
      else if (fields.field === 2) isDelete = fields.value !== 0;
      else if (fields.field === 3) level = fields.value;
      else if (fields.field === 4 && fields.value !== 0) return 'an encrypted table';
      else if (fields.field === 6 && fields.value !== 0) return 'a compressed table';
    }
    if (fields.malformed || level > LEVELS_MAX) return 'a change that does not decode';
    const failure = state.apply({ table, level: isDelete ? -1 : level });
    if (failure !== undefined) return failure;
  }
  return changes.malformed ? 'does not decode' : undefined;
}
