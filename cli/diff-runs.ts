/** What `raftlab diff` does: finds the first event in which two runs differ, and shows it in both contexts. */
import type { Time } from '../sim/clock.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import type { DiffOptions } from './commands/diff.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { seconds } from './replay-run.ts';
import { type SingleRun, singleRun } from './single-run.ts';

const CONTEXT_MAX = 1_000;
/** Looked at before the event that differs, in search of its context. */
const BEFORE_NS = 1e9;

interface ContextLine {
  readonly event: number;
  readonly time: Time;
  readonly text: string;
}

export async function diffRuns(first: string, second: string, options: DiffOptions, host: Host): Promise<number> {
  const context = contextOf(options.context);
  const runs = [first, second].map((text) => singleRun(choiceOf(text), host)) as [SingleRun, SingleRun];
  const { firstDivergence } = await import('../sim/determinism.ts');
  const divergence = firstDivergence(runs[0].spec, runs[1].spec);
  if (divergence === undefined) {
    host.out(`${first} and ${second} are the same run, event by event\n`);
    return EXIT_OK;
  }
  const { event, time } = divergence;
  const sides: Awaited<ReturnType<typeof around>>[] = [];
  for (const { spec } of runs) sides.push(await around(spec, event, time, context));
  const common = sides[0]!.before.filter((line, i) => same(line, sides[1]!.before[i]));
  host.out(`the same up to event ${event - 1}; event ${event} is the first that differs\n`);
  for (const line of common) host.out(`  ${shown(line)}\n`);
  for (const [i, { command }] of runs.entries()) {
    host.out(`${command}\n`);
    const { after } = sides[i]!;
    if (after.length === 0) host.out('> the run is over\n');
    for (const [at, line] of after.entries()) host.out(`${at === 0 ? '>' : ' '} ${shown(line)}\n`);
  }
  return EXIT_FAILED;
}

/** The events before one, and from it on. */
async function around(
  spec: RunSpec,
  event: number,
  time: Time,
  context: number,
): Promise<{ readonly before: ContextLine[]; readonly after: ContextLine[] }> {
  const { Replay } = await import('../sim/replay.ts');
  const before: ContextLine[] = [];
  const after: ContextLine[] = [];
  const window = { from: Math.max(0, time - BEFORE_NS), to: Number.MAX_SAFE_INTEGER };
  const replay = new Replay(spec, window, {
    onEvent(at, number, text) {
      const line = { event: number, time: at, text };
      if (number >= event) {
        after.push(line);
        return after.length <= context;
      }
      before.push(line);
      if (before.length > context) before.shift();
      return true;
    },
  });
  while (after.length <= context && replay.run.advance(1_000));
  return { before, after };
}

/** `scenario[:variant][@seed]` */
function choiceOf(text: string): Parameters<typeof singleRun>[0] {
  const match = /^(.+?)(?::([^:@]+))?(?:@(\d+))?$/.exec(text);
  if (match === null) throw new UsageError(`'${text}' names no run; write it like partition:bolt@17`);
  return { scenario: match[1]!, variant: match[2], seed: match[3], sets: [] };
}

function same(a: ContextLine, b: ContextLine | undefined): boolean {
  return b !== undefined && a.event === b.event && a.time === b.time && a.text === b.text;
}

function shown({ event, time, text }: ContextLine): string {
  return `${seconds(time)} s  #${event}  ${text}`;
}

function contextOf(text: string): number {
  const context = Number(text);
  if (Number.isInteger(context) && context >= 0 && context <= CONTEXT_MAX) return context;
  throw new UsageError(`--context: '${text}' is not a number from 0 to ${CONTEXT_MAX}`);
}
