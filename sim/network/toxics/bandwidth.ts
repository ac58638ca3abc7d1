/**
 * `bandwidth`: at most `rate` KB/s, a KB being 1000 bytes; 0 lets nothing through.
 *
 * A chunk that takes longer than 100 ms comes out in pieces of 100 ms. Idle time earns no credit.
 * An update lets the chunk at hand go at once.
 */
import type { Time } from '../../clock.ts';
import { MILLISECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

const PIECE_MS = 100;

class BandwidthToxic implements Toxic {
  /** KB/s is also bytes per ms. */
  #bytesPerMs = 0;

  constructor(attributes: ParameterValues) {
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#bytesPerMs = numberOf(attributes, 'rate');
  }

  onChunk(chunk: Chunk, _now: Time, fate: Fate): void {
    const bytesPerMs = this.#bytesPerMs;
    if (bytesPerMs <= 0) fate.stall();
    else if (chunk.bytes > bytesPerMs * PIECE_MS) fate.pass(bytesPerMs * PIECE_MS, PIECE_MS * MILLISECOND, 0);
    else fate.pass(chunk.bytes, Math.floor((chunk.bytes * MILLISECOND) / bytesPerMs), 0);
  }
}

export const bandwidth: ToxicDefinition = {
  name: 'bandwidth',
  doc: 'Limits a connection to `rate` KB/s.',
  attributes: {
    rate: {
      kind: 'integer',
      doc: 'KB/s, a KB being 1000 bytes; 0 lets nothing through.',
      default: 0,
      min: 0,
      max: 1e9,
    },
  },
  create: (attributes) => new BandwidthToxic(attributes),
};
