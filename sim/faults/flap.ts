import { MILLISECOND, SECOND } from '../clock.ts';
import type { ParameterSpec } from '../parameters.ts';
import { drawnTime } from './drawn-time.ts';
import type { FaultDefinition } from './fault.ts';
import { checkNodeLinks, drawNodeLinks, NODE_LINKS, nodeLinks } from './node-links.ts';

const mean = (doc: string): ParameterSpec => ({
  kind: 'duration',
  default: 100 * MILLISECOND,
  min: MILLISECOND,
  max: 60 * SECOND,
  doc,
});

/** Links that come and go, as with a bad cable or a port that renegotiates: each time down and each time up is drawn. */
export const flap: FaultDefinition = {
  name: 'flap',
  summary: 'Cuts links again and again, for times that are drawn.',
  parameters: { ...NODE_LINKS, up: mean('Mean time up.'), down: mean('Mean time down. The first comes at once.') },
  check: checkNodeLinks,
  drawn: {
    hits: 'links',
    weight: 1,
    parameters: (rng, node) => ({
      ...drawNodeLinks(rng, node),
      up: rng.int(1, 300) * MILLISECOND,
      down: rng.int(1, 300) * MILLISECOND,
    }),
  },
  inject(cluster, parameters, rng) {
    const links = nodeLinks(cluster, parameters);
    if (links === undefined) return undefined;
    let handle = 0;
    let stopTimer = (): void => {};
    const turn = (): void => {
      const isDown = handle === 0;
      if (isDown) handle = cluster.block(links.pairs);
      else {
        cluster.unblock(handle);
        handle = 0;
      }
      const meanNs = (isDown ? parameters.down : parameters.up) as number;
      stopTimer = cluster.later(drawnTime(rng, meanNs), turn);
    };
    turn();
    return {
      label: `flap: ${links.label}`,
      lift: () => {
        stopTimer();
        cluster.unblock(handle);
      },
    };
  },
};
