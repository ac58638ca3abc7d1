/**
 * `limit_data`: lets `bytes` bytes through on each connection, then closes it.
 *
 * The count survives updates. With a limit already reached (or 0) the next data closes the connection.
 */
import type { Time } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

class LimitDataToxic implements Toxic {
  #bytesMax = 0;
  #bytesPassed = 0;

  constructor(attributes: ParameterValues) {
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#bytesMax = numberOf(attributes, 'bytes');
  }

  onChunk(chunk: Chunk, _now: Time, fate: Fate): void {
    const left = Math.max(0, this.#bytesMax - this.#bytesPassed);
    this.#bytesPassed += Math.min(left, chunk.bytes);
    if (left > chunk.bytes) fate.pass(chunk.bytes, 0, 0);
    else fate.close(left);
  }
}

export const limitData: ToxicDefinition = {
  name: 'limit_data',
  doc: 'Closes the connection when `bytes` have passed.',
  attributes: {
    bytes: { kind: 'bytes', doc: 'Bytes that pass.', default: 0, min: 0, max: 1e15 },
  },
  create: (attributes) => new LimitDataToxic(attributes),
};
