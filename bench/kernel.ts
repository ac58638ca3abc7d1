/**
 * The event queue alone, in the hold model: a fixed number of events pending, each handled event
 * schedules one more. Against what one would write first (a binary heap of objects with a closure
 * per event) and a well-known npm heap under the same events.
 */
import TinyQueue from 'tinyqueue';
import { EventLoop, type Handler } from '../sim/loop.ts';
import { Rng } from '../sim/rng.ts';
import { Trace } from '../sim/trace.ts';
import { median, type Row, secondsOf } from './measure.ts';

const EVENTS = 2_000_000;
const REPEATS = 3;

/** Delays as a Raft cluster draws them: mostly short (CPU, network), some long (timers). */
function delays(): Float64Array {
  const rng = new Rng(1, 'bench/kernel');
  return Float64Array.from({ length: 65536 }, () =>
    rng.chance(0.9) ? rng.int(10_000, 500_000) : rng.int(10_000_000, 1_000_000_000),
  );
}

function ours(pending: number, delay: Float64Array): number {
  const loop = new EventLoop(new Trace());
  let draw = 0;
  const handler: Handler = {
    traceId: 1,
    handle(opcode, a, b) {
      loop.schedule(loop.now + delay[draw++ & 65535]!, handler, opcode, a, b);
    },
  };
  for (let i = 0; i < pending; i++) loop.schedule(delay[draw++ & 65535]!, handler, 1, i, 0);
  return secondsOf(() => void loop.run(Number.MAX_SAFE_INTEGER, EVENTS));
}

interface ObjectEvent {
  time: number;
  sequence: number;
  run: () => void;
}
const earlier = (a: ObjectEvent, b: ObjectEvent): number => a.time - b.time || a.sequence - b.sequence;

/** The textbook heap: an array of objects, swap up, swap down. */
class ObjectHeap {
  readonly #items: ObjectEvent[] = [];

  push(item: ObjectEvent): void {
    const items = this.#items;
    items.push(item);
    let at = items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (earlier(items[parent]!, item) <= 0) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): ObjectEvent | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && earlier(items[child + 1]!, items[child]!) < 0) child++;
      if (earlier(last, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

function closures(
  queue: { push(e: ObjectEvent): void; pop(): ObjectEvent | undefined },
  pending: number,
  delay: Float64Array,
): number {
  let draw = 0;
  let sequence = 0;
  let now = 0;
  let sum = 0;
  const schedule = (payload: number): void => {
    queue.push({
      time: now + delay[draw++ & 65535]!,
      sequence: sequence++,
      run: () => {
        sum += payload;
        schedule(payload);
      },
    });
  };
  for (let i = 0; i < pending; i++) schedule(i);
  const seconds = secondsOf(() => {
    for (let i = 0; i < EVENTS; i++) {
      const event = queue.pop()!;
      now = event.time;
      event.run();
    }
  });
  if (sum < 0) throw new Error('unreachable: keeps the sum alive');
  return seconds;
}

export function kernelBench(): Row[] {
  const delay = delays();
  const rows: Row[] = [];
  for (const pending of [64, 1_000, 10_000]) {
    const rounds = Array.from({ length: REPEATS }, () => ({
      ours: ours(pending, delay),
      object: closures(new ObjectHeap(), pending, delay),
      tiny: closures(new TinyQueue<ObjectEvent>([], earlier), pending, delay),
    }));
    const millions = (seconds: number): number => EVENTS / seconds / 1e6;
    const own = median(rounds.map((r) => millions(r.ours)));
    rows.push({
      what: `kernel, ${pending} events pending`,
      value: own,
      unit: 'M events/s',
      target: 8,
      remarks: `×${median(rounds.map((r) => r.object / r.ours)).toFixed(1)} object heap with closures (target ×3), ×${median(rounds.map((r) => r.tiny / r.ours)).toFixed(1)} tinyqueue with closures`,
    });
  }
  return rows;
}
