/**
 * Branch pages kept in memory: their bytes up to where the padding starts. All put and get paths
 * lead through them, and there are some 80 times fewer of them than of leaves.
 *
 * At most `IMAGES_MAX`; beyond, each new one takes the place of another, in turn. Buffers are used again.
 */

/** Enough for a tree of a quarter million leaves or so; 12 MiB if all pages are two thirds full. */
const IMAGES_MAX = 4096;
const CAPACITY_STEP = 256;

export class BranchImages {
  readonly #slots = new Map<number, number>();
  readonly #ids: number[] = [];
  readonly #images: Uint8Array[] = [];
  readonly #lengths: number[] = [];
  readonly #freeSlots: number[] = [];
  #hand = 0;

  /** The image stands at the start of what is returned. */
  get(id: number): Uint8Array | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#images[slot];
  }

  lengthOf(id: number): number {
    return this.#lengths[this.#slots.get(id)!]!;
  }

  /** Keeps a copy of bytes[0, length). */
  keep(id: number, bytes: Uint8Array, length: number): void {
    const slot = this.#slots.get(id) ?? this.#takeSlot();
    if (this.#images[slot]!.length < length) {
      this.#images[slot] = new Uint8Array(Math.ceil(length / CAPACITY_STEP) * CAPACITY_STEP);
    }
    this.#images[slot]!.set(bytes.subarray(0, length));
    this.#lengths[slot] = length;
    this.#ids[slot] = id;
    this.#slots.set(id, slot);
  }

  rename(from: number, to: number): boolean {
    const slot = this.#slots.get(from);
    if (slot === undefined) return false;
    this.forget(to);
    this.#slots.delete(from);
    this.#ids[slot] = to;
    this.#slots.set(to, slot);
    return true;
  }

  forget(id: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#freeSlots.push(slot);
  }

  clear(): void {
    for (const slot of this.#slots.values()) this.#freeSlots.push(slot);
    this.#slots.clear();
  }

  /** Ids of all pages that are kept. */
  ids(): Iterable<number> {
    return this.#slots.keys();
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    if (this.#images.length < IMAGES_MAX) {
      this.#images.push(NOTHING);
      return this.#images.length - 1;
    }
    const slot = this.#hand;
    this.#hand = (slot + 1) % IMAGES_MAX;
    this.#slots.delete(this.#ids[slot]!);
    return slot;
  }
}

const NOTHING = new Uint8Array(0);
