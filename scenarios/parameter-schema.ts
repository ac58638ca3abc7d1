/** Turns what an engine option, toxic attribute or fault parameter says about itself into a schema. */
import { z } from 'zod';
import type { ParameterSpec, ParameterSpecs } from '../sim/parameters.ts';
import { choice, decimalNumber, fields, flag, listOf, quantity, ratio, shown, wholeNumber } from './fields.ts';
import { formatQuantity } from './units.ts';

const NODES_MAX = 64;
const NODES = 'n([1-9]|[1-5][0-9]|6[0-4])';
const NODE_NAME = new RegExp(`^(leader|follower|${NODES})$`);
const DIALLING_NAME = new RegExp(`^(clients|peers|all|leader|follower|${NODES})$`);
const ACCEPTING_NAME = new RegExp(`^(clients|leader|follower|${NODES})$`);
const HOST_NAME = new RegExp(`^(clients|peers|all|${NODES})$`);

function machine(pattern: RegExp, allowed: string, doc: string) {
  const error = (issue: { input?: unknown }): string =>
    issue.input === undefined
      ? `missing; allowed: ${allowed}`
      : `${shown(issue.input)} is not a machine; allowed: ${allowed}`;
  return z.string({ error }).regex(pattern, { error }).meta({ description: doc });
}

const nodeName = (doc: string) => machine(NODE_NAME, 'leader, follower, n1, n2 …', doc);
const diallingSide = (doc: string) => machine(DIALLING_NAME, 'clients, peers, all, leader, follower, n1, n2 …', doc);
const acceptingSide = (doc: string) => machine(ACCEPTING_NAME, 'leader, follower, n1, n2 …', doc);
/** What the name of a host may stand for. */
export const hostMeaning = (doc: string) => machine(HOST_NAME, 'clients, peers, all, n1, n2 …', doc);

function bare(spec: ParameterSpec): z.ZodType {
  switch (spec.kind) {
    case 'integer':
      return wholeNumber(spec.min, spec.max, spec.doc);
    case 'number':
      return decimalNumber(spec.min, spec.max, spec.doc);
    case 'bytes':
    case 'duration':
      return quantity(spec.kind, spec.min, spec.max, spec.doc);
    case 'ratio':
      return ratio(spec.min, spec.max, spec.doc);
    case 'boolean':
      return flag(spec.doc);
    case 'choice':
      return choice(spec.choices, spec.doc);
    case 'node':
      return nodeName(spec.doc);
    case 'groups':
      return listOf(
        listOf(nodeName('A node.'), 'One side.', 'nodes', NODES_MAX),
        spec.doc,
        'lists of nodes',
        NODES_MAX,
      );
    case 'engine-options':
      // which there are depends on the engine: see `changed-options.ts`
      return z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean()]), {
          error: (issue) => `${shown(issue.input)} is not a mapping of options`,
        })
        .meta({ description: spec.doc });
    case 'link':
      return fields({ from: diallingSide('The dialling side.'), to: acceptingSide('The accepting side.') }, spec.doc);
  }
}

/** The default as one would write it in the file. */
function writtenDefault(spec: ParameterSpec): unknown {
  if (!('default' in spec) || spec.default === undefined) return undefined;
  if (spec.kind === 'bytes' || spec.kind === 'duration') return formatQuantity(spec.kind, spec.default);
  return spec.default;
}

export function parameterShape(specs: ParameterSpecs): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const type = bare(spec);
    const value = writtenDefault(spec);
    if (value !== undefined) shape[name] = type.prefault(value);
    else shape[name] = spec.optional === true ? type.optional() : type;
  }
  return shape;
}
