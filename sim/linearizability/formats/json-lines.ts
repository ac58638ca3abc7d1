/**
 * A plain form that any program can write, one operation a line:
 *
 *     {"process":"3","key":"k17","kind":"write","argument":"x","called":1200,"returned":3400}
 *
 * `called` and `returned` are numbers of one clock, whichever; without `returned` the outcome is unknown. `result` is
 * what a read saw (left out or null: nothing) or, for cas, "ok" or "fail"; cas has `replacement` besides `argument`.
 */
import { type Datum, NEVER_RETURNED, type Operation } from '../history.ts';
import type { HistoryFormat, Reading } from './format.ts';

export const jsonLines: HistoryFormat = {
  name: 'json-lines',
  summary: 'one operation a line: process, key, kind, argument, result, called, returned',
  recognises: (line) => /^\{\s*"/.test(line),
  read(text): Reading {
    const operations: Operation[] = [];
    for (const [i, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      const operation = operationOf(line, i + 1);
      if (typeof operation === 'string') return { problem: { line: i + 1, text: operation } };
      if (operation !== undefined) operations.push(operation);
    }
    operations.sort((a, b) => a.calledAt - b.calledAt || a.callLine - b.callLine);
    return overlapping(operations) ?? { history: operations };
  },
};

/** An operation, undefined for one that says nothing, or what is wrong with the line. */
function operationOf(text: string, line: number): Operation | string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'is not a JSON object';
  const fields = parsed as Readonly<Record<string, unknown>>;
  const { process, key, kind, called, returned } = fields;
  if (typeof kind !== 'string') return '"kind" is missing: read, write, cas, get, put, append or delete';
  if (typeof process !== 'string' && typeof process !== 'number') return '"process" is missing';
  if (typeof called !== 'number') return '"called" is missing or no number';
  if (returned !== undefined && returned !== null && typeof returned !== 'number') return '"returned" is no number';
  if (typeof returned === 'number' && returned < called) return 'returned before it was called';
  const isOpen = typeof returned !== 'number';
  if (isOpen && (kind === 'read' || kind === 'get')) return undefined;
  const result = datum(fields.result);
  if (kind === 'cas' && !isOpen && result !== 'ok' && result !== 'fail')
    return 'the "result" of a cas is "ok" or "fail"';
  return {
    process: String(process),
    key: key === undefined || key === null ? '' : String(key),
    kind,
    argument: datum(fields.argument),
    replacement: datum(fields.replacement),
    result,
    calledAt: called,
    returnedAt: isOpen ? NEVER_RETURNED : returned,
    callLine: line,
    returnLine: line,
  };
}

function datum(value: unknown): Datum {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A process does one thing at a time. */
function overlapping(operations: readonly Operation[]): Reading | undefined {
  const last = new Map<string, Operation>();
  for (const operation of operations) {
    const before = last.get(operation.process);
    if (before !== undefined && before.returnedAt !== NEVER_RETURNED && before.returnedAt > operation.calledAt) {
      const text = `process ${operation.process} is called before it returned from line ${before.callLine}`;
      return { problem: { line: operation.callLine, text } };
    }
    last.set(operation.process, operation);
  }
  return undefined;
}
