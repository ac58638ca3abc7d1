import type { Value } from './bytes/value.ts';

/**
 * Puts and deletes that an engine applies as one. Flat and reused: `clear()` and fill again.
 *
 * The literal bytes of operation i stand in `bytes`: its key at [keyFrom[i], keyTo[i]), then the
 * literal part of its value at [keyTo[i], valueTo[i]), into which `fillLength[i]` bytes of fill go
 * after `fillAt[i]` literal bytes. Deletes have valueTo = keyTo. Later operations win over earlier.
 */
export class Batch {
  bytes = new Uint8Array(4096);
  count = 0;
  /** Bytes of keys and real values, fill included. */
  logicalBytes = 0;
  table: Uint8Array = new Uint8Array(64);
  isDelete: Uint8Array = new Uint8Array(64);
  keyFrom: Int32Array = new Int32Array(64);
  keyTo: Int32Array = new Int32Array(64);
  valueTo: Int32Array = new Int32Array(64);
  fillAt: Int32Array = new Int32Array(64);
  fillLength: Int32Array = new Int32Array(64);
  #end = 0;

  put(table: number, key: Uint8Array, value: Value): void {
    this.putRange(table, key, 0, key.length, value);
  }

  putRange(table: number, key: Uint8Array, keyFrom: number, keyTo: number, value: Value): void {
    const i = this.#add(table, key, keyFrom, keyTo, value.literalLength);
    this.#copy(value.bytes, value.start, value.start + value.literalLength);
    this.valueTo[i] = this.#end;
    this.fillAt[i] = value.fillAt;
    this.fillLength[i] = value.fillLength;
    this.isDelete[i] = 0;
    this.logicalBytes += value.length;
  }

  delete(table: number, key: Uint8Array): void {
    const i = this.#add(table, key, 0, key.length, 0);
    this.valueTo[i] = this.#end;
    this.fillAt[i] = 0;
    this.fillLength[i] = 0;
    this.isDelete[i] = 1;
  }

  /** Makes `into` stand for the value of operation i, borrowed until the batch changes. */
  value(i: number, into: Value): void {
    const from = this.keyTo[i]!;
    into.set(this.bytes, from, this.valueTo[i]! - from, this.fillAt[i]!, this.fillLength[i]!);
  }

  clear(): void {
    this.count = 0;
    this.#end = 0;
    this.logicalBytes = 0;
  }

  #add(table: number, key: Uint8Array, keyFrom: number, keyTo: number, valueBytes: number): number {
    const i = this.count++;
    if (i === this.table.length) this.#growOperations();
    this.#reserve(keyTo - keyFrom + valueBytes);
    this.table[i] = table;
    this.keyFrom[i] = this.#end;
    this.#copy(key, keyFrom, keyTo);
    this.keyTo[i] = this.#end;
    this.logicalBytes += keyTo - keyFrom;
    return i;
  }

  #copy(source: Uint8Array, from: number, to: number): void {
    const { bytes } = this;
    let end = this.#end;
    for (let at = from; at < to; at++) bytes[end++] = source[at]!;
    this.#end = end;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#end + count, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.#end));
    this.bytes = grown;
  }

  #growOperations(): void {
    const size = this.table.length * 2;
    const wider = (old: Int32Array): Int32Array => {
      const grown = new Int32Array(size);
      grown.set(old);
      return grown;
    };
    const flags = (old: Uint8Array): Uint8Array => {
      const grown = new Uint8Array(size);
      grown.set(old);
      return grown;
    };
    this.table = flags(this.table);
    this.isDelete = flags(this.isDelete);
    this.keyFrom = wider(this.keyFrom);
    this.keyTo = wider(this.keyTo);
    this.valueTo = wider(this.valueTo);
    this.fillAt = wider(this.fillAt);
    this.fillLength = wider(this.fillLength);
  }
}
