/** The file of Toxiproxy that a scenario names: read and turned into faults when the scenario is loaded, so that a run needs no file. */
import type { FaultSpec } from '../sim/run-spec.ts';
import type { Catalogue } from './catalogue.ts';
import { faultEntry } from './fault-entry.ts';
import type { Lenient } from './lenient.ts';
import type { PathProblem } from './problems.ts';
import { isList, type RunPlan } from './resolve.ts';
import type { Body } from './schema.ts';
import { readToxiproxy } from './toxiproxy.ts';
import type { Problem } from './yaml-text.ts';

export type ReadFile = (
  path: string,
) =>
  | { readonly ok: true; readonly label: string; readonly text: string }
  | { readonly ok: false; readonly problem: string };

interface Proxied {
  readonly faults: readonly FaultSpec[];
  /** In the scenario. */
  readonly problems: readonly PathProblem[];
  readonly inFile: readonly Problem[];
}

const NOTHING: Proxied = { faults: [], problems: [], inFile: [] };

export class Proxying {
  readonly #catalogue: Catalogue;
  readonly #readFile: ReadFile;
  /** By what is said of it: most variants say the same. */
  readonly #known = new Map<string, Proxied>();

  constructor(catalogue: Catalogue, readFile: ReadFile | undefined) {
    this.#catalogue = catalogue;
    this.#readFile = readFile ?? (() => ({ ok: false, problem: 'cannot be read: the scenario is in no folder' }));
  }

  of(cluster: Lenient<Body['cluster']> | undefined): Proxied {
    const { nodes, spares, network } = cluster ?? {};
    const { file, hosts } = network?.toxiproxy ?? {};
    const toxic = this.#catalogue.faults.find(({ name }) => name === 'toxic');
    if (file === undefined || hosts === undefined || nodes === undefined || spares === undefined) return NOTHING;
    if (toxic === undefined) return NOTHING;
    const key = JSON.stringify([file, hosts, nodes, spares]);
    const known =
      this.#known.get(key) ?? this.#read(file, { toxic, nodes, spares, hosts: hosts as Record<string, string> });
    this.#known.set(key, known);
    return known;
  }

  #read(path: string, surroundings: Parameters<typeof readToxiproxy>[2]): Proxied {
    const at = ['cluster', 'network', 'toxiproxy'];
    const read = this.#readFile(path);
    if (!read.ok) return { ...NOTHING, problems: [{ path: at, text: `'${path}' ${read.problem}`, atKey: false }] };
    const { faults, problems, unusedHosts } = readToxiproxy(read.label, read.text, surroundings);
    const unused = unusedHosts.map((host) => ({
      path: [...at, 'hosts', host],
      text: `no address in ${read.label} has this host`,
      atKey: true,
    }));
    return { faults, problems: unused, inFile: problems };
  }
}

/** The body with the plan's faults that come from the file listed in it, in place of the file. */
export function selfContained(
  body: Readonly<Record<string, unknown>>,
  { faults, cluster: { engine } }: RunPlan,
  catalogue: Catalogue,
): Readonly<Record<string, unknown>> {
  const cluster = body.cluster as { readonly network?: { readonly toxiproxy?: unknown } } | undefined;
  if (cluster?.network?.toxiproxy === undefined) return body;
  const { toxiproxy: _, ...network } = cluster.network;
  const written = (body.faults ?? []) as readonly unknown[] | { readonly timeline?: readonly unknown[] };
  const timeline = isList(written) ? written : (written.timeline ?? []);
  const proxied = faults
    .slice(0, faults.length - timeline.length)
    .map((fault) => faultEntry(fault, engine.name, catalogue));
  const all = [...proxied, ...timeline];
  return { ...body, cluster: { ...cluster, network }, faults: isList(written) ? all : { ...written, timeline: all } };
}
