/**
 * What a schema cannot say: whether the parts of a scenario fit one another. Each check takes the
 * values it needs, and is skipped where one of them did not validate, so that all other problems are
 * still reported. Checks are of one variant, because the matrix may vary any part.
 */
import { MACHINES_MAX } from '../sim/nodes/member-id.ts';
import type { LinkName, OptionValues, ParameterSpec, ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import type { Catalogue, FaultEntry } from './catalogue.ts';
import { readChangedOptions } from './changed-options.ts';
import type { Lenient } from './lenient.ts';
import type { Path } from './path.ts';
import { endTimeNs, FAULT_TIMING, isList, keyCount, namedFaults, preloadKeys } from './resolve.ts';
import type { Body, FaultBody, NemesisBody } from './schema.ts';
import { allowedText } from './suggestion.ts';
import { formatQuantity } from './units.ts';

export type Report = (path: Path, text: string, atKey?: boolean) => void;

type Good = Lenient<Body>;
type GoodFault = Lenient<FaultBody>;

/** `good`: what of the body validated. `raw`: the body as written. */
export function checkSemantics(
  good: Good,
  raw: Readonly<Record<string, unknown>>,
  catalogue: Catalogue,
  report: Report,
): void {
  checkRaft(good.cluster?.raft ?? {}, report);
  checkSpares(good.cluster?.nodes, good.cluster?.spares, report);
  checkWorkload(good.workload ?? {}, report);
  if (good.end !== undefined) checkStart(good.workload?.start, good.end, report);
  checkFaults(good, raw.faults, catalogue, report);
}

/** In either form: the list by itself, or under `timeline` beside a nemesis. */
function checkFaults(good: Good, raw: unknown, catalogue: Catalogue, report: Report): void {
  const { faults, end, cluster } = good;
  const inList = isList(raw);
  const path: Path = inList ? ['faults'] : ['faults', 'timeline'];
  const rawTimeline = inList ? raw : (raw as { readonly timeline?: unknown } | undefined)?.timeline;
  const timeline = faults === undefined || isList(faults) ? faults : faults.timeline;
  for (const [index, rawFault] of (isList(rawTimeline) ? rawTimeline : []).entries()) {
    const at = [...path, index];
    checkFaultForm(rawFault, at, catalogue, report);
    const fault = timeline?.[index];
    if (fault === undefined) continue;
    if (end !== undefined) checkFaultTime(fault, at, end, report);
    if (cluster?.nodes !== undefined) checkFaultTarget(fault, at, cluster as Machines, catalogue, report);
  }
  const nemesis = faults === undefined || isList(faults) ? undefined : faults.nemesis;
  if (nemesis !== undefined && end !== undefined) checkNemesis(nemesis, end, report);
}

function checkRaft(raft: NonNullable<NonNullable<Good['cluster']>['raft']>, report: Report): void {
  const { electionTimeout, heartbeatInterval, inflightBytes, messageMax } = raft;
  if (inflightBytes !== undefined && messageMax !== undefined && inflightBytes < messageMax) {
    const least = formatQuantity('bytes', messageMax);
    report(
      ['cluster', 'raft', 'inflightBytes'],
      `${formatQuantity('bytes', inflightBytes)} is less than a message; allowed: at least messageMax (${least})`,
    );
  }
  if (electionTimeout === undefined || heartbeatInterval === undefined) return;
  if (electionTimeout >= 5 * heartbeatInterval) return;
  const least = formatQuantity('duration', 5 * heartbeatInterval);
  report(
    ['cluster', 'raft', 'electionTimeout'],
    `${formatQuantity('duration', electionTimeout)} is too short; allowed: at least 5 heartbeat intervals (${least}), as etcd demands`,
  );
}

function checkSpares(nodes: number | undefined, spares: number | undefined, report: Report): void {
  if (nodes === undefined || spares === undefined || nodes + spares <= MACHINES_MAX) return;
  const most = MACHINES_MAX - nodes;
  report(['cluster', 'spares'], `${spares} beside ${nodes} nodes; allowed: at most ${most}, together ${MACHINES_MAX}`);
}

function checkWorkload(workload: NonNullable<Good['workload']>, report: Report): void {
  const { mix, keys, load, backoff, preload } = workload;
  const at = (...rest: string[]): Path => ['workload', ...rest];
  const exceeds = (
    path: Path,
    smaller: number | undefined,
    larger: number | undefined,
    kind: 'bytes' | 'duration',
  ): void => {
    if (smaller === undefined || larger === undefined || smaller <= larger) return;
    report(path, `${formatQuantity(kind, smaller)} is more than max (${formatQuantity(kind, larger)})`);
  };
  if (mix !== undefined && [mix.put, mix.get, mix.delete, mix.range].every((share) => share === 0)) {
    report(at('mix'), 'all shares are 0; allowed: at least one above 0');
  }
  if (load !== undefined && load !== 'closed' && workload.rateLimit !== undefined) {
    report(at('rateLimit'), 'limits a closed loop only; allowed: leave it out, or load: closed', true);
  }
  const count = keyCount(workload);
  if (keys?.size !== undefined) {
    const least = String(count - 1).length + 1;
    if (keys.size < least) {
      report(at('keys', 'size'), `${keys.size}B is too short for ${count} keys; allowed: at least ${least}B`);
    }
  }
  for (const [value, path] of [
    [workload.value, at('value')] as const,
    [preload?.value, at('preload', 'value')] as const,
  ]) {
    if (typeof value !== 'object') continue;
    if ('min' in value) exceeds([...path, 'min'], value.min, value.max, 'bytes');
    if ('mean' in value) exceeds([...path, 'mean'], value.mean, value.max, 'bytes');
  }
  checkPreload(workload, at('preload'), report);
  exceeds(at('backoff', 'initial'), backoff?.initial, backoff?.max, 'duration');
}

const PRELOAD_KEYS_MAX = 1e9;

function checkPreload(workload: NonNullable<Good['workload']>, path: Path, report: Report): void {
  const { preload } = workload;
  if (preload === undefined) return;
  const { keys, bytes } = preload;
  if (keys !== undefined && bytes !== undefined) {
    report([...path, 'bytes'], 'beside keys; allowed: one of the two', true);
    return;
  }
  const preloaded = preloadKeys(workload);
  if (preloaded === undefined) return;
  const count = keyCount(workload);
  if (bytes !== undefined && (preloaded === 0 || preloaded > PRELOAD_KEYS_MAX)) {
    const text = formatQuantity('bytes', bytes);
    report([...path, 'bytes'], `${text} are ${preloaded} values; allowed: 1 to ${PRELOAD_KEYS_MAX} values`);
  } else if (preloaded > count) {
    report(path, `${preloaded} is more than keys.count; allowed: at most ${count}`);
  }
}

function checkStart(start: number | undefined, end: NonNullable<Good['end']>, report: Report): void {
  const endNs = endTimeNs(end);
  if (start === undefined || start < endNs) return;
  const text = formatQuantity('duration', start);
  report(['workload', 'start'], `${text} is not before the end of the run (${formatQuantity('duration', endNs)})`);
}

/** Needs nothing but the names of the fields. */
function checkFaultForm(raw: unknown, path: Path, catalogue: Catalogue, report: Report): void {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return;
  const given = Object.keys(raw);
  const names = catalogue.faults.map((fault) => fault.name);
  const named = given.filter((key) => names.includes(key));
  const unknown = given.some((key) => !names.includes(key) && !FAULT_TIMING.includes(key));
  if (named.length === 0 && !unknown) report(path, `names no fault${allowedText(undefined, names)}`);
  if (named.length > 1) report(path, `names ${named.length} faults (${named.join(', ')}); allowed: one each`);
  const has = (key: string): boolean => given.includes(key);
  if (!has('at') && !has('when')) report(path, 'says not when; allowed: at: 2s, or when: leader elected');
  if (has('at') && has('when')) report([...path, 'when'], 'stands beside at; allowed: one of them', true);
  for (const key of ['from', 'after']) {
    if (has(key) && !has('when')) report([...path, key], 'goes with when only; allowed: at, for', true);
  }
}

function checkNemesis(nemesis: Lenient<NemesisBody>, end: NonNullable<Good['end']>, report: Report): void {
  const endNs = endTimeNs(end);
  for (const field of ['from', 'until'] as const) {
    const timeNs = nemesis[field];
    const isLate = field === 'from' ? (timeNs ?? 0) >= endNs : (timeNs ?? 0) > endNs;
    if (timeNs === undefined || !isLate) continue;
    const text = formatQuantity('duration', timeNs);
    report(
      ['faults', 'nemesis', field],
      `${text} is not before the end of the run (${formatQuantity('duration', endNs)})`,
    );
  }
  const { from, until } = nemesis;
  if (from !== undefined && until !== undefined && until <= from)
    report(['faults', 'nemesis', 'until'], 'is not after from');
}

function checkFaultTime(fault: GoodFault, path: Path, end: NonNullable<Good['end']>, report: Report): void {
  const endNs = endTimeNs(end);
  const field = fault.when === undefined ? 'at' : 'from';
  const startNs = fault[field];
  if (startNs === undefined || startNs < endNs) return;
  const text = formatQuantity('duration', startNs);
  report([...path, field], `${text} is not before the end of the run (${formatQuantity('duration', endNs)})`);
}

interface Machines {
  readonly nodes: number;
  readonly engine?: { readonly name?: unknown } | undefined;
  readonly spares?: number | undefined;
}

function checkFaultTarget(
  fault: GoodFault,
  path: Path,
  { nodes, spares = 0, engine }: Machines,
  catalogue: Catalogue,
  report: Report,
): void {
  for (const [name, parameters] of namedFaults(fault as Partial<FaultBody>)) {
    const entry = catalogue.faults.find((candidate) => candidate.name === name)!;
    const specs = parametersOf(entry, parameters);
    let complete = true;
    for (const [key, spec] of Object.entries(specs)) {
      const value = parameters[key];
      if (value !== undefined) {
        const at = [...path, name, key];
        checkMachines(spec, value, at, nodes + spares, report);
        if (spec.kind === 'engine-options') checkOptions(value as OptionValues, at, engine?.name, catalogue, report);
      } else if (spec.optional !== true) complete = false;
    }
    const problem = complete ? entry.check?.(parameters, nodes, spares) : undefined;
    if (problem !== undefined) report([...path, name, problem.parameter], problem.what);
  }
}

function checkOptions(options: OptionValues, path: Path, name: unknown, catalogue: Catalogue, report: Report): void {
  const engine = catalogue.engines.find((candidate) => candidate.name === name);
  if (engine === undefined) return;
  for (const problem of readChangedOptions(engine, options).problems) {
    report([...path, ...problem.path], problem.text, problem.atKey);
  }
}

function parametersOf(entry: FaultEntry, parameters: ParameterValues): ParameterSpecs {
  const kind = entry.kinds === undefined ? undefined : String(parameters[entry.kinds.by]);
  return kind === undefined ? entry.parameters : { ...entry.parameters, ...entry.kinds!.parameters[kind] };
}

function checkMachines(spec: ParameterSpec, value: unknown, path: Path, nodes: number, report: Report): void {
  const check = (name: string, at: Path): void => {
    if (name === 'follower' && nodes === 1) report(at, 'a cluster of 1 node has no follower');
    const number = /^n([0-9]+)$/.exec(name);
    if (number !== null && Number(number[1]) > nodes) {
      report(at, `there is no node ${name}; allowed: n1${nodes > 1 ? ` to n${nodes}` : ''}, leader, follower`);
    }
  };
  if (spec.kind === 'node') check(value as string, path);
  if (spec.kind === 'link') {
    const { from, to } = value as Partial<LinkName>;
    if (from !== undefined) check(from, [...path, 'from']);
    if (to !== undefined) check(to, [...path, 'to']);
    if (to === 'clients') report([...path, 'to'], 'nothing dials the clients; allowed: {from: clients, to: n1}');
    else if (from !== undefined && from === to) report([...path, 'to'], 'there is no link from a machine to itself');
  }
  if (spec.kind === 'groups') {
    const groups = value as readonly (readonly string[])[];
    const seen = new Set<string>();
    for (const [i, group] of groups.entries()) {
      for (const [j, name] of (group ?? []).entries()) {
        if (name === undefined) continue;
        check(name, [...path, i, j]);
        if (seen.has(name)) report([...path, i, j], `${name} is named twice`);
        seen.add(name);
      }
    }
  }
}
