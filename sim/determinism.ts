/** Runs one specification twice, event by event side by side, and names the first event that differs. */
import type { Time } from './clock.ts';
import { createRun, type Run } from './cluster.ts';
import type { EventObserver, Handler } from './loop.ts';
import type { RunSpec } from './run-spec.ts';

export interface Divergence {
  readonly event: number;
  readonly time: Time;
  readonly lineA: string;
  readonly lineB: string;
}

/** Remembers the last event as a line. */
class LastEvent implements EventObserver {
  line = 'no event: the run was over';
  time: Time = 0;

  onEvent(time: Time, event: number, target: Handler, opcode: number, a: number, b: number): void {
    this.time = time;
    const what = target.describe?.(opcode, a, b) ?? `handler ${target.traceId}`;
    this.line = `event ${event} at ${time} ns: ${what} (opcode ${opcode}, ${a}, ${b})`;
  }
}

const STRIDE = 4096;

/**
 * undefined: the runs are the same. First in strides, comparing hashes; then, from the start again and
 * event by event, through the stride that differed.
 */
export function firstDivergence(specA: RunSpec, specB: RunSpec): Divergence | undefined {
  const a = createRun(specA);
  const b = createRun(specB);
  let same = 0;
  for (;;) {
    const goesOnA = a.advance(STRIDE);
    const goesOnB = b.advance(STRIDE);
    if (!a.trace.equals(b.trace) || goesOnA !== goesOnB) return locate(specA, specB, same);
    if (!goesOnA) return undefined;
    same = a.events;
  }
}

function locate(specA: RunSpec, specB: RunSpec, from: number): Divergence {
  const a = createRun(specA);
  const b = createRun(specB);
  if (from > 0) {
    a.advance(from);
    b.advance(from);
    // what decides from outside the run has struck earlier this time
    if (!a.trace.equals(b.trace)) return locate(specA, specB, 0);
  }
  const lastA = watch(a);
  const lastB = watch(b);
  for (;;) {
    const goesOnA = a.advance(1);
    const goesOnB = b.advance(1);
    if (!a.trace.equals(b.trace) || goesOnA !== goesOnB) {
      return {
        event: Math.max(a.events, b.events),
        time: Math.min(lastA.time, lastB.time),
        lineA: lastA.line,
        lineB: lastB.line,
      };
    }
    // the difference did not come back: something outside the run decides, e.g. state left by an earlier one
    if (!goesOnA)
      return { event: from, time: a.now, lineA: 'differed after this event', lineB: 'and did not when run again' };
  }
}

function watch(run: Run): LastEvent {
  const last = new LastEvent();
  run.loop.observer = last;
  return last;
}
