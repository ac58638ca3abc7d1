/** What the searches for one bug have come to. */
import type { BugEntry } from '../../sim/bugs.ts';
import type { Find, Search } from './search.ts';

export interface Size {
  readonly faults: number;
  readonly nodes: number;
  readonly clients: number;
  /** Up to the violation. */
  readonly events: number;
}

export interface Shrinkage {
  readonly seed: number;
  readonly before: Size;
  readonly after: Size;
}

/** What was seen. */
export interface Findings {
  readonly searches: readonly Search[];
  /** Among the seeds that found it, those that complain without the bug too. */
  readonly alarms: readonly Find[];
  /** Of the processor, for all searches. */
  readonly cpuMs: number;
  readonly shrinkage?: Shrinkage | undefined;
}

export interface Measurement {
  readonly bug: BugEntry;
  readonly searches: number;
  readonly finds: number;
  /** Over the searches; infinite if half of them found nothing. */
  readonly seedsMedian: number;
  /** Finds ÷ seeds tried: that one seed finds it. */
  readonly probability: number;
  readonly virtualNsMedian: number;
  /** Of the processor, for one find. */
  readonly cpuMs: number;
  /** Which check spoke first, by how many finds. */
  readonly checks: Readonly<Record<string, number>>;
  /** Among the seeds that found it, those that complain without the bug too. */
  readonly falseAlarms: readonly Find[];
  readonly shrinkage: Shrinkage | undefined;
  /** Why the exhibit does not do; '' if it does. */
  readonly problem: string;
}

export function measurementOf(bug: BugEntry, { searches, alarms, cpuMs, shrinkage }: Findings): Measurement {
  const finds = searches.flatMap(({ find }) => find ?? []);
  const seeds = searches.reduce((sum, search) => sum + search.seeds, 0);
  const checks: Record<string, number> = {};
  for (const { check } of finds) checks[check] = (checks[check] ?? 0) + 1;
  return {
    bug,
    searches: searches.length,
    finds: finds.length,
    seedsMedian: median(searches, (search) => search.seeds),
    probability: finds.length / Math.max(1, seeds),
    virtualNsMedian: median(searches, (search) => search.virtualNs),
    cpuMs: cpuMs / Math.max(1, finds.length),
    checks,
    falseAlarms: alarms,
    shrinkage,
    problem: problemOf(bug, finds.length, checks, alarms),
  };
}

/** A search in vain took longer than any other. */
function median(searches: readonly Search[], of: (search: Search) => number): number {
  const values = searches.map((search) => (search.find === undefined ? Number.POSITIVE_INFINITY : of(search)));
  values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = (values.length - 1) / 2;
  return (values[Math.floor(middle)]! + values[Math.ceil(middle)]!) / 2;
}

function problemOf(
  bug: BugEntry,
  finds: number,
  checks: Readonly<Record<string, number>>,
  falseAlarms: readonly Find[],
): string {
  if (finds === 0) return 'was not found';
  const alarm = falseAlarms[0];
  if (alarm !== undefined) return `${alarm.check} complains under seed ${alarm.seed} without the bug, too`;
  if ((checks[bug.check] ?? 0) * 2 <= finds) return `was found by other checks than ${bug.check}`;
  return '';
}
