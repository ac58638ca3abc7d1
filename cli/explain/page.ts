/** A run recorded, and the page about it. Runs are deterministic: whoever has found a failing one pays for the recorder only then. */
import { evidenceOfRun, explanationOf } from '../../reports/explain/explanation.ts';
import { renderExplanation } from '../../reports/explain/page.ts';
import { SENT_AT } from '../../sim/replay/message-log.ts';
import { MESSAGES_SENT, Recorder } from '../../sim/replay/recorder.ts';
import type { ReplayWindow } from '../../sim/replay.ts';
import type { RunResult } from '../../sim/result.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { explainLine } from '../command-line.ts';
import { driveToEnd } from '../driving.ts';
import type { Host } from '../host.ts';
import { PACKAGE } from '../package.ts';

export interface RunToExplain {
  readonly spec: RunSpec;
  readonly why: string;
  /** `raftlab run …` */
  readonly command: string;
  /** Of the messages; undefined: around what is to be looked at. */
  readonly window: ReplayWindow | undefined;
}

/** Bundles of messages around a moment, recorded anew where the recorder forgot them. */
const BUNDLES_AROUND = 50_000;

/** undefined: interrupted. */
export async function explainedRun(
  { spec, why, command, window }: RunToExplain,
  host: Host,
): Promise<{ readonly html: string; readonly result: RunResult } | undefined> {
  let recorded = await record(spec, window, host);
  if (recorded === undefined) return undefined;
  let evidence = evidenceOfRun(recorded.recorder, recorded.result);
  const { rows } = recorded.recorder.messages;
  if (window === undefined && rows.first > 0 && rows.values[rows.at(rows.first) + SENT_AT]! > evidence.to) {
    recorded = await record(spec, around(recorded.recorder, evidence.to), host);
    if (recorded === undefined) return undefined;
    evidence = evidenceOfRun(recorded.recorder, recorded.result);
  }
  const { recorder, result } = recorded;
  const explanation = explanationOf(recorder, result, evidence, {
    version: PACKAGE.version,
    scenario: spec.scenario,
    why,
    lines: (from, to) => linesOf(command, from, to),
    window,
  });
  return { html: renderExplanation(explanation), result };
}

async function record(
  spec: RunSpec,
  window: ReplayWindow | undefined,
  host: Host,
): Promise<{ readonly recorder: Recorder; readonly result: RunResult } | undefined> {
  const recorder = new Recorder(spec, window);
  if (!(await driveToEnd(recorder.run, host))) return undefined;
  const result = recorder.run.finish();
  recorder.close();
  return { recorder, result };
}

/** From so many bundles before the moment to so many behind it. */
function around({ traffic }: Recorder, at: number): ReplayWindow {
  const sums = traffic.lanes[MESSAGES_SENT]!;
  const middle = Math.floor(at / traffic.widthNs);
  let first = middle;
  for (let sum = 0; first > 0 && sum + sums[first - 1]! <= BUNDLES_AROUND; first--) sum += sums[first - 1]!;
  let last = middle;
  for (let sum = 0; last < traffic.count && sum + sums[last]! <= BUNDLES_AROUND; last++) sum += sums[last]!;
  return { from: first * traffic.widthNs, to: Math.max(last, middle + 1) * traffic.widthNs };
}

function linesOf(command: string, from: number, to: number): { run: string; replay: string; explain: string } {
  const microseconds = (ns: number): string => `${ns / 1e3}us`;
  const span = `--from ${microseconds(Math.floor(from / 1e3) * 1e3)} --to ${microseconds(Math.ceil(to / 1e3) * 1e3)}`;
  return {
    run: command,
    replay: `${command.replace(/^raftlab run /, 'raftlab replay ')} ${span} --step`,
    explain: explainLine(command),
  };
}

export function fileNameOf({ variant, seed }: Pick<RunSpec, 'variant' | 'seed'>): string {
  return `explain-${variant.replace(/[^A-Za-z0-9._-]+/g, '-')}-seed${seed}.html`;
}
