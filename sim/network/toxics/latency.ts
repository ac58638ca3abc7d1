/**
 * `latency`: every chunk comes out `latency` ± `jitter` after it was read from the sender.
 *
 * The delay counts from when the chunk was read, so chunks overlap and none overtakes another, and
 * time that an earlier toxic held the chunk is part of it. An update lets the waiting chunk go.
 * Jitter is uniform in [−jitter, +jitter), in ns where Toxiproxy draws whole ms.
 */
import type { Time } from '../../clock.ts';
import { SECOND } from '../../clock.ts';
import type { ParameterValues } from '../../parameters.ts';
import type { Rng } from '../../rng.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';
import { numberOf } from './toxic.ts';

class LatencyToxic implements Toxic {
  #latencyNs = 0;
  #jitterNs = 0;
  readonly #rng: Rng;

  constructor(attributes: ParameterValues, rng: Rng) {
    this.#rng = rng;
    this.update(attributes);
  }

  update(attributes: ParameterValues): void {
    this.#latencyNs = numberOf(attributes, 'latency');
    this.#jitterNs = numberOf(attributes, 'jitter');
  }

  onChunk(chunk: Chunk, now: Time, fate: Fate): void {
    const jitterNs = this.#jitterNs > 0 ? this.#rng.int(-this.#jitterNs, this.#jitterNs - 1) : 0;
    const sleepNs = this.#latencyNs + jitterNs - (now - chunk.timestamp);
    chunk.timestamp += sleepNs;
    fate.pass(chunk.bytes, Math.max(0, sleepNs), 0);
  }
}

export const latency: ToxicDefinition = {
  name: 'latency',
  doc: 'Delays all data by `latency` ± `jitter`.',
  attributes: {
    latency: { kind: 'duration', doc: 'Delay of every chunk.', default: 0, min: 0, max: 3600 * SECOND },
    jitter: { kind: 'duration', doc: 'Uniform deviation to both sides.', default: 0, min: 0, max: 3600 * SECOND },
  },
  create: (attributes, rng) => new LatencyToxic(attributes, rng),
};
