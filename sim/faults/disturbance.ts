import { MILLISECOND, SECOND } from '../clock.ts';
import type { DisturbanceKind } from '../network/interference.ts';
import type { ParameterSpecs } from '../parameters.ts';
import type { FaultDefinition } from './fault.ts';
import { checkNodeLinks, drawNodeLinks, NODE_LINKS, nodeLinks } from './node-links.ts';

const DELAY: ParameterSpecs = {
  delay: {
    kind: 'duration',
    default: 20 * MILLISECOND,
    min: 1000,
    max: 60 * SECOND,
    doc: 'Mean of the time, drawn for each, by which it comes later.',
  },
};

/** A fault that strikes single messages of the links that it is in force on: a share of them, drawn one by one. */
export function disturbance(
  kind: DisturbanceKind,
  summary: string,
  share: { readonly usual: number; readonly drawnMax: number },
): FaultDefinition {
  const isDelay = kind !== 'corrupt';
  return {
    name: kind,
    summary,
    parameters: {
      ...NODE_LINKS,
      share: { kind: 'ratio', default: share.usual, min: 0, max: 1, doc: 'Of the messages.' },
      ...(isDelay ? DELAY : {}),
    },
    check: checkNodeLinks,
    drawn: {
      hits: 'links',
      weight: 1,
      parameters: (rng, node) => ({
        ...drawNodeLinks(rng, node),
        share: (rng.int(1, 100) / 100) * share.drawnMax,
        ...(isDelay ? { delay: rng.int(1, 100) * MILLISECOND } : {}),
      }),
    },
    inject(cluster, parameters, rng) {
      const links = nodeLinks(cluster, parameters);
      if (links === undefined) return undefined;
      const delayNs = isDelay ? (parameters.delay as number) : 0;
      const lift = cluster.disturb(links.pairs, { kind, share: parameters.share as number, delayNs, rng });
      return { label: `${kind}: ${links.label}`, lift };
    },
  };
}
