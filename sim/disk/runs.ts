/**
 * Runs of a `SparseBuffer`, kept exactly: also those of one byte that a block's boundary has cut off. Read
 * back together with its neighbour, a value's fill is one run again.
 */
import { assert } from '../assert.ts';
import type { SparseBuffer } from '../bytes/sparse-buffer.ts';

/** Up to this length a loop over words copies faster than `set`, which needs a view for its source. */
const LOOP_BYTES_MAX = 256;

/** Appends source[from, to) to `into` and keeps every run a run, however short. */
export function appendRange(into: SparseBuffer, source: SparseBuffer, from: number, to: number): void {
  assert(from <= to && to <= source.length, 'disk: range outside of the data');
  const { runAt, runStart, runLength, runByte, runCount } = source;
  let position = from;
  for (let k = firstRunEndingAfter(source, from); position < to; k++) {
    const start = k < runCount ? runStart[k] : source.length;
    if (position < start) {
      const literalTo = Math.min(start, to);
      const base = k === 0 ? 0 : runStart[k - 1] + runLength[k - 1] - runAt[k - 1];
      appendLiteral(into, source, position - base, literalTo - position);
      position = literalTo;
    }
    if (position < to) {
      const runEnd = start + runLength[k];
      const runTo = Math.min(runEnd, to);
      appendRun(into, runByte[k], runTo - position);
      position = runTo;
    }
  }
}

/** By words: a record's header is shorter than what `set` pays off for, and bytes one by one take three times as long. */
function appendLiteral(into: SparseBuffer, source: SparseBuffer, from: number, count: number): void {
  into.reserve(count);
  const { literal, literalLength } = into;
  if (count > LOOP_BYTES_MAX) {
    literal.set(source.literal.subarray(from, from + count), literalLength);
  } else {
    const target = into.view;
    const { view } = source;
    let i = 0;
    for (const to = count - 4; i <= to; i += 4) target.setInt32(literalLength + i, view.getInt32(from + i, true), true);
    for (const bytes = source.literal; i < count; i++) literal[literalLength + i] = bytes[from + i];
  }
  into.literalLength = literalLength + count;
  into.length += count;
}

/** Appends a run and keeps it one, however short. */
export function appendRun(into: SparseBuffer, byte: number, length: number): void {
  if (length <= 0) return;
  pushRun(into, into.literalLength, into.length, length, byte);
  into.length += length;
}

export function firstRunEndingAfter(data: SparseBuffer, at: number): number {
  const { runStart, runLength, runCount } = data;
  if (runCount === 0 || at < runStart[0]) return 0;
  let low = 0;
  let high = runCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runStart[middle] + runLength[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Notes a run at logical offset `runStart`, before literal byte `runAt`; the lengths of `into` are the caller's. */
export function pushRun(into: SparseBuffer, runAt: number, runStart: number, length: number, byte: number): void {
  const last = into.runCount - 1;
  if (
    last >= 0 &&
    into.runAt[last] === runAt &&
    into.runByte[last] === byte &&
    into.runStart[last] + into.runLength[last] === runStart
  ) {
    into.runLength[last] += length;
    return;
  }
  if (into.runCount === into.runAt.length) into.reserveRuns(1);
  const k = into.runCount++;
  into.runAt[k] = runAt;
  into.runStart[k] = runStart;
  into.runLength[k] = length;
  into.runByte[k] = byte;
}
