/** `raftlab museum run`: for each bug how long it takes to find, whether it is the bug that is found, and how small it gets. */
import { availableParallelism } from 'node:os';
import type { BugEntry } from '../../sim/bugs.ts';
import type { MuseumOptions } from '../commands/museum.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { OutputFolder } from '../output-folder.ts';
import { type Failing, shrinkBody } from '../shrink/shrink.ts';
import { type Exhibit, exhibitOf } from './exhibit.ts';
import { chosenBugs } from './list.ts';
import { type Measurement, measurementOf, type Shrinkage, type Size } from './measurement.ts';
import { figuresText, museumPage } from './page.ts';
import { falseAlarms, Runs, type SearchLimits, searches } from './search.ts';

const SHRINK_BUDGET_MS = 30_000;
const STARTS_MAX = 1000;
const SEEDS_MAX = 100_000;

export async function runMuseum(name: string | undefined, options: MuseumOptions, host: Host): Promise<number> {
  const bugs = chosenBugs(name);
  const limits = limitsOf(options);
  if (options.write === true && name !== undefined) throw new UsageError('--write: goes with all bugs, not with one');
  const folder = options.write === true ? new OutputFolder(host.directory, 'docs') : undefined;
  const runs = new Runs(host, limits.jobs);
  let interruptions = 0;
  const forget = host.onInterrupt(() => {
    if (++interruptions > 1) process.exit(EXIT_INTERRUPTED);
    host.error('\ninterrupted: showing what was measured (once more to leave at once)\n');
    runs.interrupt();
  });
  const measured: Measurement[] = [];
  try {
    for (const [i, bug] of bugs.entries()) {
      const measurement = await measure(bug, limits, options.shrink, runs, host);
      if (measurement === undefined) break;
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

/** undefined: interrupted. */
async function measure(
  bug: BugEntry,
  limits: SearchLimits,
  shrinks: boolean,
  runs: Runs,
  host: Host,
): Promise<Measurement | undefined> {
  const exhibit = exhibitOf(bug);
  const before = process.cpuUsage();
  const found = await searches(exhibit, limits, runs);
  const used = process.cpuUsage(before);
  const seeds = found.flatMap(({ find }) => (find === undefined ? [] : [find.seed]));
  const alarms = runs.interrupted ? [] : await falseAlarms(exhibit, seeds, runs);
  if (runs.interrupted) return undefined;
  const first = found.find(({ find }) => find?.check === bug.check)?.find?.seed;
  const shrinkage = shrinks && first !== undefined ? await shrunk(exhibit, first, host) : undefined;
  return runs.interrupted ? undefined : measurementOf(bug, found, alarms, (used.user + used.system) / 1000, shrinkage);
}

async function shrunk({ bug, scenario }: Exhibit, seed: number, host: Host): Promise<Shrinkage> {
  const quiet: Host = { ...host, error: () => undefined };
  const { original, smallest } = await shrinkBody(bug.name, scenario.bodies[0]!, seed, SHRINK_BUDGET_MS, quiet);
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
