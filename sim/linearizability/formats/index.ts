/** The registry of history formats: adding one is one file and one line here. */
import type { HistoryFormat, Reading } from './format.ts';
import { jepsenEdn } from './jepsen-edn.ts';
import { jepsenLog } from './jepsen-log.ts';
import { jsonLines } from './json-lines.ts';

export const FORMATS: readonly HistoryFormat[] = [jepsenLog, jsonLines, jepsenEdn];

/** Reads a history in whichever format it is. */
export function readHistory(text: string): Reading {
  const lines = text.split('\n');
  // the log of a whole Jepsen run opens with lines of other kinds
  const format =
    FORMATS.find(({ recognises }) => recognises(lines.find((line) => line.trim() !== '')?.trim() ?? '')) ??
    (lines.some((line) => jepsenLog.recognises(line.trimEnd())) ? jepsenLog : undefined);
  if (format === undefined) {
    const known = FORMATS.map(({ name, summary }) => `${name} (${summary})`).join('; ');
    return { problem: { line: 1, text: `is no history in a known form: ${known}` } };
  }
  const reading = format.read(text);
  if ('history' in reading && reading.history.length === 0) return { problem: { line: 1, text: 'has no operations' } };
  return reading;
}
