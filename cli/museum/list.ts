/** `raftlab museum list`, and finding a bug by its name. */
import { allowedText } from '../../scenarios/suggestion.ts';
import { BUG_NAMES, BUGS, type BugEntry } from '../../sim/bugs.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { textTable } from '../text-table.ts';
import { counted } from '../wording.ts';

export function listBugs(host: Host): number {
  const rows = BUGS.map(({ name, check, source, mechanism }) => [name, check, source, mechanism]);
  host.out(`${textTable([['bug', 'check', 'source', 'mechanism'], ...rows], 1)}\n`);
  host.out(`\n${counted(BUGS.length, 'bug')}; each is off unless a scenario names it in cluster.bugs\n`);
  return EXIT_OK;
}

/** Without a name: all of them. */
export function chosenBugs(name: string | undefined): readonly BugEntry[] {
  if (name === undefined) return BUGS;
  const entry = BUGS.find((bug) => bug.name === name);
  if (entry === undefined) throw new UsageError(`there is no bug '${name}'${allowedText(name, BUG_NAMES)}`);
  return [entry];
}
