/** Seeds of a scenario: a number, a range `1..200` with both ends, or a list of both. */

export const SEEDS_FORMS = '7, 1..200, [1, 5, 10..20]';
const SEEDS_MAX = 100_000;

export type Seeds =
  | { readonly ok: true; readonly seeds: readonly number[] }
  /** `index`: which element of the list; undefined if it is not a list. */
  | { readonly ok: false; readonly problem: string; readonly index?: number };

type Part = { from: number; to: number } | string;

/** In the order written; a seed named twice is refused, because its runs would be the same. */
export function parseSeeds(written: number | string | readonly (number | string)[]): Seeds {
  const list = Array.isArray(written) ? (written as readonly (number | string)[]) : undefined;
  const parts = list ?? [written as number | string];
  const seeds: number[] = [];
  const seen = new Set<number>();
  if (parts.length === 0) return { ok: false, problem: `is empty; allowed: ${SEEDS_FORMS}` };
  for (const [index, text] of parts.entries()) {
    const fail = (problem: string): Seeds =>
      list === undefined ? { ok: false, problem } : { ok: false, problem, index };
    const part = parsePart(text);
    if (typeof part === 'string') return fail(part);
    if (part.to - part.from + 1 + seeds.length > SEEDS_MAX) return fail(`more than ${SEEDS_MAX} seeds`);
    for (let seed = part.from; seed <= part.to; seed++) {
      if (seen.has(seed)) return fail(`seed ${seed} is named twice`);
      seen.add(seed);
      seeds.push(seed);
    }
  }
  return { ok: true, seeds };
}

/** `7`, `1..200` or `1,5,10..20`: what the command line takes. */
export function parseSeedArgument(text: string): Seeds {
  return parseSeeds(text.includes(',') ? text.split(',').map((part) => part.trim()) : text.trim());
}

function parsePart(written: number | string): Part {
  const text = String(written);
  const match = /^([0-9]+)(?:\.\.([0-9]+))?$/.exec(text);
  if (match === null) return `'${text}' is not a seed; allowed: ${SEEDS_FORMS}`;
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  if (to > Number.MAX_SAFE_INTEGER || from > Number.MAX_SAFE_INTEGER)
    return `${text} is too large; allowed: up to 2^53 - 1`;
  if (to < from) return `${text} is an empty range; allowed: ${to}..${from}`;
  return { from, to };
}
