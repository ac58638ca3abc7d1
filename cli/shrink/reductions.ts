/**
 * What can be left out of a scenario's body, or made smaller: each reduction is a smaller body and what was done, in the
 * order in which they are worth trying. Plain data in, plain data out; whether a result makes sense the loader decides.
 */
import { produce } from 'immer';

export type ScenarioBody = Readonly<Record<string, unknown>>;

export interface Reduction {
  /** `without fault 3`, `cluster.nodes: 5 → 3`. */
  readonly what: string;
  readonly body: ScenarioBody;
}

type Fields = Record<string, unknown>;

const isMapping = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** In a mapping of its own, made if need be. */
function set(body: ScenarioBody, path: readonly string[], value: unknown): ScenarioBody {
  return produce(body, (draft) => {
    let at = draft as Fields;
    for (const key of path.slice(0, -1)) {
      if (!isMapping(at[key])) at[key] = {};
      at = at[key] as Fields;
    }
    const last = path.at(-1)!;
    if (value === undefined) delete at[last];
    else at[last] = value;
  });
}

function get(body: ScenarioBody, path: readonly string[]): unknown {
  let at: unknown = body;
  for (const key of path) at = isMapping(at) ? at[key] : undefined;
  return at;
}

/** Half of the faults, then a quarter …, then one by one: most of them usually have nothing to do with it. */
export function fewerFaults(body: ScenarioBody): Reduction[] {
  const faults = Array.isArray(body.faults) ? (body.faults as unknown[]) : [];
  const reductions: Reduction[] = [];
  for (let size = faults.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < faults.length; from += size) {
      const kept = faults.filter((_, i) => i < from || i >= from + size);
      const last = Math.min(from + size, faults.length);
      const what = size === 1 ? `without fault ${from + 1}` : `without faults ${from + 1} to ${last}`;
      reductions.push({ what, body: set(body, ['faults'], kept) });
    }
  }
  return reductions;
}

/** What makes a run large, and the least of it. */
const NUMBERS: Readonly<Record<string, number>> = {
  'cluster.nodes': 1,
  'workload.clients': 1,
  'workload.keys.count': 1,
};
/** Left out, these would take a default, which may be more than they are. */
const KEPT = ['cluster.engine', 'end.after', 'workload.keys', ...Object.keys(NUMBERS)];
/** From here down one by one. */
const FEW = 8;

/** Settings that the body names and that have a default: none is needed until it is proven. */
export function fewerSettings(body: ScenarioBody): Reduction[] {
  const reductions: Reduction[] = [];
  const visit = (path: readonly string[], value: unknown): void => {
    const name = path.join('.');
    if (path.length > 1 && !KEPT.includes(name)) {
      reductions.push({ what: `without ${name}`, body: set(body, path, undefined) });
    }
    if (!isMapping(value)) return;
    for (const [key, inner] of Object.entries(value)) visit([...path, key], inner);
  };
  for (const part of ['cluster', 'workload', 'end']) visit([part], body[part]);
  return reductions;
}

/** The numbers that make a run large, towards their least. */
export function smallerNumbers(body: ScenarioBody, now: Readonly<Record<string, number>>): Reduction[] {
  const reductions: Reduction[] = [];
  for (const [name, least] of Object.entries(NUMBERS)) {
    const path = name.split('.');
    const written = get(body, path);
    const value = typeof written === 'number' ? written : now[name]!;
    const tried = new Set([least, Math.floor(value / 4), Math.floor(value / 2), value <= FEW ? value - 1 : least]);
    for (const smaller of [...tried].sort((a, b) => a - b)) {
      if (smaller < least || smaller >= value) continue;
      reductions.push({ what: `${name}: ${value} → ${smaller}`, body: set(body, path, smaller) });
    }
  }
  return reductions;
}

/** The run need not go on after the violation; a fault need not last as long. `ms` is when the violation came. */
export function lessTime(body: ScenarioBody, ms: number): Reduction[] {
  const reductions: Reduction[] = [];
  const end = Math.ceil(ms) + 1;
  reductions.push({ what: `end.after: ${end}ms`, body: set(body, ['end', 'after'], `${end}ms`) });
  const faults = Array.isArray(body.faults) ? (body.faults as Fields[]) : [];
  for (const [i, fault] of faults.entries()) {
    const match = /^(\d+(?:\.\d+)?) ?(ms|s|min)$/.exec(String(fault.for ?? ''));
    if (match === null) continue;
    const halved = Math.floor((Number(match[1]) * { ms: 1, s: 1000, min: 60_000 }[match[2] as 'ms' | 's' | 'min']) / 2);
    if (halved < 1) continue;
    const shorter = produce(body, (draft) => {
      (draft.faults as Fields[])[i]!.for = `${halved}ms`;
    });
    reductions.push({ what: `fault ${i + 1} for ${halved}ms`, body: shorter });
  }
  return reductions;
}
