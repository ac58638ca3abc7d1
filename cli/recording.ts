/**
 * A run's events in a file, so that it can be held against the same run of another version of raftlab, or replayed
 * without its scenario. Text, tab-separated:
 *
 *     {"format":"raftlab-recording-1","version":…,"command":…,"spec":{…}}
 *     <virtual ns>	<trace hash after the event, 16 digits>	<what happened, to whom>
 *     …
 *     {"ended":…,"events":…,"traceHash":…}
 *
 * `spec` is all that decides the run. At most 10 million events, some 100 bytes each; a longer run is refused.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Time } from '../sim/clock.ts';
import type { RunResult } from '../sim/result.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { UsageError } from './exit-codes.ts';

const FORMAT = 'raftlab-recording-1';
const BEGINNING = `{"format":"${FORMAT}"`;
/** What a text of Node's can hold. */
const BYTES_MAX = 512 * 1024 * 1024 - 1024;

export interface RecordingHead {
  readonly format: string;
  readonly version: string;
  /** `raftlab run …`, which shows the run again. */
  readonly command: string;
  readonly spec: RunSpec;
}

export interface RecordedEvent {
  readonly time: Time;
  readonly hash: string;
  readonly text: string;
}

export interface RecordingEnd {
  readonly ended: string;
  readonly events: number;
  readonly traceHash: string;
}

export interface Recording {
  readonly head: RecordingHead;
  readonly end: RecordingEnd;
  /** In their order, the first one being event 1. */
  events(): Generator<RecordedEvent, void>;
}

export function headLine(head: Omit<RecordingHead, 'format'>): string {
  return JSON.stringify({ format: FORMAT, ...head });
}
export function eventLine({ time, hash, text }: RecordedEvent): string {
  return `${time}\t${hash}\t${text}`;
}
export function endLine({ ended, events, traceHash }: RunResult): string {
  return JSON.stringify({ ended, events, traceHash });
}

/** undefined: it is no file, or one of another kind. Throws `UsageError` for a recording that is damaged. */
export function readRecording(argument: string, directory: string): Recording | undefined {
  const path = resolve(directory, argument);
  if (!existsSync(path) || !statSync(path).isFile() || statSync(path).size > BYTES_MAX) return undefined;
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith(BEGINNING)) return undefined;
  const headEnd = text.indexOf('\n');
  const endStart = text.lastIndexOf('\n', text.length - 2) + 1;
  const head = parsed(text.slice(0, headEnd), argument, 1) as unknown as RecordingHead;
  const end = parsed(text.slice(endStart), argument, 'the last line') as unknown as RecordingEnd;
  if (typeof head.version !== 'string' || typeof head.spec !== 'object' || typeof head.command !== 'string') {
    throw new UsageError(`${argument}:1: is not the head of a recording`);
  }
  if (typeof end.traceHash !== 'string' || !text.endsWith('\n')) {
    throw new UsageError(`${argument}: has no end: the recording was cut off; record the run again`);
  }
  return { head, end, events: () => eventsOf(text, argument, headEnd + 1, endStart) };
}

function* eventsOf(text: string, argument: string, from: number, to: number): Generator<RecordedEvent, void> {
  let line = 2;
  for (let at = from; at < to; line++) {
    const next = text.indexOf('\n', at);
    const first = text.indexOf('\t', at);
    const second = text.indexOf('\t', first + 1);
    const time = Number(text.slice(at, first));
    if (first < 0 || second < 0 || second > next || !Number.isInteger(time)) {
      throw new UsageError(`${argument}:${line}: is not an event of a recording`);
    }
    yield { time, hash: text.slice(first + 1, second), text: text.slice(second + 1, next) };
    at = next + 1;
  }
}

function parsed(line: string, argument: string, where: number | string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new UsageError(
    typeof where === 'number'
      ? `${argument}:${where}: is not the head of a recording`
      : `${argument}: has no end: the recording was cut off; record the run again`,
  );
}
