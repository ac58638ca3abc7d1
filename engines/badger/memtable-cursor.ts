import type { Value } from '../../sim/bytes/value.ts';
import { Cursor } from './cursor.ts';
import { VERSION_BYTES, writeVersion } from './format.ts';
import type { Memtable } from './memtable.ts';

/** Walks a memtable, which may grow meanwhile. */
export class MemtableCursor extends Cursor {
  readonly #memtable: Memtable;
  #node = 0;

  constructor(memtable: Memtable) {
    super();
    this.#memtable = memtable;
  }

  override first(): void {
    this.#moveTo(this.#memtable.first());
  }
  override seek(key: Uint8Array, from: number, to: number, version: number): void {
    this.#moveTo(this.#memtable.seek(key, from, to, version));
  }
  override next(): void {
    this.#moveTo(this.#memtable.next(this.#node));
  }
  override value(into: Value): void {
    this.#memtable.value(this.#node, into);
  }

  #moveTo(node: number): void {
    this.#node = node;
    this.valid = node !== 0;
    if (node === 0) return;
    const memtable = this.#memtable;
    const keyLength = memtable.keyLength(node);
    if (keyLength + VERSION_BYTES > this.key.length) this.key = new Uint8Array((keyLength + VERSION_BYTES) * 2);
    memtable.copyKey(node, this.key);
    this.keyLength = keyLength;
    this.version = memtable.version(node);
    writeVersion(this.key, keyLength, this.version);
    this.meta = memtable.meta(node);
    this.userMeta = memtable.userMeta(node);
    this.expiresAt = memtable.expiresAt(node);
  }
}
