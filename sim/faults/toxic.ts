import type { LinkName, ParameterValues } from '../parameters.ts';
import type { FaultDefinition } from './fault.ts';

const OWN = new Set(['type', 'stream', 'toxicity', 'link']);

/** A Toxiproxy toxic on a link, in force until lifted. Its attributes stand beside `type`, under Toxiproxy's names. */
export const toxic: FaultDefinition = {
  name: 'toxic',
  summary: 'A Toxiproxy toxic on the connections that go over a link.',
  parameters: {
    type: { kind: 'choice', choices: [], doc: 'Name of the toxic; the others of this list are in the toxic registry.' },
    stream: {
      kind: 'choice',
      choices: ['downstream', 'upstream'],
      default: 'downstream',
      doc: 'downstream: from the accepting side to the dialling side; upstream: the other way.',
    },
    toxicity: { kind: 'ratio', default: 1, min: 0, max: 1, doc: 'Probability that a connection is affected.' },
    link: { kind: 'link', doc: 'Dialling and accepting side: {from: clients, to: n1}.' },
  },
  inject(cluster, parameters, rng) {
    const link = parameters.link as LinkName;
    const type = parameters.type as string;
    const stream = parameters.stream as string;
    const handle = cluster.addToxic({
      type,
      stream,
      toxicity: parameters.toxicity as number,
      link,
      attributes: attributesOf(parameters),
      rng,
    });
    return { label: `${type} ${stream}: ${link.from} → ${link.to}`, lift: () => cluster.removeToxic(handle) };
  },
};

function attributesOf(parameters: ParameterValues): Record<string, number> {
  const attributes: Record<string, number> = {};
  for (const name of Object.keys(parameters)) {
    if (!OWN.has(name)) attributes[name] = parameters[name] as number;
  }
  return attributes;
}
