/** The measured runs, several at a time in worker threads, the longest first. */
import type { BenchArguments } from '../../cli/bench-arguments.ts';
import { shortTime } from '../../cli/progress.ts';
import { ProgressBoard } from '../../cli/progress-board.ts';
import type { Columns } from '../../sim/engine-bench/result.ts';
import { parseCsv, type Row, runsOf } from './csv.ts';
import type { FreelistRow } from './freelist.ts';
import { type JudgedRow, judge } from './judgement.ts';
import type { MeasuredEngine, ReplayedPhase } from './measured-engine.ts';
import type { ReplayOutcome } from './replay.ts';

export interface RunToReplay {
  readonly engine: MeasuredEngine;
  readonly name: string;
  readonly rows: readonly Row[];
  readonly phases: readonly ReplayedPhase[];
  readonly arguments: BenchArguments;
  readonly repetitions: number;
}

export interface ReplayedRun {
  readonly run: RunToReplay;
  readonly rows: readonly JudgedRow[];
  readonly failure: string | undefined;
}

const LINE_INTERVAL_MS = 10_000;
const REPETITIONS_MAX = 9;

export function runsToReplay(engine: MeasuredEngine, text: string, disk: string): RunToReplay[] {
  return [...runsOf(parseCsv(text))].map(([name, rows]) => {
    const { option, sync, paced, phases, disk: ownDisk, repetitions } = engine.replay(rows);
    return {
      engine,
      name,
      rows,
      phases,
      arguments: {
        engine: engine.engine,
        phase: phases.map((phase) => phase.text),
        option,
        sync: sync === true,
        paced: paced === true,
        disk: ownDisk ?? disk,
      },
      // a file may leave the column out
      repetitions: Math.max(1, Math.min(REPETITIONS_MAX, Math.floor(repetitions ?? 1) || 1)),
    };
  });
}

export interface Replayed {
  /** In the order of the runs; after an interrupt with what is done. */
  readonly replayed: readonly ReplayedRun[];
  readonly freelist: readonly FreelistRow[];
  readonly interrupted: boolean;
}

/** `freelistRows`: of bbolt's fragmented files, which are one more piece of work. */
export async function replayRuns(
  runs: readonly RunToReplay[],
  freelistRows: readonly Row[],
  jobs: number,
): Promise<Replayed> {
  const { Piscina } = await import('piscina');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = (name: string): string => new URL(`./${name}.${extension}`, import.meta.url).href;
  const threads = Math.max(1, Math.min(jobs, runs.length + 1));
  const pool = new Piscina({ filename: worker('replay-worker'), minThreads: threads, maxThreads: threads });
  const tasks = tasksOf(runs);
  const board = new ProgressBoard(tasks.length + 1);
  const interrupt = (): void => {
    if (board.stopped) process.exit(130);
    board.stop();
    console.error('interrupted: printing what is done (once more to leave at once)');
  };
  process.on('SIGINT', interrupt);
  const timer = setInterval(() => sayProgress(tasks, board), LINE_INTERVAL_MS);
  let finished = 0;
  try {
    const outcomes = new Map<RunToReplay, ReplayOutcome[]>(runs.map((run) => [run, []]));
    const freelistDone =
      freelistRows.length === 0
        ? Promise.resolve([])
        : (pool.run(
            { rows: freelistRows, index: tasks.length, board: board.buffer },
            { filename: worker('freelist-worker') },
          ) as Promise<FreelistRow[]>);
    await Promise.all(
      tasks.map(async ({ run, seed }, index) => {
        const task = { arguments: { ...run.arguments, seed: String(seed) }, index, board: board.buffer };
        const outcome = (await pool.run(task)) as ReplayOutcome;
        outcomes.get(run)!.push(outcome);
        if (outcome.interrupted) return;
        finished++;
        const label = run.repetitions > 1 ? `${run.name}, seed ${seed},` : run.name;
        console.error(`${label} done in ${shortTime(outcome.seconds)}, ${finished} of ${tasks.length}`);
      }),
    );
    return {
      replayed: runs.map((run) => replayed(run, outcomes.get(run)!)),
      freelist: await freelistDone,
      interrupted: board.stopped,
    };
  } finally {
    clearInterval(timer);
    process.off('SIGINT', interrupt);
    await pool.destroy();
  }
}

interface RunTask {
  readonly run: RunToReplay;
  readonly seed: number;
}

/** Every repetition of every run, the longest first. */
function tasksOf(runs: readonly RunToReplay[]): RunTask[] {
  const order = runs.map((_, index) => index).sort((a, b) => workOf(runs[b]!) - workOf(runs[a]!) || a - b);
  return order.flatMap((index) => {
    const run = runs[index]!;
    return Array.from({ length: run.repetitions }, (_, i) => ({ run, seed: i + 1 }));
  });
}

function sayProgress(tasks: readonly RunTask[], board: ProgressBoard): void {
  const running = tasks.flatMap(({ run }, index) => {
    const done = board.fraction(index);
    return done > 0 && done < 1 ? [`${run.name} ${Math.floor(done * 100)} %`] : [];
  });
  const freelist = board.fraction(tasks.length);
  if (freelist > 0 && freelist < 1) running.push(`fragmented files ${Math.floor(freelist * 100)} %`);
  if (running.length > 0) console.error(running.join(', '));
}

/** Operations, weighed so that what takes longer is begun earlier. */
function workOf(run: RunToReplay): number {
  return run.rows.reduce((sum, row) => sum + Number(row.ops) * (run.arguments.paced === true ? 2 : 1), 0);
}

function replayed(run: RunToReplay, outcomes: readonly ReplayOutcome[]): ReplayedRun {
  const rows: JudgedRow[] = [];
  run.phases.forEach(({ row }, i) => {
    const repetitions = outcomes.flatMap((outcome) => outcome.columns.slice(i, i + 1));
    const columns = median(repetitions);
    if (row === undefined || columns === undefined) return;
    const earlier = run.rows.slice(0, run.rows.indexOf(row));
    rows.push(judge(run.engine, row, earlier, columns, repetitions));
  });
  return { run, rows, failure: outcomes.find(({ failure }) => failure !== undefined)?.failure };
}

/** The repetition whose total is in the middle. */
function median(repetitions: readonly Columns[]): Columns | undefined {
  const total = (columns: Columns): number => Number(columns.total_write_bytes);
  const sorted = repetitions.slice().sort((a, b) => total(a) - total(b));
  return sorted[(sorted.length - 1) >> 1];
}
