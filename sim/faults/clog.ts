import type { FaultDefinition } from './fault.ts';
import { checkNodeLinks, drawNodeLinks, NODE_LINKS, nodeLinks } from './node-links.ts';

/**
 * Nothing gets through for a while, and nothing is lost: when it is lifted everything comes at once, in order. After
 * FoundationDB's clogging. Connections that get nothing through for five seconds end all the same.
 */
export const clog: FaultDefinition = {
  name: 'clog',
  summary: 'Holds up what goes over links, and lets it all through when it is lifted.',
  parameters: NODE_LINKS,
  check: checkNodeLinks,
  drawn: { hits: 'links', weight: 1, parameters: drawNodeLinks },
  inject(cluster, parameters) {
    const links = nodeLinks(cluster, parameters);
    if (links === undefined) return undefined;
    const handle = cluster.block(links.pairs, true);
    return { label: `clog: ${links.label}`, lift: () => cluster.unblock(handle) };
  },
};
