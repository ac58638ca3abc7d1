/**
 * `down`: the proxy is off (`enabled: false`). Not a toxic in Toxiproxy either, but listed among
 * them: its connections are closed at once, what is still in the proxy is lost, and dials are
 * refused until it is lifted. It closes both directions whatever its stream, and refuses dials
 * whatever its toxicity.
 */
import type { Time } from '../../clock.ts';
import type { Chunk, Fate, Toxic, ToxicDefinition } from './toxic.ts';

class DownToxic implements Toxic {
  update(): void {}

  onStart(_now: Time, fate: Fate): void {
    fate.close(0);
  }

  onChunk(_chunk: Chunk, _now: Time, fate: Fate): void {
    fate.close(0);
  }
}

export const down: ToxicDefinition = {
  name: 'down',
  doc: 'Closes all connections of the proxy and refuses new ones.',
  attributes: {},
  refusesDials: true,
  create: () => new DownToxic(),
};
