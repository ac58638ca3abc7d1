/**
 * What has been measured of all bugs so far: a file that only grows, one JSON object a line, so that an interruption
 * costs at most the bug that was being measured. A line that is cut off or garbled counts for nothing.
 *
 *     {"version":…,"starts":…,"seedsMax":…,"shrinks":…,"bug":…,"traceHash":…,"searches":[…],"alarms":[…],"cpuMs":…,"shrinkage":…}
 *
 * A line stands for the same measurement if everything up to `traceHash`, that of the bug's run under its first seed, is
 * the same: so that a change of the scenario, or of what the program does in it, is measured anew.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Findings } from './measurement.ts';

export const JOURNAL_NAME = 'museum.jsonl';

export interface JournalKey {
  readonly version: string;
  readonly starts: number;
  readonly seedsMax: number;
  readonly shrinks: boolean;
  readonly bug: string;
  readonly traceHash: string;
}

export class Journal {
  readonly #path: string;
  readonly #found = new Map<string, Findings>();

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    for (const line of text.split('\n')) {
      const entry = parsed(line);
      if (entry !== undefined) this.#found.set(keyText(entry), entry);
    }
    // what comes next must not join a line that was cut off
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
  }

  find(key: JournalKey): Findings | undefined {
    return this.#found.get(keyText(key));
  }

  add(key: JournalKey, findings: Findings): void {
    appendFileSync(this.#path, `${JSON.stringify({ ...key, ...findings })}\n`);
    this.#found.set(keyText(key), findings);
  }
}

function keyText({ version, starts, seedsMax, shrinks, bug, traceHash }: JournalKey): string {
  return JSON.stringify([version, starts, seedsMax, shrinks, bug, traceHash]);
}

function parsed(line: string): (JournalKey & Findings) | undefined {
  try {
    const entry = JSON.parse(line) as JournalKey & Findings;
    return Array.isArray(entry.searches) ? entry : undefined;
  } catch {
    return undefined;
  }
}
