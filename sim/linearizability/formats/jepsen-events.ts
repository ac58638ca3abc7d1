/**
 * Jepsen's records as operations: an `:invoke` and, of the same process, the `:ok`, `:fail` or `:info` that ends it.
 *
 * `:ok`: it happened, with this result. `:fail`: it did not happen, except that a cas which failed saw another value.
 * `:info`, or no end at all: it may have happened, or may happen later. A read whose result is not known says nothing.
 */
import { type Datum, NEVER_RETURNED, type Operation } from '../history.ts';
import { type EdnValue, ednText } from './edn.ts';
import type { Reading } from './format.ts';

export interface JepsenEvent {
  readonly line: number;
  readonly process: string;
  /** Without colons. */
  readonly type: string;
  readonly kind: string;
  readonly key: string;
  readonly value: EdnValue;
}

const READS = ['read', 'get'];
const TYPES = ['invoke', 'ok', 'fail', 'info'];

export function pairEvents(events: readonly JepsenEvent[]): Reading {
  const open = new Map<string, { readonly event: JepsenEvent; readonly at: number }>();
  const operations: Operation[] = [];
  for (const [at, event] of events.entries()) {
    const { line, process, type, kind } = event;
    const begun = open.get(process);
    if (!TYPES.includes(type)) return problem(line, `"${type}" is no type of event; there are: ${TYPES.join(', ')}`);
    if (type === 'invoke') {
      if (begun !== undefined) {
        return problem(
          line,
          `process ${process} begins ${kind} before the end of what it began on line ${begun.event.line}`,
        );
      }
      open.set(process, { event, at });
      continue;
    }
    if (begun === undefined) return problem(line, `process ${process} ends ${kind}, which it has not begun`);
    if (begun.event.kind !== kind) {
      return problem(
        line,
        `process ${process} ends ${kind}, but began ${begun.event.kind} on line ${begun.event.line}`,
      );
    }
    open.delete(process);
    const operation = operationOf(begun.event, begun.at, event, at);
    if (operation === 'malformed') return problem(begun.event.line, 'a cas takes a vector of two values');
    if (operation !== undefined) operations.push(operation);
  }
  for (const { event, at } of open.values()) {
    const operation = operationOf(event, at, undefined, NEVER_RETURNED);
    if (operation === 'malformed') return problem(event.line, 'a cas takes a vector of two values');
    if (operation !== undefined) operations.push(operation);
  }
  operations.sort((a, b) => a.calledAt - b.calledAt);
  return { history: operations };
}

function operationOf(
  call: JepsenEvent,
  calledAt: number,
  end: JepsenEvent | undefined,
  endedAt: number,
): Operation | 'malformed' | undefined {
  const { kind, process, key, value } = call;
  const type = end?.type ?? 'info';
  const isRead = READS.includes(kind);
  const isCas = kind === 'cas';
  if (isRead && type !== 'ok') return undefined;
  // a cas that failed for another reason than the value it met carries that reason instead
  if (type === 'fail' && !(isCas && end?.value.type === 'list')) return undefined;
  if (isCas && !(value.type === 'list' && value.items.length === 2)) return 'malformed';
  const [expected, replacement] = value.type === 'list' && isCas ? value.items : [value, undefined];
  return {
    process,
    key,
    kind,
    argument: isRead ? undefined : datum(expected),
    replacement: datum(replacement),
    result: isRead ? datum(end?.value) : isCas ? type : undefined,
    calledAt,
    returnedAt: type === 'info' ? NEVER_RETURNED : endedAt,
    callLine: call.line,
    returnLine: end?.line ?? 0,
  };
}

function datum(value: EdnValue | undefined): Datum {
  return value === undefined || value.type === 'nil' ? undefined : ednText(value);
}

function problem(line: number, text: string): Reading {
  return { problem: { line, text } };
}
