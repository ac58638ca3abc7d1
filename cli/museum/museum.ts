/**
 * `raftlab museum run`: for each bug how long it takes to find, whether it is the bug that is found, and how small it gets.
 *
 * Of all bugs it takes a while: each is written down as it is measured, and the same command goes on from there.
 */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { BugEntry } from '../../sim/bugs.ts';
import type { MuseumOptions } from '../commands/museum.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { OutputFolder } from '../output-folder.ts';
import { PACKAGE } from '../package.ts';
import { type Failing, shrinkBody } from '../shrink/shrink.ts';
import { type Exhibit, exhibitOf } from './exhibit.ts';
import { JOURNAL_NAME, Journal } from './journal.ts';
import { chosenBugs } from './list.ts';
import { type Findings, type Measurement, measurementOf, type Shrinkage, type Size } from './measurement.ts';
import { figuresText, museumPage, SHRINK_BUDGET_S } from './page.ts';
import { falseAlarms, firstTraceHash, Runs, type SearchLimits, searches } from './search.ts';

const STARTS_MAX = 1000;
const SEEDS_MAX = 100_000;

export async function runMuseum(name: string | undefined, options: MuseumOptions, host: Host): Promise<number> {
  const bugs = chosenBugs(name);
  const limits = limitsOf(options);
  if (options.write === true && name !== undefined) throw new UsageError('--write: goes with all bugs, not with one');
  const folder = options.write === true ? new OutputFolder(host.directory, 'docs') : undefined;
  const journal = name === undefined ? openJournal(options, host) : undefined;
  const runs = new Runs(host, limits.jobs);
  let interruptions = 0;
  const forget = host.onInterrupt(() => {
    if (++interruptions > 1) process.exit(EXIT_INTERRUPTED);
    const kept = journal === undefined ? '' : '; the same command goes on';
    host.error(`\ninterrupted: showing what was measured${kept} (once more to leave at once)\n`);
    runs.interrupt();
  });
  const measured: Measurement[] = [];
  try {
    for (const [i, bug] of bugs.entries()) {
      const findings = await measure(bug, limits, options.shrink, runs, journal, host);
      if (findings === undefined) break;
      const measurement = measurementOf(bug, findings);
      measured.push(measurement);
      const { finds } = measurement;
      host.error(`${bug.name}: ${finds} of ${limits.starts} searches found it (${i + 1} of ${bugs.length} bugs)\n`);
    }
  } finally {
    forget();
  }
  if (measured.length > 0) host.out(`${figuresText(measured)}\n`);
  if (runs.interrupted) return EXIT_INTERRUPTED;
  if (folder !== undefined) host.out(`wrote ${folder.write('museum.md', museumPage(measured, limits))}\n`);
  const wrong = measured.filter(({ problem }) => problem !== '');
  for (const { bug, problem } of wrong) host.error(`${bug.name}: ${problem}\n`);
  return wrong.length > 0 ? EXIT_FAILED : EXIT_OK;
}

function limitsOf({ starts, seedsMax, jobs }: MuseumOptions): SearchLimits {
  const check = (option: string, value: number, max: number): void => {
    if (!(value >= 1 && value <= max)) throw new UsageError(`${option}: allowed: a whole number from 1 to ${max}`);
  };
  check('--starts', starts, STARTS_MAX);
  check('--seeds-max', seedsMax, SEEDS_MAX);
  return { starts, seedsMax, jobs: jobs ?? availableParallelism() };
}

function openJournal({ out, fresh }: MuseumOptions, host: Host): Journal {
  const { label } = new OutputFolder(host.directory, out ?? 'out/museum');
  const path = join(resolve(host.directory, label), JOURNAL_NAME);
  if (fresh === true) rmSync(path, { force: true });
  return new Journal(path);
}

/** As the journal has it, or anew; undefined: interrupted. */
async function measure(
  bug: BugEntry,
  limits: SearchLimits,
  shrinks: boolean,
  runs: Runs,
  journal: Journal | undefined,
  host: Host,
): Promise<Findings | undefined> {
  const exhibit = exhibitOf(bug);
  if (journal === undefined) return search(exhibit, limits, shrinks, runs, host);
  const traceHash = await firstTraceHash(exhibit, runs);
  if (traceHash === undefined) return undefined;
  const { starts, seedsMax } = limits;
  const key = { version: PACKAGE.version, starts, seedsMax, shrinks, bug: bug.name, traceHash };
  const known = journal.find(key);
  if (known !== undefined) return known;
  const findings = await search(exhibit, limits, shrinks, runs, host);
  if (findings !== undefined) journal.add(key, findings);
  return findings;
}

/** undefined: interrupted. */
async function search(
  exhibit: Exhibit,
  limits: SearchLimits,
  shrinks: boolean,
  runs: Runs,
  host: Host,
): Promise<Findings | undefined> {
  const { bug } = exhibit;
  const before = process.cpuUsage();
  const found = await searches(exhibit, limits, runs);
  const used = process.cpuUsage(before);
  const seeds = found.flatMap(({ find }) => (find === undefined ? [] : [find.seed]));
  const alarms = runs.interrupted ? [] : await falseAlarms(exhibit, seeds, runs);
  if (runs.interrupted) return undefined;
  const first = found.find(({ find }) => find?.check === bug.check)?.find?.seed;
  const shrinkage = shrinks && first !== undefined ? await shrunk(exhibit, first, host) : undefined;
  if (runs.interrupted) return undefined;
  return { searches: found, alarms, cpuMs: (used.user + used.system) / 1000, shrinkage };
}

async function shrunk({ bug, scenario }: Exhibit, seed: number, host: Host): Promise<Shrinkage> {
  const quiet: Host = { ...host, error: () => undefined };
  const { original, smallest } = await shrinkBody(bug.name, scenario.bodies[0]!, seed, SHRINK_BUDGET_S * 1000, quiet);
  return { seed, before: sizeOf(original), after: sizeOf(smallest) };
}

function sizeOf({ spec, violation }: Failing): Size {
  return {
    faults: spec.faults.length,
    nodes: spec.cluster.nodes,
    clients: spec.workload.clients,
    events: violation.event,
  };
}
