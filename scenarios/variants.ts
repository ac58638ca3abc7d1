/**
 * The variants of a scenario: its body once for each combination of the matrix and of the named
 * variants, derived from the base by immer, so that they share everything they don't change.
 */
import { produce } from 'immer';
import { assign, type Path, parsePath, pathText } from './path.ts';
import type { PathProblem } from './problems.ts';
import { DEFAULT_ENGINE, SHORTHANDS } from './schema/cluster.ts';
import { BODY_FIELDS, type Head } from './schema.ts';

const VARIANTS_MAX = 1000;

/** A change to the body, and where in the file it is written. */
interface Assignment {
  readonly path: Path;
  readonly value: unknown;
  readonly writtenAt: Path;
}

export interface Variant {
  readonly name: string;
  /** Plain data, not yet validated. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly assignments: readonly Assignment[];
}

interface Axis {
  readonly choices: readonly { readonly label: string; readonly assignments: readonly Assignment[] }[];
}

/** Names are unique; if any problem is found the list may lack variants. */
export function expandVariants(
  base: Record<string, unknown>,
  head: Pick<Head, 'matrix' | 'variants'>,
  problems: PathProblem[],
): readonly Variant[] {
  const axes = [...variantsAxis(head, problems), ...matrixAxes(head, problems)];
  const count = axes.reduce((product, axis) => product * axis.choices.length, 1);
  if (count > VARIANTS_MAX) {
    problems.push({ path: ['matrix'], text: `makes ${count} variants; allowed: at most ${VARIANTS_MAX}`, atKey: true });
    return [];
  }
  const variants: Variant[] = [];
  const seen = new Set<string>();
  for (let number = 0; number < count; number++) {
    const labels: string[] = [];
    const assignments: Assignment[] = [];
    let rest = number;
    // the last axis turns fastest
    for (const axis of axes.toReversed()) {
      const picked = axis.choices[rest % axis.choices.length]!;
      rest = Math.floor(rest / axis.choices.length);
      labels.unshift(picked.label);
      assignments.unshift(...picked.assignments);
    }
    const body = produce(base, (draft) => {
      for (const { path, value, writtenAt } of assignments) {
        const problem = assign(draft, path, value);
        if (problem !== undefined) problems.push({ path: writtenAt, text: problem, atKey: true });
      }
    });
    const name = labels.length === 0 ? labelOf('cluster.engine', engineOf(body), false) : labels.join(' ');
    if (seen.has(name)) {
      const path = head.variants.length > 0 ? ['variants'] : ['matrix'];
      problems.push({ path, text: `two variants would both be called '${name}'`, atKey: true });
      return variants;
    }
    seen.add(name);
    variants.push({ name, body, assignments });
  }
  return variants;
}

function variantsAxis(head: Pick<Head, 'variants'>, problems: PathProblem[]): Axis[] {
  if (head.variants.length === 0) return [];
  const choices = head.variants.map((variant, index) => {
    const assignments: Assignment[] = [];
    for (const [text, value] of Object.entries(variant.set)) {
      const writtenAt = ['variants', index, 'set', text];
      const path = bodyPath(text, writtenAt, problems);
      if (path !== undefined) assignments.push({ path, value, writtenAt });
    }
    return { label: variant.name, assignments };
  });
  return [{ choices }];
}

function matrixAxes(head: Pick<Head, 'matrix'>, problems: PathProblem[]): Axis[] {
  const axes: Axis[] = [];
  for (const [text, values] of Object.entries(head.matrix)) {
    const path = bodyPath(text, ['matrix', text], problems);
    if (path === undefined) continue;
    const labels = labelsOf(text, values as readonly unknown[]);
    const choices = (values as readonly unknown[]).map((value, index) => ({
      label: labels[index]!,
      assignments: [{ path, value, writtenAt: ['matrix', text, index] }],
    }));
    axes.push({ choices });
  }
  return axes;
}

function bodyPath(text: string, writtenAt: Path, problems: PathProblem[]): Path | undefined {
  const path = parsePath(text);
  if (path !== undefined && (BODY_FIELDS as readonly unknown[]).includes(path[0])) return path;
  const what = `is not a path of the body; allowed: paths that start with ${BODY_FIELDS.join(', ')}`;
  problems.push({ path: writtenAt, text: what, atKey: true });
  return undefined;
}

function engineOf(body: Record<string, unknown>): unknown {
  const cluster = body.cluster as Record<string, unknown> | null | undefined;
  return (typeof cluster === 'object' ? cluster?.engine : undefined) ?? DEFAULT_ENGINE;
}

/** What tells each value from the others of its axis, in few words: of an engine its name, if that is enough. */
function labelsOf(pathName: string, values: readonly unknown[]): string[] {
  const short = values.map((value) => labelOf(pathName, value, false));
  return new Set(short).size === short.length ? short : values.map((value) => labelOf(pathName, value, true));
}

function labelOf(pathName: string, value: unknown, isFull: boolean): string {
  const key = SHORTHANDS[pathName];
  const last = String(parsePath(pathName)?.at(-1) ?? pathName);
  if (key === undefined) return leaves(value, last).join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  const { [key]: name, ...rest } = value as Record<string, unknown>;
  const further = isFull ? leaves(key === 'name' ? (rest.options ?? {}) : rest) : [];
  return [name === undefined ? last : String(name), ...further].join(' ');
}

/** `a.b=1` for every scalar below. */
function leaves(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${prefix}=${value}`];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, prefix === '' ? key : pathText([prefix, key])));
}
