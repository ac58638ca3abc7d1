import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../sim/assert.ts';
import { EventLoop, type Handler } from '../../sim/loop.ts';
import { Trace } from '../../sim/trace.ts';

/** The dumb twin: a list, sorted before each event. */
class SortedList {
  #items: { time: number; sequence: number; name: number }[] = [];
  #sequence = 0;
  schedule(time: number, name: number): number {
    this.#items.push({ time, sequence: ++this.#sequence, name });
    return this.#sequence;
  }
  cancel(sequence: number): void {
    this.#items = this.#items.filter((item) => item.sequence !== sequence);
  }
  next(): { time: number; name: number } | undefined {
    this.#items.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
    return this.#items.shift();
  }
}

class Recorder implements Handler {
  readonly traceId = 7;
  readonly seen: [time: number, name: number][] = [];
  onEvent: ((name: number) => void) | undefined;
  readonly loop = new EventLoop(new Trace());

  handle(opcode: number, name: number): void {
    expect(opcode).toBe(3);
    this.seen.push([this.loop.now, name]);
    this.onEvent?.(name);
  }
}

describe('event loop', () => {
  it('runs events by time, and equal times in the order of scheduling', () => {
    const recorder = new Recorder();
    for (const [time, name] of [
      [5, 1],
      [3, 2],
      [5, 3],
      [3, 4],
      [0, 5],
    ] as const) {
      recorder.loop.schedule(time, recorder, 3, name);
    }
    expect(recorder.loop.run(100, 1000)).toBe('idle');
    expect(recorder.seen).toEqual([
      [0, 5],
      [3, 2],
      [3, 4],
      [5, 1],
      [5, 3],
    ]);
  });

  it('agrees with a sorted list under random schedules, cancels and events that schedule events', () => {
    const step = fc.record({
      delay: fc.nat(20),
      cancel: fc.boolean(),
      children: fc.array(fc.nat(10), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const recorder = new Recorder();
        const twin = new SortedList();
        const ids: { ours: number; theirs: number }[] = [];
        steps.forEach((s, name) => {
          ids.push({ ours: recorder.loop.schedule(s.delay, recorder, 3, name), theirs: twin.schedule(s.delay, name) });
        });
        steps.forEach((s, name) => {
          if (!s.cancel) return;
          recorder.loop.cancel(ids[name]!.ours);
          twin.cancel(ids[name]!.theirs);
        });
        recorder.onEvent = (name) => {
          if (name >= steps.length) return;
          for (const delay of steps[name]!.children)
            recorder.loop.schedule(recorder.loop.now + delay, recorder, 3, 1000 + name);
        };
        recorder.loop.run(1e9, 1e6);
        const expected: [number, number][] = [];
        for (let item = twin.next(); item !== undefined; item = twin.next()) {
          expected.push([item.time, item.name]);
          if (item.name < steps.length) {
            for (const delay of steps[item.name]!.children) twin.schedule(item.time + delay, 1000 + item.name);
          }
        }
        expect(recorder.seen).toEqual(expected);
      }),
    );
  });

  it('stops at the deadline, at the budget and when told to, and goes on from there', () => {
    const recorder = new Recorder();
    for (let name = 0; name < 10; name++) recorder.loop.schedule(name * 10, recorder, 3, name);
    expect(recorder.loop.run(25, 100)).toBe('deadline');
    expect(recorder.seen.length).toBe(3);
    expect(recorder.loop.run(1000, 2)).toBe('budget');
    expect(recorder.seen.length).toBe(5);
    recorder.onEvent = () => recorder.loop.stop();
    expect(recorder.loop.run(1000, 100)).toBe('stopped');
    recorder.onEvent = undefined;
    expect(recorder.loop.run(1000, 100)).toBe('idle');
    expect(recorder.seen.map(([, name]) => name)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(recorder.loop.eventCount).toBe(10);
  });

  it('ignores a cancel that comes too late, and one for an id whose slot is in use again', () => {
    const recorder = new Recorder();
    const first = recorder.loop.schedule(1, recorder, 3, 1);
    recorder.loop.run(1, 10);
    recorder.loop.schedule(2, recorder, 3, 2);
    recorder.loop.cancel(first);
    recorder.loop.run(10, 10);
    expect(recorder.seen).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('holds many more events than it starts with', () => {
    const recorder = new Recorder();
    const count = 5000;
    for (let name = 0; name < count; name++) recorder.loop.schedule((name * 7919) % count, recorder, 3, name);
    expect(recorder.loop.pending).toBe(count);
    recorder.loop.run(count, 1e6);
    expect(recorder.seen.length).toBe(count);
    expect(recorder.seen.every(([time], i) => i === 0 || recorder.seen[i - 1]![0] <= time)).toBe(true);
  });

  it('refuses an event in the past: that is our bug', () => {
    const recorder = new Recorder();
    recorder.loop.schedule(5, recorder, 3);
    recorder.loop.run(5, 1);
    expect(() => recorder.loop.schedule(4, recorder, 3)).toThrow(AssertionError);
  });
});

describe('trace hash', () => {
  const digestOf = (events: readonly (readonly [number, number, number, number, number])[]): string => {
    const trace = new Trace();
    for (const event of events) trace.event(...event);
    return trace.digest();
  };
  const base = [
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10],
  ] as const;

  it.each([
    [
      'time',
      [
        [1, 2, 3, 4, 5],
        [11, 7, 8, 9, 10],
      ],
    ],
    [
      'high half of the time',
      [
        [1 + 2 ** 40, 2, 3, 4, 5],
        [6, 7, 8, 9, 10],
      ],
    ],
    [
      'handler',
      [
        [1, 3, 3, 4, 5],
        [6, 7, 8, 9, 10],
      ],
    ],
    [
      'opcode',
      [
        [1, 2, 4, 4, 5],
        [6, 7, 8, 9, 10],
      ],
    ],
    [
      'a',
      [
        [1, 2, 3, 5, 5],
        [6, 7, 8, 9, 10],
      ],
    ],
    [
      'b',
      [
        [1, 2, 3, 4, 6],
        [6, 7, 8, 9, 10],
      ],
    ],
    [
      'order',
      [
        [6, 7, 8, 9, 10],
        [1, 2, 3, 4, 5],
      ],
    ],
    ['a missing event', [[1, 2, 3, 4, 5]]],
  ] as const)('sees a difference in %s', (_, events) => {
    expect(digestOf(events)).not.toBe(digestOf(base));
  });

  it('is sixteen hexadecimal digits that never change between versions', () => {
    expect(digestOf(base)).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf(base)).toBe(digestOf(base));
  });
});
