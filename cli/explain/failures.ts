/** Beside a report: a page for the first failing run of each check, of some, and of none that takes long. */
import type { ExplainedRun } from '../../reports/index.ts';
import type { RunResult } from '../../sim/result.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import type { Host } from '../host.ts';
import type { OutputFolder } from '../output-folder.ts';
import { explainedRun, fileNameOf } from './page.ts';

const PAGES_MAX = 3;
/** Of a run that is run once more without having been asked for. */
const EVENTS_MAX = 500_000;
const PRELOAD_KEYS_MAX = 1_000_000;

export interface FailedScenario {
  readonly why: string;
  readonly specs: readonly RunSpec[];
  readonly folder: OutputFolder;
  commandOf(spec: RunSpec): string;
}

export async function explainRuns(
  failing: readonly RunResult[],
  { why, specs, folder, commandOf }: FailedScenario,
  host: Host,
): Promise<ExplainedRun[]> {
  const explained: ExplainedRun[] = [];
  const checks = new Set<string>();
  for (const { variant, seed, events, violations } of failing) {
    const { check } = violations[0]!;
    if (explained.length === PAGES_MAX) break;
    const spec = specs.find((each) => each.variant === variant && each.seed === seed)!;
    const isLong = events > EVENTS_MAX || spec.workload.preloadKeys > PRELOAD_KEYS_MAX;
    if (checks.has(check) || isLong) continue;
    checks.add(check);
    const page = await explainedRun({ spec, why, command: commandOf(spec), window: undefined }, host);
    if (page === undefined) break;
    const file = fileNameOf(spec);
    folder.write(file, page.html);
    explained.push({ variant, seed, file });
  }
  return explained;
}
