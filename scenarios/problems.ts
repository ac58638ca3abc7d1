/** From zod's issues to problems that name a path of the file, all of them, in the order of the file. */
import type { z } from 'zod';
import { type Path, valueAt } from './path.ts';

export interface PathProblem {
  readonly path: Path;
  readonly text: string;
  /** Point at the field's name rather than at its value. */
  readonly atKey: boolean;
}

type Issue = z.core.$ZodIssue;

/** `data` is what was validated: the branch of a union is chosen by what stands there. */
export function problemsOf(error: z.ZodError, data: unknown, base: Path = []): PathProblem[] {
  const problems: PathProblem[] = [];
  for (const issue of error.issues) collect(issue, base, data, problems);
  return problems;
}

function collect(issue: Issue, base: Path, data: unknown, into: PathProblem[]): void {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const texts = issue.message.split('\n');
    for (const [i, key] of issue.keys.entries()) into.push({ path: [...path, key], text: texts[i]!, atKey: true });
    return;
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = likeliest(issue.errors, typeof valueAt(data, issue.path as Path) === 'object');
    if (branch !== undefined) {
      for (const inner of branch)
        collect({ ...inner, path: [...issue.path, ...inner.path] } as Issue, base, data, into);
      return;
    }
  }
  into.push({ path, text: issue.message, atKey: false });
}

/**
 * The branch that was meant: one whose type fits, i.e. with nothing wrong at its root but unknown
 * fields or a wrong choice. undefined: none fits, and the union's own message says more.
 */
function likeliest(branches: readonly Issue[][], isMapping: boolean): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (branch) => !branch.some((issue) => issue.path.length === 0 && isTypeIssue(issue, isMapping)),
  );
  return fitting.reduce<readonly Issue[] | undefined>(
    (best, branch) => (best === undefined || branch.length < best.length ? branch : best),
    undefined,
  );
}

function isTypeIssue(issue: Issue, isMapping: boolean): boolean {
  // a choice says "invalid value" even to a mapping
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && isMapping);
}
