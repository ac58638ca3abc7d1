/** What `raftlab replay` does: runs to the window, prints what happens there, then what became of the run. */
import type { Time } from '../sim/clock.ts';
import type { RunResult } from '../sim/result.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import type { ReplayOptions } from './commands/replay.ts';
import { driveToEnd } from './driving.ts';
import { durationNsOf } from './durations.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { PACKAGE } from './package.ts';
import { type Recording, readRecording } from './recording.ts';
import type { RunFiles } from './run-files.ts';
import { nodeOf, singleRun } from './single-run.ts';

/** Nodes. */
const ALL = -1;
const LIMIT_MAX = 10_000_000;
/** Shown without `--from` and `--to`: so many events before the end, or before the violation. */
const LAST_EVENTS = 50;
/** Within so long, if there are as many. */
const LAST_NS = 1e9;

interface Window {
  readonly from: Time;
  readonly to: Time;
  /** Of these only events from this number on. */
  readonly fromEvent: number;
}

const WHOLE: Window = { from: 0, to: Number.MAX_SAFE_INTEGER, fromEvent: 0 };

export async function replayScenario(argument: string, options: ReplayOptions, host: Host): Promise<number> {
  const limit = limitOf(options.limit);
  const from = options.from === undefined ? undefined : durationNsOf('--from', options.from);
  const to = options.to === undefined ? undefined : durationNsOf('--to', options.to);
  if (from !== undefined && to !== undefined && from >= to) throw new UsageError('--from must be before --to');
  const recording = readRecording(argument, host.directory);
  const { spec, command } = recording === undefined ? runOf(argument, options, host) : recordedRun(recording, options);
  const node = options.node === undefined ? ALL : nodeOf(options.node, spec);
  const files = await filesOf(options, host);
  host.out(`${command}\n`);
  if (recording !== undefined) warnOfVersion(argument, recording, host);
  let window: Window = { ...WHOLE, from: from ?? 0, to: to ?? WHOLE.to };
  const isLast = from === undefined && to === undefined;
  if (isLast || files !== undefined) {
    const whole = await runWhole(spec, command, files, host);
    if (whole === undefined) return EXIT_INTERRUPTED;
    if (isLast) {
      const end = whole.violations[0]?.event ?? whole.events;
      const endNs = whole.violations[0]?.timeNs ?? whole.virtualTimeNs;
      window = { ...window, from: Math.max(0, endNs - LAST_NS), fromEvent: end - LAST_EVENTS };
    }
  }
  const result = await play(spec, window, options, limit, node, host);
  if (result !== undefined && recording !== undefined) compare(argument, recording, result, host);
  return conclude(result, host);
}

interface Replayed {
  readonly spec: RunSpec;
  readonly command: string;
}

function runOf(scenario: string, { variant, seed, set: sets }: ReplayOptions, host: Host): Replayed {
  return singleRun({ scenario, variant, seed, sets }, host);
}

function recordedRun({ head }: Recording, { variant, seed, set }: ReplayOptions): Replayed {
  if (variant !== undefined || seed !== undefined || set.length > 0) {
    throw new UsageError('--variant, --seed, --set: go with a scenario; a recording is of one run');
  }
  return head;
}

async function filesOf({ history, record }: ReplayOptions, host: Host): Promise<RunFiles | undefined> {
  if (history === undefined && record === undefined) return undefined;
  const { RunFiles } = await import('./run-files.ts');
  return new RunFiles(history, record, host);
}

function warnOfVersion(argument: string, { head }: Recording, host: Host): void {
  if (head.version === PACKAGE.version) return;
  host.error(
    `warning: ${argument} was recorded by raftlab ${head.version}; this is ${PACKAGE.version}, where the run may be another\n`,
  );
}

/** Whether it was the run that had been recorded. */
function compare(argument: string, { head, end }: Recording, { traceHash }: RunResult, host: Host): void {
  if (traceHash === end.traceHash) return;
  host.error(
    `warning: this is not the run that was recorded (trace hash ${end.traceHash}, by raftlab ${head.version}); ` +
      `the first event that differs: raftlab diff ${argument} <scenario>:<variant>@<seed>\n`,
  );
}

/** From start to end without a look at it, for its files and its end. undefined: interrupted. */
async function runWhole(
  spec: RunSpec,
  command: string,
  files: RunFiles | undefined,
  host: Host,
): Promise<RunResult | undefined> {
  const { createRun } = await import('../sim/cluster.ts');
  const run = createRun(spec);
  files?.watch(run, spec, command);
  const isWhole = await driveToEnd(run, host);
  if (!isWhole) {
    files?.abandon();
    return undefined;
  }
  const result = run.finish();
  files?.finish(result);
  return result;
}

/** undefined: interrupted. */
async function play(
  spec: RunSpec,
  window: Window,
  { step }: ReplayOptions,
  limit: number,
  node: number,
  host: Host,
): Promise<RunResult | undefined> {
  const { Replay } = await import('../sim/replay.ts');
  let shown = 0;
  const isOfNode = (text: string): boolean => node < 0 || new RegExp(`\\bn${node + 1}\\b`).test(text);
  const replay = new Replay(spec, window, {
    onEvent(time, event, text) {
      if (event <= window.fromEvent || !isOfNode(text)) return true;
      if (shown === limit) {
        host.out(`… more than ${limit} events; see the next with --from ${time}ns, or more with --limit\n`);
        return false;
      }
      shown++;
      host.out(`${seconds(time)} s  #${event}  ${text}\n`);
      return true;
    },
    ...(step === true && {
      onStep(_time, _event, at, input, { changes, sends }) {
        if (node >= 0 && at !== node) return;
        host.out(`    n${at + 1} ${withoutPayloads(input)}\n`);
        for (const change of changes) host.out(`      ${withoutPayloads(change)}\n`);
        for (const message of sends) host.out(`      sends ${withoutPayloads(message)}\n`);
      },
    }),
  });
  return (await driveToEnd(replay.run, host)) ? replay.run.finish() : undefined;
}

function conclude(result: RunResult | undefined, host: Host): number {
  if (result === undefined) return EXIT_INTERRUPTED;
  const { ended, virtualTimeNs, events, traceHash, violations } = result;
  host.out(`${seconds(virtualTimeNs)} s  ${ended} after ${events} events, trace hash ${traceHash}\n`);
  for (const { check, what, roles } of violations) host.out(`violation: ${check}: ${what} (nodes: ${roles})\n`);
  return violations.length > 0 ? EXIT_FAILED : EXIT_OK;
}

/** Of an entry's quoted payload, what can be read: the longest run of plain characters, which is the key. */
function withoutPayloads(line: string): string {
  return line.replace(/"((?:[^"\\]|\\.)*)"/g, (_, payload: string) => {
    const runs = payload.split(/\\x[0-9a-f]{2}|\\./);
    return `"${runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '')}"`;
  });
}

export function seconds(time: Time): string {
  return (time / 1e9).toFixed(9);
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new UsageError(`--limit: '${text}' is not a number from 1 to ${LIMIT_MAX}`);
}
