/**
 * `packet_loss`: a chunk is lost with probability `loss_rate`, plus `correlation` if the one before
 * was lost too (a simplified Gilbert-Elliott model, so that losses come in bursts).
 *
 * Differs from Toxiproxy in what a loss does. Toxiproxy leaves out the chunk's bytes and lets the
 * stream go on behind the hole, which no TCP connection does to its reader: a framed protocol would
 * take the middle of one message for the head of the next. Here a lost chunk is what a lost segment
 * is to TCP: it is sent again after the retransmission time-out (200 ms, doubling), each attempt
 * drawn anew, and everything behind it waits; after 15 s of attempts the connection is reset.
 * Fast retransmit is not modelled, so a single loss in the midst of traffic costs more than in life.
 */
import type { Duration, Time } from '../../clock.ts';
import { MILLISECOND, SECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Rng } from '../../rng.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

const RETRANSMISSION_TIMEOUT_NS: Duration = 200 * MILLISECOND;
const GIVE_UP_NS: Duration = 15 * SECOND;

class PacketLossToxic implements Toxic {
  #lossRate = 0;
  #correlation = 0;
  #wasLost = false;
  #givesUp = false;
  readonly #rng: Rng;

  constructor(attributes: ParameterValues, rng: Rng) {
    this.#rng = rng;
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#lossRate = numberOf(attributes, 'loss_rate');
    this.#correlation = numberOf(attributes, 'correlation');
  }

  onChunk(chunk: Chunk, now: Time, fate: Fate): void {
    if (this.#givesUp) {
      fate.stall();
      return;
    }
    let delayNs: Duration = 0;
    let timeoutNs = RETRANSMISSION_TIMEOUT_NS;
    while (this.#isLost()) {
      fate.retransmissions++;
      delayNs += timeoutNs;
      timeoutNs *= 2;
      if (delayNs >= GIVE_UP_NS) {
        this.#givesUp = true;
        fate.stall();
        fate.wakeAfter(GIVE_UP_NS);
        return;
      }
    }
    // Counted from arrival: losses of chunks that are under way together are repaired together.
    fate.pass(chunk.bytes, Math.max(0, chunk.enteredAt + delayNs - now), 0);
  }

  onTimer(_now: Time, fate: Fate): void {
    if (this.#givesUp) fate.reset();
  }

  onStart(): void {
    this.#givesUp = false;
  }

  #isLost(): boolean {
    const probability = this.#wasLost ? this.#lossRate + this.#correlation : this.#lossRate;
    this.#wasLost = this.#rng.chance(probability);
    return this.#wasLost;
  }
}

export const packetLoss: ToxicDefinition = {
  name: 'packet_loss',
  doc: 'Loses chunks, which are sent again after a time-out.',
  attributes: {
    loss_rate: { kind: 'ratio', doc: 'Probability that a chunk is lost.', default: 0, min: 0, max: 1 },
    correlation: { kind: 'ratio', doc: 'Added if the chunk before was lost.', default: 0, min: 0, max: 1 },
  },
  create: (attributes, rng) => new PacketLossToxic(attributes, rng),
};
