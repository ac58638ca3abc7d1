/**
 * Holds the simulated engines against measurements of the real ones.
 *
 *     npm run bench:ground-truth -- --dir FOLDER [--engine NAME] [--run rs12,bb01] [--jobs 2] [--disk ssd] [--columns] [--json]
 *
 * FOLDER holds files with the columns of bbolt.csv, rocksdb.csv, badger.csv and bbolt_freelist_fragmentation.csv. Every
 * row is run as `raftlab engine bench` would; exit code 1 if one is outside its bounds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCommand, benchSpecOf } from '../../cli/bench-arguments.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, UsageError } from '../../cli/exit-codes.ts';
import { parseCsv, type Row } from './csv.ts';
import { FREELIST_FILE } from './freelist.ts';
import { MEASURED_ENGINES } from './index.ts';
import { engineSummary, freelistSummary, freelistTable, othersText, rowsTable } from './report.ts';
import { type Replayed, type ReplayedRun, type RunToReplay, replayRuns, runsToReplay } from './runs.ts';

const USAGE =
  'usage: npm run bench:ground-truth -- --dir FOLDER [--engine NAME] [--run NAME,…] [--jobs N] [--disk PROFILE] [--columns] [--json]';

interface Arguments {
  readonly dir: string;
  readonly engine: string | undefined;
  readonly runs: readonly string[];
  readonly jobs: number;
  readonly disk: string;
  /** Also those without a bound. */
  readonly columns: boolean;
  readonly json: boolean;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        dir: { type: 'string' },
        engine: { type: 'string' },
        run: { type: 'string' },
        jobs: { type: 'string', default: '2' },
        disk: { type: 'string', default: 'nvme' },
        columns: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const jobs = Number(values.jobs);
    if (values.dir === undefined) throw new UsageError('missing: --dir with the folder of the measurements', USAGE);
    if (!existsSync(values.dir)) throw new UsageError(`--dir ${values.dir}: there is no such folder`, USAGE);
    if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64)) throw new UsageError('--jobs: allowed: 1 to 64', USAGE);
    const runs = values.run === undefined ? [] : values.run.split(',');
    return {
      dir: values.dir,
      engine: values.engine,
      runs,
      jobs,
      disk: values.disk,
      columns: values.columns,
      json: values.json,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message, USAGE);
  }
}

interface Measurements {
  readonly runs: readonly RunToReplay[];
  readonly freelistRows: readonly Row[];
}

function load(given: Arguments): Measurements {
  const chosen = MEASURED_ENGINES.filter(({ engine }) => given.engine === undefined || engine === given.engine);
  if (chosen.length === 0) {
    const names = MEASURED_ENGINES.map(({ engine }) => engine).join(', ');
    throw new UsageError(`--engine ${given.engine}: was not measured; allowed: ${names}`);
  }
  const read = (file: string): string | undefined => {
    const path = join(given.dir, file);
    if (existsSync(path)) return readFileSync(path, 'utf8');
    console.error(`${file}: not in the folder`);
    return undefined;
  };
  const runs: RunToReplay[] = [];
  for (const engine of chosen) {
    const text = read(engine.file);
    if (text !== undefined) runs.push(...runsToReplay(engine, text, given.disk));
  }
  const freelistText = chosen.some(({ engine }) => engine === 'bolt') ? read(FREELIST_FILE) : undefined;
  const freelistRows = freelistText === undefined ? [] : parseCsv(freelistText);
  if (runs.length + freelistRows.length === 0) {
    throw new UsageError(`--dir ${given.dir}: holds none of the files of measurements`, USAGE);
  }
  if (given.runs.length === 0) return { runs, freelistRows };
  const names = new Set([...runs.map(({ name }) => name), ...freelistRows.map(({ run }) => run!)]);
  const missing = given.runs.filter((name) => !names.has(name));
  if (missing.length > 0) throw new UsageError(`--run ${missing.join(',')}: no such run in ${given.dir}`);
  return {
    runs: runs.filter(({ name }) => given.runs.includes(name)),
    freelistRows: freelistRows.filter(({ run }) => given.runs.includes(run!)),
  };
}

function print({ replayed, freelist }: Replayed, given: Arguments): void {
  for (const { engine } of MEASURED_ENGINES) {
    const own = replayed.filter(({ run }) => run.engine.engine === engine);
    if (given.json) printJson(own);
    else printText(engine, own, given.columns);
  }
  if (given.json) for (const row of freelist) console.log(JSON.stringify({ engine: 'bolt', ...row }));
  else if (freelist.length > 0) console.log(`${freelistTable(freelist)}\n\n${freelistSummary(freelist)}\n`);
}

function printJson(replayed: readonly ReplayedRun[]): void {
  for (const { run, rows, failure } of replayed) {
    for (const row of rows) console.log(JSON.stringify({ ...row, command: commandOf(run) }));
    if (failure !== undefined)
      console.log(JSON.stringify({ engine: run.engine.engine, run: run.name, ok: false, failure }));
  }
}

function printText(engine: string, replayed: readonly ReplayedRun[], withColumns: boolean): void {
  const rows = replayed.flatMap((each) => each.rows);
  if (rows.length > 0) console.log(`${rowsTable(rows)}\n\n${engineSummary(engine, rows)}\n`);
  if (withColumns && rows.length > 0) console.log(`${othersText(rows)}\n`);
  for (const { run, rows: judged, failure } of replayed) {
    if (failure !== undefined) console.log(`${run.name} was not replayed to its end: ${failure}`);
    else if (judged.some((row) => !row.ok)) console.log(`${run.name}: ${commandOf(run)}`);
  }
}

function commandOf(run: RunToReplay): string {
  return benchCommand(run.arguments, benchSpecOf(run.arguments));
}

async function main(): Promise<number> {
  const given = readArguments();
  const { runs, freelistRows } = load(given);
  if (existsSync(join(given.dir, 'etcd.csv')) && given.runs.length === 0) {
    console.error('etcd.csv: measures a whole etcd, not an engine alone; not replayed here');
  }
  const done = await replayRuns(runs, freelistRows, given.jobs);
  print(done, given);
  if (done.interrupted) return EXIT_INTERRUPTED;
  const rowsOk = done.replayed.every(
    ({ run, rows, failure }) => failure === undefined && rows.length === run.rows.length && rows.every((row) => row.ok),
  );
  const ratiosOk = done.freelist.every(({ ratios }) => ratios.every(({ ok }) => ok));
  return rowsOk && ratiosOk ? EXIT_OK : EXIT_FAILED;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  for (const line of error.lines) console.error(line);
  process.exitCode = EXIT_USAGE;
}
