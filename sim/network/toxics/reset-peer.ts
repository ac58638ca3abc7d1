/**
 * `reset_peer`: the first data, or a close, starts a wait of `timeout`; then both ends are reset.
 *
 * Nothing passes from the first data on. The wait, once begun, is not called off by an update;
 * removal brings the reset forward. Differs from Toxiproxy: a connection that was open before the toxic came is reset as
 * well, where Toxiproxy closes it gently because it sets the socket option only at accept.
 */
import type { Duration, Time } from '../../clock.ts';
import { SECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

class ResetPeerToxic implements Toxic {
  #timeoutNs: Duration = 0;
  #triggered = false;

  constructor(attributes: ParameterValues) {
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#timeoutNs = numberOf(attributes, 'timeout');
  }

  onChunk(_chunk: Chunk, _now: Time, fate: Fate): void {
    this.#trigger(fate);
  }

  onClose(_now: Time, fate: Fate): void {
    this.#trigger(fate);
  }

  onTimer(_now: Time, fate: Fate): void {
    fate.reset();
  }

  onRemove(_now: Time, fate: Fate): void {
    if (this.#triggered) fate.reset();
  }

  #trigger(fate: Fate): void {
    fate.drop();
    if (!this.#triggered) fate.wakeAfter(this.#timeoutNs);
    this.#triggered = true;
  }
}

export const resetPeer: ToxicDefinition = {
  name: 'reset_peer',
  doc: 'Resets the connection `timeout` after the first data.',
  attributes: {
    timeout: { kind: 'duration', doc: 'Wait after the first data.', default: 0, min: 0, max: 3600 * SECOND },
  },
  create: (attributes) => new ResetPeerToxic(attributes),
};
