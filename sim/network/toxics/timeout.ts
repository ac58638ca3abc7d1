/**
 * `timeout`: all data disappears, and the connection is closed once nothing has come for `timeout`;
 * with 0 it stays open, silent, until the toxic is removed, which closes it.
 *
 * As in Toxiproxy every chunk starts the wait again, and so does an update. A close by the sender
 * passes. Differs from Toxiproxy: removal closes only the connections that the toxicity draw chose,
 * not those through which data went on flowing.
 */
import type { Duration, Time } from '../../clock.ts';
import { SECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

class TimeoutToxic implements Toxic {
  #timeoutNs: Duration = 0;

  constructor(attributes: ParameterValues) {
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#timeoutNs = numberOf(attributes, 'timeout');
  }

  onStart(_now: Time, fate: Fate): void {
    if (this.#timeoutNs > 0) fate.wakeAfter(this.#timeoutNs);
  }

  onChunk(_chunk: Chunk, _now: Time, fate: Fate): void {
    fate.drop();
    if (this.#timeoutNs > 0) fate.wakeAfter(this.#timeoutNs);
  }

  onTimer(_now: Time, fate: Fate): void {
    // An update to 0 leaves the old timer behind.
    if (this.#timeoutNs > 0) fate.close(0);
  }

  onRemove(_now: Time, fate: Fate): void {
    fate.close(0);
  }
}

export const timeout: ToxicDefinition = {
  name: 'timeout',
  doc: 'Stops all data, and closes the connection after `timeout` without any; 0: only when the toxic is removed.',
  attributes: {
    timeout: {
      kind: 'duration',
      doc: 'Silence after which it closes; 0: never.',
      default: 0,
      min: 0,
      max: 3600 * SECOND,
    },
  },
  create: (attributes) => new TimeoutToxic(attributes),
};
