/**
 * Which proxies have which toxics, in the order in which they were added. A proxy is a pair: dialling machine or any,
 * accepting machine.
 */
import { assert } from '../assert.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import { ACCEPTOR, type Connection, DIALLER } from './connection.ts';
import { TOXICS } from './toxics/index.ts';
import type { ToxicDefinition } from './toxics/toxic.ts';

export interface ProxyName {
  /** The dialling machine. */
  readonly from: number | 'any';
  /** The accepting machine. */
  readonly to: number;
}
export type StreamName = 'downstream' | 'upstream';

export interface ToxicSpec {
  readonly proxy: ProxyName;
  /** Name in `TOXICS`. */
  readonly type: string;
  /** `downstream`, the default: from the accepting machine to the dialling one. */
  readonly stream?: StreamName;
  /** Probability that a connection is affected, drawn once for each; default 1. */
  readonly toxicity?: number;
  readonly attributes: ParameterValues;
  /** Default `<type>_<stream>`; one of a kind on its proxy. */
  readonly name?: string;
  /** What it draws from; default: a stream of its name. */
  readonly rng?: Rng;
}

/** Names a toxic in force; 0 names none. */
export type ToxicHandle = number;

export interface AppliedToxic {
  readonly handle: ToxicHandle;
  readonly proxy: ProxyName;
  readonly name: string;
  readonly definition: ToxicDefinition;
  readonly sender: typeof DIALLER | typeof ACCEPTOR;
  readonly rng: Rng;
  toxicity: number;
  attributes: ParameterValues;
}

export class AppliedToxics {
  readonly all: AppliedToxic[] = [];
  readonly #rng: Rng;
  #handles = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** undefined if the proxy has a toxic of that name already. */
  add(spec: ToxicSpec): AppliedToxic | undefined {
    const definition = TOXICS.find((candidate) => candidate.name === spec.type);
    assert(definition !== undefined, 'network: no toxic of that type');
    const stream = spec.stream ?? 'downstream';
    const name = spec.name ?? `${spec.type}_${stream}`;
    const { proxy } = spec;
    const isTaken = (other: AppliedToxic): boolean =>
      other.name === name && other.proxy.from === proxy.from && other.proxy.to === proxy.to;
    if (this.all.some(isTaken)) return undefined;
    const applied: AppliedToxic = {
      handle: ++this.#handles,
      proxy,
      name,
      definition,
      sender: stream === 'upstream' ? DIALLER : ACCEPTOR,
      rng: spec.rng?.fork(`${proxy.from}-${proxy.to}`) ?? this.#rng.fork(`toxic/${proxy.from}-${proxy.to}/${name}`),
      toxicity: spec.toxicity ?? 1,
      attributes: spec.attributes,
    };
    this.all.push(applied);
    return applied;
  }

  find(handle: ToxicHandle): AppliedToxic | undefined {
    return this.all.find((candidate) => candidate.handle === handle);
  }

  /** False if there is none of that handle. */
  remove(handle: ToxicHandle): boolean {
    const at = this.all.findIndex((candidate) => candidate.handle === handle);
    if (at >= 0) this.all.splice(at, 1);
    return at >= 0;
  }
}

/** Whether the connection goes over its proxy. */
export function matches(applied: AppliedToxic, connection: Connection): boolean {
  const { proxy } = applied;
  return connection.acceptor === proxy.to && (proxy.from === 'any' || connection.dialler === proxy.from);
}
