/** Files that an auditor derives again: what would be appended is compared with what is there. */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import type { Digester } from './digester.ts';
import { equalHashes, HEADER_BYTES } from './format.ts';
import type { IndexStore } from './index-file.ts';
import { RecordCache } from './record-cache.ts';

const READ_BYTES = 64 * 1024;
/** Records that an auditor keeps. */
const CACHE_BYTES = 8 * 1024 * 1024;

export class ComparedBytes {
  /** Everything before this is as it should be. */
  at = HEADER_BYTES;
  readonly #disk: Disk;
  readonly #file: File;
  readonly #differs: (where: string, what: string) => void;
  readonly #buffer = new SparseBuffer(READ_BYTES);
  #bufferAt = HEADER_BYTES;
  #scratch = new Uint8Array(1024);

  constructor(disk: Disk, file: File, differs: (where: string, what: string) => void) {
    this.#disk = disk;
    this.#file = file;
    this.#differs = differs;
  }

  /** The next bytes must be these. */
  expect(bytes: Uint8Array): void {
    const { at } = this;
    this.at += bytes.length;
    if (!this.#have(at, bytes.length)) {
      this.#differs(`${this.#file.name} offset ${at}`, 'cannot be read');
      return;
    }
    if (this.#scratch.length < bytes.length) this.#scratch = new Uint8Array(bytes.length * 2);
    const from = at - this.#bufferAt;
    const count = Math.max(0, Math.min(bytes.length, this.#buffer.length - from));
    this.#buffer.copyTo(this.#scratch, 0, from, from + count);
    for (let i = 0; i < bytes.length; i++) {
      if (i < count && this.#scratch[i] === bytes[i]) continue;
      this.#differs(`${this.#file.name} offset ${at + i}`, i < count ? 'another byte than derived' : 'ends too early');
      return;
    }
  }

  /** That the file ends here. */
  atEnd(): Fault | undefined {
    if (this.#file.length === this.at) return undefined;
    return { where: `${this.#file.name} offset ${this.at}`, what: `${this.#file.length - this.at} bytes too many` };
  }

  #have(at: number, count: number): boolean {
    if (at >= this.#bufferAt && at + count <= this.#bufferAt + this.#buffer.length) return true;
    this.#bufferAt = at;
    return this.#disk.read(this.#file, at, Math.max(count, READ_BYTES), this.#buffer) === 'ok';
  }
}

export class ComparedIndex implements IndexStore {
  readonly bytes: ComparedBytes;
  readonly #disk: Disk;
  readonly #file: File;
  readonly #digester: Digester;
  readonly #cache = new RecordCache(CACHE_BYTES);
  readonly #buffer = new SparseBuffer(1024);
  readonly #hash = new Uint8Array(DIGEST_BYTES);

  constructor(bytes: ComparedBytes, disk: Disk, file: File, digester: Digester) {
    this.bytes = bytes;
    this.#disk = disk;
    this.#file = file;
    this.#digester = digester;
  }

  get end(): number {
    return this.bytes.at;
  }

  append(record: Uint8Array): void {
    const { at } = this.bytes;
    this.bytes.expect(record);
    this.#cache.add(at, record);
  }

  read(offset: number, length: number, hash: Uint8Array, hashAt: number): Uint8Array | undefined {
    const cached = this.#cache.get(offset);
    if (cached !== undefined) return cached;
    if (offset + length > this.end) return undefined;
    if (this.#disk.read(this.#file, offset, length, this.#buffer) !== 'ok') return undefined;
    const record = this.#buffer.toBytes();
    this.#digester.record(record, 0, record.length, this.#hash, 0);
    if (record.length !== length || !equalHashes(this.#hash, 0, hash, hashAt)) return undefined;
    this.#cache.add(offset, record);
    return record;
  }
}
