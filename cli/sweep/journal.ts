/**
 * What a sweep has found so far: a file that only grows, one JSON object a line, so that an interruption at any moment
 * costs at most the line that was being written.
 *
 *     {"format":"raftlab-sweep-1","version":…,"scenario":…,"fingerprint":…,"command":…,"runs":…,"shard":[i,n]}
 *     {"variant":…,"seed":…,"traceHash":…,"ended":…,"events":…,"virtualTimeNs":…,"unproven":…,"excused":[…],"violations":[…],"faults":[…]}
 *     {"variant":…,"seed":…,"defect":…}
 *
 * `fingerprint` is over everything that decides the runs: version, and each variant's settings. A line that is cut off
 * or garbled at the end is dropped and its run done again; anywhere else it is an error.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../exit-codes.ts';

export const JOURNAL_NAME = 'sweep.jsonl';
const FORMAT = 'raftlab-sweep-1';

export interface SweepHead {
  readonly format: string;
  readonly version: string;
  readonly scenario: string;
  readonly fingerprint: string;
  /** `raftlab run …` up to the variant and the seed, which shows one of the runs again. */
  readonly command: string;
  /** In all shards together. */
  readonly runs: number;
  readonly shard: readonly [index: number, of: number];
}

export interface SweptViolation {
  readonly check: string;
  readonly what: string;
  readonly timeNs: number;
  readonly event: number;
  readonly roles: string;
}

export interface SweptRun {
  readonly variant: string;
  readonly seed: number;
  readonly traceHash?: string;
  readonly ended?: string;
  readonly events?: number;
  readonly virtualTimeNs?: number;
  readonly unproven?: number;
  readonly violations: readonly SweptViolation[];
  /** Reasons of complaints that facts excuse. */
  readonly excused?: readonly string[];
  /** Kinds of faults that had been in force by the end, sorted. */
  readonly faults: readonly string[];
  /** The simulator itself failed. */
  readonly defect?: string;
}

export function headOf(fields: Omit<SweepHead, 'format'>): SweepHead {
  return { format: FORMAT, ...fields };
}

export function runKey(variant: string, seed: number): string {
  return `${seed} ${variant}`;
}

export class Journal {
  readonly head: SweepHead;
  /** By `runKey`. */
  readonly runs = new Map<string, SweptRun>();
  readonly #path: string;

  private constructor(path: string, head: SweepHead) {
    this.#path = path;
    this.head = head;
  }

  /** Goes on with the file if it is of the same sweep and shard; refuses another one's, so that nothing is lost. */
  static open(path: string, label: string, head: SweepHead, fresh: boolean): Journal {
    if (fresh || !existsSync(path)) {
      const journal = new Journal(path, head);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${JSON.stringify(head)}\n`);
      return journal;
    }
    const found = Journal.read(path, label, true);
    const difference = differenceOf(found.head, head);
    if (difference !== undefined) {
      throw new UsageError(
        `${label} is of another sweep (${difference}); name another folder with --out, or begin anew with --fresh`,
      );
    }
    return found;
  }

  /** `mends`: cuts a garbled last line off the file, so that it can be appended to. */
  static read(path: string, label: string, mends = false): Journal {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw new UsageError(`${label}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    const lines = text.split('\n');
    const head = parsed(lines[0]!) as SweepHead | undefined;
    if (head?.format !== FORMAT) throw new UsageError(`${label}:1: is not the journal of a sweep`);
    const journal = new Journal(path, head);
    let end = lines[0]!.length + 1;
    for (const [i, line] of lines.entries()) {
      if (i === 0 || line === '') continue;
      const isWhole = i < lines.length - 1;
      const run = isWhole ? (parsed(line) as SweptRun | undefined) : undefined;
      if (run === undefined || !Number.isInteger(run.seed)) {
        if (i < lines.length - 2) throw new UsageError(`${label}:${i + 1}: is not a run of a sweep`);
        break;
      }
      journal.runs.set(runKey(run.variant, run.seed), run);
      end += Buffer.byteLength(line) + 1;
    }
    if (mends && end < Buffer.byteLength(text)) truncateSync(path, end);
    return journal;
  }

  add(run: SweptRun): void {
    appendFileSync(this.#path, `${JSON.stringify(run)}\n`);
    this.runs.set(runKey(run.variant, run.seed), run);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What makes two sweeps different ones, for people. */
export function differenceOf(a: SweepHead, b: SweepHead): string | undefined {
  if (a.version !== b.version) return `of raftlab ${a.version}; this is ${b.version}`;
  if (a.scenario !== b.scenario) return `of the scenario ${a.scenario}`;
  if (a.fingerprint !== b.fingerprint) return 'the scenario, its variants or settings have changed';
  if (a.shard.join('/') !== b.shard.join('/')) return `of shard ${a.shard.join('/')}`;
  return undefined;
}
