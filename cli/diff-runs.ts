/** What `raftlab diff` does: finds the first event in which two runs differ, and shows it in both contexts. */
import type { DiffOptions } from './commands/diff.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { type RecordedEvent, type Recording, readRecording } from './recording.ts';
import { seconds } from './replay-run.ts';
import { singleRun } from './single-run.ts';

const CONTEXT_MAX = 1_000;
/** Between two looks at whether the user wants to go on. */
const EVENTS_A_SLICE = 4_096;

type Events = Iterator<RecordedEvent, void>;

/** One of the two: as the user named it, and the command that shows it. */
interface Side {
  readonly name: string;
  readonly command: string;
  readonly events: Events;
}

export async function diffRuns(first: string, second: string, options: DiffOptions, host: Host): Promise<number> {
  const context = contextOf(options.context);
  const sides = [await sideOf(first, host), await sideOf(second, host)] as const;
  let interrupted = false;
  const forget = host.onInterrupt(() => {
    interrupted = true;
  });
  try {
    const before: RecordedEvent[] = [];
    for (let number = 1; ; number++) {
      const a = sides[0].events.next();
      const b = sides[1].events.next();
      if (a.done === true && b.done === true) break;
      if (a.done === true || b.done === true || !isSame(a.value, b.value)) {
        show(number, before, [a.value ?? undefined, b.value ?? undefined], sides, context, host);
        return EXIT_FAILED;
      }
      before.push(a.value);
      if (before.length > context) before.shift();
      if (number % EVENTS_A_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      if (interrupted) return EXIT_INTERRUPTED;
    }
  } finally {
    forget();
  }
  host.out(`${first} and ${second} are the same run, event by event\n`);
  return EXIT_OK;
}

function show(
  number: number,
  before: readonly RecordedEvent[],
  differing: readonly [RecordedEvent | undefined, RecordedEvent | undefined],
  sides: readonly [Side, Side],
  context: number,
  host: Host,
): void {
  const line = (at: number, { time, text }: RecordedEvent): string => `${seconds(time)} s  #${at}  ${text}\n`;
  host.out(`the same up to event ${number - 1}; event ${number} is the first that differs\n`);
  for (const [i, event] of before.entries()) host.out(`  ${line(number - before.length + i, event)}`);
  for (const [i, { command, events }] of sides.entries()) {
    host.out(`${command}\n`);
    const event = differing[i];
    if (event === undefined) {
      host.out('> the run is over\n');
      continue;
    }
    host.out(`> ${line(number, event)}`);
    for (let after = 1; after <= context; after++) {
      const next = events.next();
      if (next.done === true) break;
      host.out(`  ${line(number + after, next.value)}`);
    }
  }
  const [a, b] = differing;
  if (a !== undefined && a.time === b?.time && a.text === b.text) {
    host.out('what happened is the same; what it did is not: their trace hashes differ\n');
  }
}

/** A recording, or `scenario[:variant][@seed]`. */
async function sideOf(name: string, host: Host): Promise<Side> {
  const recording = readRecording(name, host.directory);
  if (recording !== undefined) return { name, command: commandOf(name, recording), events: recording.events() };
  const match = /^(.+?)(?::([^:@]+))?(?:@(\d+))?$/.exec(name);
  if (match === null) throw new UsageError(`'${name}' names no run; write it like partition:bolt@17`);
  const { spec, command } = singleRun({ scenario: match[1]!, variant: match[2], seed: match[3], sets: [] }, host);
  const { simulatedEvents } = await import('./event-stream.ts');
  return { name, command, events: simulatedEvents(spec) };
}

function commandOf(name: string, { head }: Recording): string {
  return `${name}: raftlab ${head.version}, ${head.command}`;
}

function isSame(a: RecordedEvent, b: RecordedEvent): boolean {
  return a.hash === b.hash && a.time === b.time && a.text === b.text;
}

function contextOf(text: string): number {
  const context = Number(text);
  if (Number.isInteger(context) && context >= 0 && context <= CONTEXT_MAX) return context;
  throw new UsageError(`--context: '${text}' is not a number from 0 to ${CONTEXT_MAX}`);
}
