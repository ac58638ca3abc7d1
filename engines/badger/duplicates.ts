import type { Batch } from '../../sim/batch.ts';

/**
 * Which operations of a batch a later one on the same key makes void: a transaction of Badger's holds each
 * key once. An open-addressed hash table of places, reused.
 */
export class Duplicates {
  #slots = new Int32Array(256);
  #isVoid: Uint8Array = new Uint8Array(64);

  /** Look at the batch; then ask `isVoid`. */
  find(batch: Batch): void {
    const { count } = batch;
    let size = this.#slots.length;
    while (size < count * 2) size *= 2;
    if (size > this.#slots.length) this.#slots = new Int32Array(size);
    else this.#slots.fill(0);
    if (count > this.#isVoid.length) this.#isVoid = new Uint8Array(count * 2);
    else this.#isVoid.fill(0, 0, count);
    const mask = size - 1;
    const slots = this.#slots;
    for (let i = 0; i < count; i++) {
      let slot = hash(batch, i) & mask;
      while (slots[slot] !== 0 && !sameKey(batch, slots[slot] - 1, i)) slot = (slot + 1) & mask;
      if (slots[slot] !== 0) this.#isVoid[slots[slot] - 1] = 1;
      slots[slot] = i + 1;
    }
  }

  isVoid(i: number): boolean {
    return this.#isVoid[i] !== 0;
  }
}

function hash({ bytes, table, keyFrom, keyTo }: Batch, i: number): number {
  let h = 0x811c9dc5 ^ table[i];
  const to = keyTo[i];
  for (let at = keyFrom[i]; at < to; at++) h = Math.imul(h ^ bytes[at], 0x01000193);
  return h ^ (h >>> 15);
}

function sameKey({ bytes, table, keyFrom, keyTo }: Batch, i: number, j: number): boolean {
  const length = keyTo[i] - keyFrom[i];
  if (table[i] !== table[j] || keyTo[j] - keyFrom[j] !== length) return false;
  for (let k = 0; k < length; k++) if (bytes[keyFrom[i] + k] !== bytes[keyFrom[j] + k]) return false;
  return true;
}
