import { TOXICS } from '../network/toxics/index.ts';
import type { LinkName, ParameterValue, ParameterValues } from '../parameters.ts';
import type { FaultDefinition, ParameterProblem } from './fault.ts';

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
    link: { kind: 'link', doc: 'Dialling and accepting side: {from: clients, to: n1}.' },
  },
  check: checkAttributes,
  inject(cluster, parameters) {
    const link = parameters.link as LinkName;
    const type = parameters.type as string;
    const stream = parameters.stream as string;
    const toxicity = parameters.toxicity as number;
    const lift = cluster.addToxic({ type, stream, toxicity, link, attributes: attributesOf(parameters) });
    return { label: `${type} ${stream}: ${link.from} → ${link.to}`, lift };
  },
};

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
