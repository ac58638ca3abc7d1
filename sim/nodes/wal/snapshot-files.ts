/**
 * The files that say which Raft snapshots a node has: etcd's `<term>-<index>.snap`, 16 hex digits each.
 *
 *     file      protobuf: 08 crc (CRC-32C of what follows), 12 length snapshot
 *     snapshot  protobuf: 0a length data (left out if empty), 12 length metadata
 *     metadata  protobuf: 0a length Configuration, 10 index, 18 term
 *
 * The state itself is in the storage engine's files; `data` is what little etcd keeps beside it (its membership
 * store), opaque here. Written in place and synced, as etcd does: a crash may leave half a file, which the checksum
 * finds. Such a file is not offered, and not renamed to `.broken` as etcd does either; purging takes it in its turn.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import { readVarint, varintEnd } from '../../bytes/varint.ts';
import type { Disk, DiskOutcome } from '../../disk/disk.ts';
import { BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../work.ts';
import { decodeConfiguration, encodeConfiguration, pushVarint } from './protobuf.ts';
import { hex16 } from './segment.ts';
import type { SnapshotMark } from './wal-entry.ts';

export interface StoredSnapshot extends SnapshotMark {
  readonly data: Uint8Array;
}

/** Far above what a membership takes; a longer file is not one of ours. */
const FILE_BYTES_MAX = 64 << 20;

export class SnapshotFiles {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #work: Work;

  /** `directory` ends in '/'. */
  constructor(disk: Disk, directory: string, work: Work) {
    this.#disk = disk;
    this.#directory = directory;
    this.#work = work;
  }

  /** Writes and syncs the marker. Call before the log names the snapshot. */
  save(mark: SnapshotMark, data: Uint8Array): DiskOutcome {
    const body: number[] = [];
    if (data.length > 0) {
      body.push(0x0a);
      pushVarint(body, data.length);
      for (const byte of data) body.push(byte);
    }
    const metadata: number[] = [];
    const configuration = encodeConfiguration(mark.configuration ?? NO_CONFIGURATION);
    metadata.push(0x0a);
    pushVarint(metadata, configuration.length);
    metadata.push(...configuration, 0x10);
    pushVarint(metadata, mark.index);
    metadata.push(0x18);
    pushVarint(metadata, mark.term);
    body.push(0x12);
    pushVarint(body, metadata.length);
    body.push(...metadata);

    const bytes = Uint8Array.from(body);
    const out = new SparseBuffer(bytes.length + 16);
    out.u8(0x08);
    out.varint(crc32c(0, bytes, 0, bytes.length));
    out.u8(0x12);
    out.varint(bytes.length);
    out.bytes(bytes);
    const { counts } = this.#work;
    counts[BYTES_HASHED] = counts[BYTES_HASHED]! + bytes.length;
    counts[SYSTEM_CALLS] = counts[SYSTEM_CALLS]! + 3;
    const file = this.#disk.create(this.#name(mark), 'snapshot');
    const written = this.#disk.write(file, 0, out);
    if (written !== 'ok') {
      this.#disk.remove(this.#name(mark));
      return written;
    }
    const synced = this.#disk.sync(file);
    this.#disk.close(file);
    return synced;
  }

  /** All that can be read whole, newest first. */
  list(): StoredSnapshot[] {
    const found: StoredSnapshot[] = [];
    for (const name of this.#names()) {
      const snapshot = this.#read(name);
      if (snapshot !== undefined) found.push(snapshot);
    }
    return found;
  }

  /** Removes all but the newest `keep` markers. Returns how many. etcd: keeps 5, looks every 30 s. */
  purge(keep: number): number {
    const names = this.#names();
    for (let i = keep; i < names.length; i++) this.#disk.remove(names[i]!);
    return Math.max(names.length - keep, 0);
  }

  #name(mark: SnapshotMark): string {
    return `${this.#directory}${hex16(mark.term)}-${hex16(mark.index)}.snap`;
  }

  /** Newest first. */
  #names(): string[] {
    return this.#disk
      .list(this.#directory)
      .filter((name) => /^[0-9a-f]{16}-[0-9a-f]{16}\.snap$/.test(name.slice(this.#directory.length)))
      .reverse();
  }

  #read(name: string): StoredSnapshot | undefined {
    const file = this.#disk.open(name);
    if (file === undefined) return undefined;
    const buffer = new SparseBuffer();
    this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + 2;
    const outcome = file.length > FILE_BYTES_MAX ? 'io-error' : this.#disk.read(file, 0, file.length, buffer);
    this.#disk.close(file);
    if (outcome !== 'ok') return undefined;
    return decodeSnapshotFile(buffer.toBytes());
  }
}

/** Undefined: damaged. */
export function decodeSnapshotFile(bytes: Uint8Array): StoredSnapshot | undefined {
  if (bytes[0] !== 0x08) return undefined;
  const crc = readVarint(bytes, 1, bytes.length);
  if (varintEnd < 0 || bytes[varintEnd] !== 0x12) return undefined;
  const length = readVarint(bytes, varintEnd + 1, bytes.length);
  const from = varintEnd;
  if (from < 0 || from + length !== bytes.length) return undefined;
  if (crc32c(0, bytes, from, bytes.length) !== crc) return undefined;

  let data: Uint8Array = new Uint8Array(0);
  let at = from;
  if (bytes[at] === 0x0a) {
    const size = readVarint(bytes, at + 1, bytes.length);
    if (varintEnd < 0 || varintEnd + size > bytes.length) return undefined;
    data = bytes.slice(varintEnd, varintEnd + size);
    at = varintEnd + size;
  }
  if (bytes[at] !== 0x12) return undefined;
  const metadataBytes = readVarint(bytes, at + 1, bytes.length);
  at = varintEnd;
  if (at < 0 || at + metadataBytes !== bytes.length || bytes[at] !== 0x0a) return undefined;
  const size = readVarint(bytes, at + 1, bytes.length);
  at = varintEnd;
  if (at < 0 || at + size > bytes.length) return undefined;
  const configuration = decodeConfiguration(bytes.subarray(at, at + size));
  at += size;
  if (configuration === undefined || bytes[at] !== 0x10) return undefined;
  const index = readVarint(bytes, at + 1, bytes.length);
  if (varintEnd < 0 || bytes[varintEnd] !== 0x18) return undefined;
  const term = readVarint(bytes, varintEnd + 1, bytes.length);
  if (varintEnd !== bytes.length) return undefined;
  return { index, term, configuration, data };
}

const NO_CONFIGURATION = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
