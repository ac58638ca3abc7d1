/**
 * Failing runs grouped by what is probably one cause: the check that spoke first, what it said without the numbers and
 * names of this run, what the nodes were at that moment, and which kinds of faults had been at work.
 */
import type { SweptRun } from './journal.ts';

export interface Cause {
  readonly check: string;
  /** What the check said, numbers replaced by `#` and nodes by `node`. */
  readonly what: string;
  readonly roles: string;
  readonly faults: readonly string[];
  readonly runs: number;
  /** Of the runs that could have shown it: all that were swept. */
  readonly share: number;
  readonly variants: readonly string[];
  /** Ascending, the first so many. */
  readonly seeds: readonly number[];
  /** The run that came to its violation with the fewest events. */
  readonly shortest: SweptRun;
}

const SEEDS_SHOWN = 20;

export function causesOf(runs: readonly SweptRun[]): Cause[] {
  const groups = new Map<string, SweptRun[]>();
  for (const run of runs) {
    if (run.violations.length === 0 && run.defect === undefined) continue;
    const signature = JSON.stringify(signatureOf(run));
    const group = groups.get(signature);
    if (group === undefined) groups.set(signature, [run]);
    else group.push(run);
  }
  const causes = [...groups.values()].map((group) => causeOf(group, runs.length));
  return causes.sort((a, b) => b.runs - a.runs || a.seeds[0]! - b.seeds[0]! || (a.what < b.what ? -1 : 1));
}

function causeOf(group: SweptRun[], swept: number): Cause {
  group.sort((a, b) => a.seed - b.seed || (a.variant < b.variant ? -1 : 1));
  const shortest = group.reduce((best, run) => (length(run) < length(best) ? run : best));
  return {
    ...signatureOf(shortest),
    runs: group.length,
    share: group.length / swept,
    variants: [...new Set(group.map(({ variant }) => variant))].sort((a, b) => (a < b ? -1 : 1)),
    seeds: [...new Set(group.map(({ seed }) => seed))].slice(0, SEEDS_SHOWN),
    shortest,
  };
}

function length(run: SweptRun): number {
  return run.violations[0]?.event ?? run.events ?? Number.MAX_SAFE_INTEGER;
}

function signatureOf(run: SweptRun): Pick<Cause, 'check' | 'what' | 'roles' | 'faults'> {
  const first = run.violations[0];
  if (first === undefined) {
    const line = run.defect?.split('\n')[0] ?? '';
    return { check: 'defect in raftlab', what: withoutNumbers(line), roles: '', faults: [] };
  }
  return { check: first.check, what: withoutNumbers(first.what), roles: first.roles, faults: run.faults };
}

export function withoutNumbers(text: string): string {
  return text.replace(/\bn\d+\b/g, 'node').replace(/\d+(?:\.\d+)?/g, '#');
}
