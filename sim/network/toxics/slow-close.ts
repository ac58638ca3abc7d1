/**
 * `slow_close`: data passes untouched; a close is held back by `delay`.
 *
 * An update starts the delay anew; removing the toxic lets the close through at once.
 */
import type { Duration, Time } from '../../clock.ts';
import { SECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

class SlowCloseToxic implements Toxic {
  #delayNs: Duration = 0;

  constructor(attributes: ParameterValues) {
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#delayNs = numberOf(attributes, 'delay');
  }

  onChunk(chunk: Chunk, _now: Time, fate: Fate): void {
    fate.pass(chunk.bytes, 0, 0);
  }

  onClose(_now: Time, fate: Fate): void {
    fate.pass(0, this.#delayNs, 0);
  }
}

export const slowClose: ToxicDefinition = {
  name: 'slow_close',
  doc: 'Delays the close of a connection by `delay`.',
  attributes: {
    delay: { kind: 'duration', doc: 'How long a close is held back.', default: 0, min: 0, max: 3600 * SECOND },
  },
  create: (attributes) => new SlowCloseToxic(attributes),
};
