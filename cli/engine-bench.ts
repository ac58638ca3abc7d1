/** `raftlab engine bench`: run the phases, print them, write the report. */
import { setImmediate } from 'node:timers/promises';
import type { BenchReport } from '../reports/bench/page.ts';
import { figuresTable, phaseTable } from '../reports/bench/phase-table.ts';
import { cellText, type Table } from '../reports/table.ts';
import { EngineBenchRun } from '../sim/engine-bench/bench.ts';
import type { PhaseResult } from '../sim/engine-bench/result.ts';
import type { BenchSpec } from '../sim/engine-bench/spec.ts';
import { type BenchArguments, benchCommand, benchSpecOf, engineOf } from './bench-arguments.ts';
import { startBenchProgress } from './bench-progress.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK } from './exit-codes.ts';
import type { Host } from './host.ts';
import { OutputFolder } from './output-folder.ts';
import { PACKAGE } from './package.ts';
import { textTable } from './text-table.ts';

export interface BenchOptions extends BenchArguments {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly stats?: boolean;
  readonly check?: boolean;
  readonly report?: string;
}

/** Some tens of ms: often enough for Ctrl-C and a bar. */
const EVENTS_A_SLICE = 200;

export interface Benched {
  readonly run: EngineBenchRun;
  readonly interrupted: boolean;
}

export async function benchEngine(options: BenchOptions, host: Host): Promise<number> {
  const spec = benchSpecOf(options);
  const folder = options.report === undefined ? undefined : new OutputFolder(host.directory, options.report);
  const benched = await runBench(spec, options, host);
  const code = conclude(spec, benched, options, host);
  if (folder !== undefined && benched.run.results.length > 0) {
    const { renderBench } = await import('../reports/bench/page.ts');
    for (const [name, content] of Object.entries(await renderBench(reportOf(spec, benched, options)))) {
      const path = folder.write(name, content);
      if (options.json !== true) host.out(`wrote ${path}\n`);
    }
  }
  return code;
}

/** To its end or to an interrupt; the store is then as it stands. */
export async function runBench(spec: BenchSpec, options: BenchOptions, host: Host): Promise<Benched> {
  let interruptions = 0;
  const forget = host.onInterrupt(() => {
    interruptions++;
    if (interruptions > 1) process.exit(EXIT_INTERRUPTED);
    host.error('\ninterrupted: keeping the phases that are done (once more to leave at once)\n');
  });
  const progress = options.quiet === true ? undefined : await startBenchProgress(host, spec);
  const run = new EngineBenchRun(spec);
  try {
    while (run.advance(EVENTS_A_SLICE)) {
      progress?.look(run);
      await setImmediate();
      if (interruptions > 0) break;
    }
    progress?.look(run);
  } finally {
    progress?.stop();
    forget();
  }
  return { run, interrupted: interruptions > 0 };
}

function conclude(spec: BenchSpec, { run, interrupted }: Benched, options: BenchOptions, host: Host): number {
  const { results } = run;
  if (options.json === true) {
    for (const { columns } of results) host.out(`${JSON.stringify(columns)}\n`);
  } else if (results.length > 0) {
    host.out(`${spec.engine}: ${engineOf(spec.engine).summary}\n\n${asText(phaseTable(results))}\n`);
    if (options.stats === true) host.out(statsOf(spec, results));
    host.out(`\n${benchCommand(options, spec)}\n`);
  }
  if (interrupted) {
    host.error(`interrupted: ${results.length} of ${spec.phases.length} phases are done\n`);
    return EXIT_INTERRUPTED;
  }
  if (run.failure !== undefined) {
    host.error(`${spec.engine}: ${run.failure}\n`);
    return EXIT_FAILED;
  }
  return options.check === true ? checked(run, spec, host) : EXIT_OK;
}

/** The engine's own check of all its files. */
function checked(run: EngineBenchRun, spec: BenchSpec, host: Host): number {
  const faults = run.check();
  for (const { where, what } of faults.slice(0, 10)) host.error(`${spec.engine}: ${where}: ${what}\n`);
  return faults.length > 0 ? EXIT_FAILED : EXIT_OK;
}

function statsOf(spec: BenchSpec, results: readonly PhaseResult[]): string {
  const text = engineOf(spec.engine).bench?.statsText;
  const own =
    text === undefined
      ? []
      : results.map(({ phase, measurement }) => `after ${phase.name}:\n${text(measurement.after)}`);
  return [asText(figuresTable(results)), ...own].map((part) => `\n${part}\n`).join('');
}

function asText({ columns, rows }: Table): string {
  return textTable([columns.map(({ title }) => title), ...rows.map((row) => row.map(cellText))]);
}

function reportOf(spec: BenchSpec, { run }: Benched, options: BenchOptions): BenchReport {
  const definition = engineOf(spec.engine);
  return {
    version: PACKAGE.version,
    engine: spec.engine,
    summary: definition.summary,
    command: benchCommand(options, spec),
    options: [
      ...(spec.paced ? [['paced', 'yes'] as const] : []),
      ...(spec.sync ? [['sync', 'each batch'] as const] : []),
      ['disk', spec.disk.profile],
      ...options.option.map((text): [string, string] => [text.split('=')[0]!, text.slice(text.indexOf('=') + 1)]),
    ],
    results: run.results,
    phases: spec.phases.length,
  };
}
