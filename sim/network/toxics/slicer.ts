/**
 * `slicer`: cuts data into pieces of about `average_size` bytes and rests for `delay` after each.
 *
 * A chunk longer than average_size + size_variation is halved, the cut moved by a uniform draw from
 * [−size_variation, size_variation), and so on for both halves. An update or removal lets the rest
 * of the chunk at hand go in one piece.
 */
import type { Duration, Time } from '../../clock.ts';
import { SECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Rng } from '../../rng.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

class SlicerToxic implements Toxic {
  #averageSize = 1;
  #sizeVariation = 0;
  #delayNs: Duration = 0;
  /** Sizes of the pieces of the chunk at hand that are still to come, last one first. */
  readonly #pieces: number[] = [];
  readonly #rng: Rng;

  constructor(attributes: ParameterValues, rng: Rng) {
    this.#rng = rng;
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#averageSize = numberOf(attributes, 'average_size');
    this.#sizeVariation = numberOf(attributes, 'size_variation');
    this.#delayNs = numberOf(attributes, 'delay');
    this.#pieces.length = 0;
  }

  onChunk(chunk: Chunk, _now: Time, fate: Fate): void {
    if (this.#pieces.length === 0) {
      this.#cut(chunk.bytes);
      this.#pieces.reverse();
    }
    fate.pass(this.#pieces.pop() ?? chunk.bytes, 0, this.#delayNs);
  }

  /** At most 15 deep: chunks are at most 32 KiB and each cut takes about half. */
  #cut(size: number): void {
    if (size - this.#averageSize <= this.#sizeVariation) {
      this.#pieces.push(size);
      return;
    }
    let left = Math.floor(size / 2);
    if (this.#sizeVariation > 0) left += this.#rng.int(-this.#sizeVariation, this.#sizeVariation - 1);
    this.#cut(left);
    this.#cut(size - left);
  }
}

export const slicer: ToxicDefinition = {
  name: 'slicer',
  doc: 'Cuts data into small pieces, with an optional rest after each.',
  attributes: {
    average_size: { kind: 'bytes', doc: 'Mean size of a piece.', min: 1, max: 1e9 },
    size_variation: { kind: 'bytes', doc: 'Deviation of the cut; below average_size.', default: 0, min: 0, max: 1e9 },
    delay: { kind: 'duration', doc: 'Rest after each piece.', default: 0, min: 0, max: 3600 * SECOND },
  },
  check: (attributes) =>
    numberOf(attributes, 'size_variation') < numberOf(attributes, 'average_size')
      ? undefined
      : 'size_variation must be smaller than average_size',
  create: (attributes, rng) => new SlicerToxic(attributes, rng),
};
