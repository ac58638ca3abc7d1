/**
 * Blocks that others are packed against (`block-codec.ts`): of the first block of a shape that the store
 * has met, the shape and the first stretch of literal bytes.
 *
 * A template stays for good, since nobody counts who was packed against it: `TEMPLATES_MAX` of them, which
 * take some 1 MiB. Beyond, a block of a new shape is packed against one whose first stretch is as long as
 * its own, if there is one, and becomes none.
 */

const TEMPLATES_MAX = 4096;
const TABLE_SIZE = 8192;
/** A longer shape, or first stretch, is none that others will repeat. */
export const SHAPE_BYTES_MAX = 64;
export const STRETCH_BYTES_MAX = 256;

export class BlockTemplates {
  /** Shapes and first stretches, one behind the other. */
  bytes = new Uint8Array(4096);
  view = new DataView(this.bytes.buffer);
  /** By template. Template 0 is none. */
  shapeFrom = new Int32Array(64);
  stretchFrom = new Int32Array(64);
  stretchLength = new Uint16Array(64);
  readonly #shapeLength = new Uint8Array(TEMPLATES_MAX);
  #count = 1;
  #end = 0;
  readonly #table = new Int16Array(TABLE_SIZE);
  /** The first template whose first stretch has that length. */
  readonly #byLength = new Int16Array(STRETCH_BYTES_MAX + 1);
  #slot = 0;

  get memoryBytes(): number {
    return this.bytes.length + 10 * this.shapeFrom.length + TEMPLATES_MAX + 2 * (TABLE_SIZE + STRETCH_BYTES_MAX);
  }

  /** The same templates under the same numbers; both go their own ways from here. */
  copy(): BlockTemplates {
    const copy = new BlockTemplates();
    copy.bytes = this.bytes.slice();
    copy.view = new DataView(copy.bytes.buffer);
    copy.shapeFrom = this.shapeFrom.slice();
    copy.stretchFrom = this.stretchFrom.slice();
    copy.stretchLength = this.stretchLength.slice();
    copy.#shapeLength.set(this.#shapeLength);
    copy.#table.set(this.#table);
    copy.#byLength.set(this.#byLength);
    copy.#count = this.#count;
    copy.#end = this.#end;
    return copy;
  }

  /** The template whose shape is shape[0, length), or 0. Lengths up to `SHAPE_BYTES_MAX`. */
  find(shape: Uint8Array, length: number): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ shape[i], 0x01000193);
    let slot = (hash ^ (hash >>> 15)) & (TABLE_SIZE - 1);
    for (;;) {
      const template = this.#table[slot];
      this.#slot = slot;
      if (template === 0 || this.#hasShape(template, shape, length)) return template;
      slot = (slot + 1) & (TABLE_SIZE - 1);
    }
  }

  /** A template whose first stretch has that length, or 0. Lengths up to `STRETCH_BYTES_MAX`. */
  findByLength(length: number): number {
    return this.#byLength[length];
  }

  /** Makes a template of the shape that was just not found. */
  add(shape: Uint8Array, length: number, literal: Uint8Array, from: number, to: number): void {
    if (this.#count === TEMPLATES_MAX) return;
    const template = this.#count++;
    if (template === this.shapeFrom.length) this.#growIndex();
    const shapeFrom = this.#end;
    const stretchFrom = shapeFrom + length;
    this.#end = stretchFrom + to - from;
    if (this.#end > this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    const { bytes } = this;
    for (let i = 0; i < length; i++) bytes[shapeFrom + i] = shape[i];
    for (let i = from; i < to; i++) bytes[stretchFrom + i - from] = literal[i];
    this.shapeFrom[template] = shapeFrom;
    this.#shapeLength[template] = length;
    this.stretchFrom[template] = stretchFrom;
    this.stretchLength[template] = to - from;
    this.#table[this.#slot] = template;
    if (this.#byLength[to - from] === 0) this.#byLength[to - from] = template;
  }

  #hasShape(template: number, shape: Uint8Array, length: number): boolean {
    const from = this.shapeFrom[template];
    if (this.#shapeLength[template] !== length) return false;
    const { bytes } = this;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== shape[i]) return false;
    return true;
  }

  #growIndex(): void {
    const shapes = new Int32Array(this.shapeFrom.length * 2);
    shapes.set(this.shapeFrom);
    this.shapeFrom = shapes;
    const stretches = new Int32Array(this.stretchFrom.length * 2);
    stretches.set(this.stretchFrom);
    this.stretchFrom = stretches;
    const lengths = new Uint16Array(stretches.length);
    lengths.set(this.stretchLength);
    this.stretchLength = lengths;
  }
}
