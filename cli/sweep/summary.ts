/** What a sweep has come to: counts and causes, as data, as a table for a terminal, and as a page. */
import { explainLine, shellQuoted } from '../command-line.ts';
import { textTable } from '../text-table.ts';
import { counted } from '../wording.ts';
import { type Cause, causesOf } from './causes.ts';
import type { Journal, SweptRun } from './journal.ts';

export interface SweepSummary {
  readonly version: string;
  readonly scenario: string;
  readonly shard: readonly [number, number];
  /** To be done by this shard, and done. */
  readonly runs: number;
  readonly done: number;
  readonly failing: number;
  readonly unproven: number;
  /** Runs by the reason that excuses their first complaint. */
  readonly excused: Readonly<Record<string, number>>;
  readonly cutShort: number;
  readonly events: number;
  readonly virtualTimeNs: number;
  readonly causes: readonly (Omit<Cause, 'shortest'> & {
    readonly reproduce: string;
    /** Draws that run; '' where raftlab itself failed. */
    readonly explain: string;
  })[];
}

/** Of the runs that were asked for: an earlier sweep in the same folder may have had other seeds too. */
export function summarise({ head }: Journal, done: readonly SweptRun[], runs: number): SweepSummary {
  const sum = (of: (run: SweptRun) => number): number => done.reduce((total, run) => total + of(run), 0);
  return {
    version: head.version,
    scenario: head.scenario,
    shard: head.shard,
    runs,
    done: done.length,
    failing: sum((run) => (run.violations.length > 0 || run.defect !== undefined ? 1 : 0)),
    unproven: sum((run) => run.unproven ?? 0),
    excused: excusedOf(done),
    cutShort: sum((run) => (run.ended === 'event budget' ? 1 : 0)),
    events: sum((run) => run.events ?? 0),
    virtualTimeNs: sum((run) => run.virtualTimeNs ?? 0),
    causes: causesOf(done).map(({ shortest, ...cause }) => {
      const reproduce = `${head.command} --variant ${shellQuoted(shortest.variant)} --seed ${shortest.seed}`;
      return { ...cause, reproduce, explain: shortest.defect === undefined ? explainLine(reproduce) : '' };
    }),
  };
}

/** A run that has a violation too is not excused. */
function excusedOf(done: readonly SweptRun[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { excused, violations } of done) {
    const reason = violations.length === 0 ? excused?.[0] : undefined;
    if (reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function summaryText(summary: SweepSummary): string {
  const { scenario, shard, runs, done, failing, unproven, cutShort, causes } = summary;
  const part = shard[1] > 1 ? `, shard ${shard[0]} of ${shard[1]}` : '';
  const facts = [`${done} of ${counted(runs, 'run')}${part}`, `${failing} failing`];
  if (unproven > 0) facts.push(`${counted(unproven, 'key')} unproven`);
  const reasons = Object.entries(summary.excused);
  const excused = reasons.reduce((sum, [, runs]) => sum + runs, 0);
  if (excused > 0)
    facts.push(`${excused} excused (${reasons.map(([reason, runs]) => `${reason} ${runs}`).join(', ')})`);
  if (cutShort > 0) facts.push(`${cutShort} cut short by their event budget`);
  const lines = [`${scenario}: ${facts.join(', ')}`];
  if (causes.length > 0) {
    const rows = causes.map((cause, i) => [
      String(i + 1),
      String(cause.runs),
      cause.check,
      cause.roles,
      cause.faults.join(', '),
      cause.seeds.slice(0, 5).join(', ') + (cause.runs > 5 ? ' …' : ''),
    ]);
    lines.push('', textTable([['cause', 'runs', 'check', 'nodes', 'faults', 'seeds'], ...rows]));
    for (const [i, { what, reproduce, explain }] of causes.entries()) {
      lines.push('', `cause ${i + 1}: ${what}`, `  ${reproduce}`);
      if (explain !== '') lines.push(`  ${explain}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
