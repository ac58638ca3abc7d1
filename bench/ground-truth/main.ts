/**
 * Holds the simulated engines against measurements of the real ones.
 *
 *     npm run bench:ground-truth -- --dir FOLDER [--engine NAME] [--run rs12,bb01] [--jobs 2] [--disk ssd] [--json]
 *
 * FOLDER holds files with the columns of bbolt.csv, rocksdb.csv, badger.csv and bbolt_freelist_fragmentation.csv. Every
 * row is run as `raftlab engine bench` would; exit code 1 if one is outside its bounds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCommand, benchSpecOf } from '../../cli/bench-arguments.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, UsageError } from '../../cli/exit-codes.ts';
import { MEASURED_ENGINES } from './index.ts';
import { engineSummary, rowsTable } from './report.ts';
import { type ReplayedRun, type RunToReplay, replayRuns, runsToReplay } from './runs.ts';

const USAGE =
  'usage: npm run bench:ground-truth -- --dir FOLDER [--engine NAME] [--run NAME,…] [--jobs N] [--disk PROFILE] [--json]';

interface Arguments {
  readonly dir: string;
  readonly engine: string | undefined;
  readonly runs: readonly string[];
  readonly jobs: number;
  readonly disk: string;
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
        json: { type: 'boolean', default: false },
      },
    });
    const jobs = Number(values.jobs);
    if (values.dir === undefined) throw new UsageError('missing: --dir with the folder of the measurements', USAGE);
    if (!existsSync(values.dir)) throw new UsageError(`--dir ${values.dir}: there is no such folder`, USAGE);
    if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64)) throw new UsageError('--jobs: allowed: 1 to 64', USAGE);
    const runs = values.run === undefined ? [] : values.run.split(',');
    return { dir: values.dir, engine: values.engine, runs, jobs, disk: values.disk, json: values.json };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message, USAGE);
  }
}

function load(given: Arguments): RunToReplay[] {
  const chosen = MEASURED_ENGINES.filter(({ engine }) => given.engine === undefined || engine === given.engine);
  if (chosen.length === 0) {
    const names = MEASURED_ENGINES.map(({ engine }) => engine).join(', ');
    throw new UsageError(`--engine ${given.engine}: was not measured; allowed: ${names}`);
  }
  const runs: RunToReplay[] = [];
  for (const engine of chosen) {
    const path = join(given.dir, engine.file);
    if (existsSync(path)) runs.push(...runsToReplay(engine, readFileSync(path, 'utf8'), given.disk));
    else console.error(`${engine.file}: not in the folder`);
  }
  const wanted = given.runs.length === 0 ? runs : runs.filter(({ name }) => given.runs.includes(name));
  const missing = given.runs.filter((name) => !runs.some((run) => run.name === name));
  if (missing.length > 0) throw new UsageError(`--run ${missing.join(',')}: no such run in ${given.dir}`);
  if (wanted.length === 0) throw new UsageError(`--dir ${given.dir}: holds none of the files of measurements`, USAGE);
  return wanted;
}

function print(replayed: readonly ReplayedRun[], given: Arguments): void {
  for (const { engine } of MEASURED_ENGINES) {
    const own = replayed.filter(({ run }) => run.engine.engine === engine);
    const rows = own.flatMap((each) => each.rows);
    if (given.json) {
      for (const { run, rows: judged } of own) {
        for (const row of judged) console.log(JSON.stringify({ ...row, command: commandOf(run) }));
      }
    } else if (rows.length > 0) console.log(`${rowsTable(rows)}\n\n${engineSummary(engine, rows)}\n`);
    for (const { run, failure } of own) if (failure !== undefined) console.error(`${run.name}: ${failure}`);
    if (given.json) continue;
    for (const { run, rows: judged } of own)
      if (judged.some((row) => !row.ok)) console.log(`${run.name}: ${commandOf(run)}`);
  }
}

function commandOf(run: RunToReplay): string {
  return benchCommand(run.arguments, benchSpecOf(run.arguments));
}

async function main(): Promise<number> {
  const given = readArguments();
  const runs = load(given);
  if (existsSync(join(given.dir, 'etcd.csv')) && given.runs.length === 0) {
    console.error('etcd.csv: measures a whole etcd, not an engine alone; not replayed here');
  }
  const { replayed, interrupted } = await replayRuns(runs, given.jobs);
  print(replayed, given);
  if (interrupted) return EXIT_INTERRUPTED;
  return replayed.every(({ rows, failure }) => failure === undefined && rows.every((row) => row.ok))
    ? EXIT_OK
    : EXIT_FAILED;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  for (const line of error.lines) console.error(line);
  process.exitCode = EXIT_USAGE;
}
