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

/** Smaller bytes for each put, and fewer requests a second: where the body says how many. */
const QUANTITIES: readonly { readonly path: readonly string[]; readonly form: RegExp; readonly least: number }[] = [
  { path: ['workload', 'rateLimit'], form: /^(\d+)(\/s)$/, least: 1 },
  { path: ['workload', 'load', 'open'], form: /^(\d+)(\/s)$/, least: 1 },
  { path: ['workload', 'value'], form: /^(\d+)(B|KiB|MiB)$/, least: 16 },
];
const UNIT_SCALE: Readonly<Record<string, number>> = { '/s': 1, B: 1, KiB: 1024, MiB: 1024 * 1024 };

export function smallerQuantities(body: ScenarioBody): Reduction[] {
  const reductions: Reduction[] = [];
  for (const { path, form, least } of QUANTITIES) {
    const match = form.exec(String(get(body, path) ?? ''));
    if (match === null) continue;
    const unit = match[2] === '/s' ? '/s' : 'B';
    const value = Number(match[1]) * UNIT_SCALE[match[2]!]!;
    for (const divisor of [16, 4, 2]) {
      const smaller = Math.max(least, Math.floor(value / divisor));
      if (smaller >= value) continue;
      const what = `${path.join('.')}: ${match[0]} → ${smaller}${unit}`;
      reductions.push({ what, body: set(body, path, `${smaller}${unit}`) });
    }
  }
  return reductions;
}

/** Kinds of operations that clients need not ask for; the others keep their shares. */
export function fewerOperations(body: ScenarioBody): Reduction[] {
  const mix = get(body, ['workload', 'mix']);
  if (!isMapping(mix) || Object.keys(mix).length < 2) return [];
  return Object.keys(mix).map((kind) => {
    const others = Object.entries(mix).filter(([other]) => other !== kind);
    // percentages must add up, weights need not
    const weights = others.map(([other, share]) => [other, Number.parseFloat(String(share))]);
    return { what: `without ${kind}s`, body: set(body, ['workload', 'mix'], Object.fromEntries(weights)) };
  });
}

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

/** Of `2s`, `1500 ms`; undefined: is no such duration. */
function milliseconds(text: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|min)$/.exec(String(text ?? ''));
  return match === null ? undefined : Number(match[1]) * MS[match[2]!]!;
}

/**
 * The run need not go on after the violation; nothing need wait as long for the first fault; a fault need not last as
 * long. `ms` is when the violation came: after the end it was a final check that complained.
 */
export function lessTime(body: ScenarioBody, ms: number): Reduction[] {
  const reductions: Reduction[] = [];
  const after = milliseconds(get(body, ['end', 'after']));
  const ends = after !== undefined && ms >= after ? [after / 2, (after * 3) / 4, (after * 7) / 8] : [ms + 1];
  for (const end of ends.map(Math.ceil)) {
    reductions.push({ what: `end.after: ${end}ms`, body: set(body, ['end', 'after'], `${end}ms`) });
  }
  return reductions;
}

/** The whole schedule sooner, by half of what passes until the first fault. */
export function earlierFaults(body: ScenarioBody): Reduction[] {
  const faults = Array.isArray(body.faults) ? (body.faults as Fields[]) : [];
  const starts = faults.map(({ at, from }) => milliseconds(at ?? from));
  if (starts.length === 0 || starts.includes(undefined)) return [];
  const sooner = Math.floor(Math.min(...(starts as number[])) / 2);
  if (sooner < 1) return [];
  const moved = produce(body, (draft) => {
    for (const [i, fault] of (draft.faults as Fields[]).entries()) {
      fault[fault.at === undefined ? 'from' : 'at'] = `${starts[i]! - sooner}ms`;
    }
  });
  return [{ what: `all faults ${sooner}ms sooner`, body: moved }];
}

export function shorterFaults(body: ScenarioBody): Reduction[] {
  const faults = Array.isArray(body.faults) ? (body.faults as Fields[]) : [];
  return faults.flatMap((fault, i) => {
    const halved = Math.floor((milliseconds(fault.for) ?? 0) / 2);
    if (halved < 1) return [];
    const shorter = produce(body, (draft) => {
      (draft.faults as Fields[])[i]!.for = `${halved}ms`;
    });
    return [{ what: `fault ${i + 1} for ${halved}ms`, body: shorter }];
  });
}
