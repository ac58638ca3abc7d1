import { MILLISECOND } from '../clock.ts';
import { TOXICS } from '../network/toxics/index.ts';
import { defaultsOf, type LinkName, type ParameterValue, type ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import { type FaultDefinition, nodeName, type ParameterProblem } from './fault.ts';

const OWN = new Set(['type', 'stream', 'toxicity', 'link']);

/** A Toxiproxy toxic on a link, in force until lifted. Its attributes stand beside `type`, under Toxiproxy's names. */
export const toxic: FaultDefinition = {
  name: 'toxic',
  summary: 'A Toxiproxy toxic on the connections that go over a link.',
  parameters: {
    type: { kind: 'choice', choices: TOXICS.map((each) => each.name), doc: 'Name of the toxic.' },
    stream: {
      kind: 'choice',
      choices: ['downstream', 'upstream'],
      default: 'downstream',
      doc: 'downstream: from the accepting side to the dialling side; upstream: the other way.',
    },
    toxicity: { kind: 'ratio', default: 1, min: 0, max: 1, doc: 'Probability that a connection is affected.' },
    link: {
      kind: 'link',
      doc: 'Dialling side, a node, clients, peers or all, and accepting side: {from: clients, to: n1}.',
    },
  },
  check: checkAttributes,
  drawn: { hits: 'links', weight: 3, parameters: drawToxic },
  inject(cluster, parameters, rng) {
    const link = parameters.link as LinkName;
    const type = parameters.type as string;
    const stream = parameters.stream as string;
    const toxicity = parameters.toxicity as number;
    const lift = cluster.addToxic({ type, stream, toxicity, link, attributes: attributesOf(parameters), rng });
    return { label: `${type} ${stream}: ${link.from} → ${link.to}`, lift };
  },
};

/** Toxics that a connection outlives or is made anew after, on a link from another node or from the clients. */
const DRAWN: Readonly<Record<string, (rng: Rng) => ParameterValues>> = {
  latency: (rng) => ({ latency: rng.int(1, 200) * MILLISECOND, jitter: rng.int(0, 50) * MILLISECOND }),
  bandwidth: (rng) => ({ rate: rng.int(1, 500) }),
  packet_loss: (rng) => ({ loss_rate: rng.int(1, 30) / 100 }),
  reset_peer: (rng) => ({ timeout: rng.int(0, 200) * MILLISECOND }),
  slicer: (rng) => ({ average_size: rng.int(10, 500), size_variation: 5, delay: rng.int(0, 500) * 1000 }),
  limit_data: (rng) => ({ bytes: rng.int(1_000, 100_000) }),
  timeout: (rng) => ({ timeout: rng.int(50, 500) * MILLISECOND }),
};

function drawToxic(rng: Rng, node: string, nodeCount: number): ParameterValues {
  const types = Object.keys(DRAWN);
  const type = types[rng.int(0, types.length - 1)]!;
  const from = nodeCount === 1 || rng.chance(0.3) ? 'clients' : nodeName(otherThan(node, rng, nodeCount));
  const attributes = defaultsOf(TOXICS.find((each) => each.name === type)!.attributes);
  const stream = rng.chance(0.5) ? 'downstream' : 'upstream';
  return { type, stream, toxicity: 1, link: { from, to: node }, ...attributes, ...DRAWN[type]!(rng) };
}

function otherThan(node: string, rng: Rng, nodeCount: number): number {
  const other = rng.int(0, nodeCount - 2);
  return other >= Number(node.slice(1)) - 1 ? other + 1 : other;
}

function checkAttributes(parameters: ParameterValues): ParameterProblem | undefined {
  const definition = TOXICS.find((each) => each.name === parameters.type);
  const what = definition?.check?.(attributesOf(parameters));
  return what === undefined ? undefined : { parameter: 'type', what: `${parameters.type}: ${what}` };
}

function attributesOf(parameters: ParameterValues): ParameterValues {
  const attributes: Record<string, ParameterValue> = {};
  for (const name of Object.keys(parameters)) {
    if (!OWN.has(name)) attributes[name] = parameters[name]!;
  }
  return attributes;
}
