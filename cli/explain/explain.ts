/** `raftlab explain`: one run once more with a recorder on it, and the page about it. */
import type { ExplainOptions } from '../commands/explain.ts';
import { durationNsOf } from '../durations.ts';
import { EXIT_INTERRUPTED, EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { OutputFolder } from '../output-folder.ts';
import { singleRun } from '../single-run.ts';
import { explainedRun, fileNameOf } from './page.ts';

export async function explainScenario(scenario: string, options: ExplainOptions, host: Host): Promise<number> {
  const { variant, seed, set: sets } = options;
  const { spec, why, command } = singleRun({ scenario, variant, seed, sets }, host);
  const window = windowOf(options, spec.end.timeNs + spec.end.settleNs);
  const folder = new OutputFolder(host.directory, options.out ?? `out/${spec.scenario}`);
  const page = await explainedRun({ spec, why, command, window }, host);
  if (page === undefined) return EXIT_INTERRUPTED;
  host.out(`${command}\n`);
  const { result } = page;
  const complaint = result.violations[0] ?? result.excused[0];
  host.out(complaint === undefined ? 'no check complained\n' : `${complaint.check}: ${complaint.what}\n`);
  host.out(`wrote ${folder.write(fileNameOf(spec), page.html)}\n`);
  return EXIT_OK;
}

function windowOf({ from, to }: ExplainOptions, endNs: number): { from: number; to: number } | undefined {
  if (from === undefined && to === undefined) return undefined;
  const window = {
    from: from === undefined ? 0 : durationNsOf('--from', from),
    to: to === undefined ? Number.MAX_SAFE_INTEGER : durationNsOf('--to', to),
  };
  if (window.from >= window.to) throw new UsageError('--from must be before --to');
  if (window.from >= endNs)
    throw new UsageError(`--from ${from}: the run is over by then; it takes ${endNs / 1e9} s at most`);
  return window;
}
