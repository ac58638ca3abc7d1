/**
 * Branch pages kept in memory: their bytes up to where the padding starts. All put and get paths
 * lead through them, and there are some 80 times fewer of them than of leaves.
 *
 * At most `IMAGES_MAX`; beyond, each new one takes the place of another, in turn.
 */

/** Enough for a tree of a million leaves or so; 12 MiB if all pages are two thirds full. */
const IMAGES_MAX = 4096;

export class BranchImages {
  readonly #slots = new Map<number, number>();
  readonly #ids: number[] = [];
  readonly #images: Uint8Array[] = [];
  readonly #freeSlots: number[] = [];
  #hand = 0;
  #bytes = 0;

  get(id: number): Uint8Array | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#images[slot];
  }

  /** Keeps a copy of bytes[0, length). */
  keep(id: number, bytes: Uint8Array, length: number): void {
    const slot = this.#slots.get(id) ?? this.#takeSlot();
    this.#bytes += length - (this.#images[slot]?.length ?? 0);
    this.#images[slot] = bytes.slice(0, length);
    this.#ids[slot] = id;
    this.#slots.set(id, slot);
  }

  forget(id: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#bytes -= this.#images[slot]!.length;
    this.#images[slot] = NOTHING;
    this.#freeSlots.push(slot);
  }

  get memoryBytes(): number {
    return this.#bytes;
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
