/**
 * The event loop: the only thing that moves virtual time.
 *
 * Events are ordered by (time, sequence number): of two events at one time, the one that was
 * scheduled first runs first, always. An event is an opcode and two numbers for a handler;
 * whatever else it needs stands in the handler's own slots. Scheduling allocates nothing.
 *
 * The queue is a binary heap on two Float64Arrays. A pop leaves the root empty, so that the
 * push which usually follows fills it with one sift instead of two.
 *
 * Limits: 2^20 events pending at a time, 2^33 in a run; both asserted.
 */
import { assert } from './assert.ts';
import type { Time } from './clock.ts';
import type { Trace } from './trace.ts';

/** Names one scheduled event; never reused within a run. 0 names none. */
export type EventId = number;

export interface Handler {
  /** Enters the trace hash: the same component must have the same id in every run. */
  readonly traceId: number;
  handle(opcode: number, a: number, b: number): void;
  /** One line for people. Never called unless somebody watches. */
  describe?(opcode: number, a: number, b: number): string;
}

export interface EventObserver {
  onEvent(time: Time, event: number, target: Handler, opcode: number, a: number, b: number): void;
}

/** Why `run` returned: nothing pending; the next event lies after `until`; `eventsMax` handled; somebody called `stop`. */
export type LoopEnd = 'idle' | 'deadline' | 'budget' | 'stopped';

const SLOT_COUNT = 1 << 20;
const SEQUENCE_MAX = 2 ** 33 - 1;
const INITIAL_CAPACITY = 1024;
const CANCELLED = -1;

export class EventLoop {
  now: Time = 0;
  /** Events handled since the start of the run. */
  eventCount = 0;
  observer: EventObserver | undefined;
  readonly trace: Trace;

  // heap: key = sequence · 2^20 + slot, so that one comparison orders ties
  #times = new Float64Array(INITIAL_CAPACITY);
  #keys = new Float64Array(INITIAL_CAPACITY);
  #size = 0;
  #rootIsEmpty = false;
  #sequence = 1;

  // slots
  #targets: (Handler | undefined)[] = new Array(INITIAL_CAPACITY).fill(undefined);
  #opcodes = new Int32Array(INITIAL_CAPACITY);
  #a = new Float64Array(INITIAL_CAPACITY);
  #b = new Float64Array(INITIAL_CAPACITY);
  #slotKeys = new Float64Array(INITIAL_CAPACITY);
  #freeSlots = new Int32Array(INITIAL_CAPACITY);
  #freeCount = 0;
  #slotsUsed = 0;
  #stopped = false;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** Events pending, cancelled ones included until their time comes. */
  get pending(): number {
    return this.#rootIsEmpty ? this.#size - 1 : this.#size;
  }

  schedule(at: Time, target: Handler, opcode: number, a = 0, b = 0): EventId {
    assert(at >= this.now, 'loop: an event in the past');
    const slot = this.#freeCount > 0 ? this.#freeSlots[--this.#freeCount]! : this.#newSlot();
    assert(this.#sequence < SEQUENCE_MAX, 'loop: more than 2^33 events in one run');
    const key = this.#sequence++ * SLOT_COUNT + slot;
    this.#targets[slot] = target;
    this.#opcodes[slot] = opcode;
    this.#a[slot] = a;
    this.#b[slot] = b;
    this.#slotKeys[slot] = key;
    this.#push(at, key);
    return key;
  }

  /** Forgets an event that has not run yet; one that has, or id 0, is left alone. */
  cancel(id: EventId): void {
    const slot = id - Math.floor(id / SLOT_COUNT) * SLOT_COUNT;
    if (this.#slotKeys[slot] === id && id !== 0) this.#opcodes[slot] = CANCELLED;
  }

  /** Makes `run` return after the event at hand. */
  stop(): void {
    this.#stopped = true;
  }

  /** Handles events up to and including time `until`, at most `eventsMax` of them. */
  run(until: Time, eventsMax: number): LoopEnd {
    this.#stopped = false;
    const budget = this.eventCount + eventsMax;
    while (this.eventCount < budget) {
      if (this.#rootIsEmpty) this.#fillRoot();
      if (this.#size === 0) return 'idle';
      const time = this.#times[0]!;
      if (time > until) return 'deadline';
      const key = this.#keys[0]!;
      this.#rootIsEmpty = true;
      const slot = key - Math.floor(key / SLOT_COUNT) * SLOT_COUNT;
      const opcode = this.#opcodes[slot]!;
      const target = this.#targets[slot]!;
      const a = this.#a[slot]!;
      const b = this.#b[slot]!;
      this.#slotKeys[slot] = 0;
      this.#freeSlots[this.#freeCount++] = slot;
      if (opcode === CANCELLED) continue;
      this.now = time;
      this.eventCount++;
      this.trace.event(time, target.traceId, opcode, a, b);
      if (this.observer !== undefined) this.observer.onEvent(time, this.eventCount, target, opcode, a, b);
      target.handle(opcode, a, b);
      if (this.#stopped) return 'stopped';
    }
    return 'budget';
  }

  #push(time: Time, key: number): void {
    if (this.#rootIsEmpty) {
      this.#rootIsEmpty = false;
      this.#siftDown(time, key);
      return;
    }
    const times = this.#times;
    const keys = this.#keys;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent]!;
      if (parentTime < time || (parentTime === time && keys[parent]! < key)) break;
      times[hole] = parentTime;
      keys[hole] = keys[parent]!;
      hole = parent;
    }
    times[hole] = time;
    keys[hole] = key;
  }

  #fillRoot(): void {
    this.#rootIsEmpty = false;
    const last = --this.#size;
    if (last > 0) this.#siftDown(this.#times[last]!, this.#keys[last]!);
  }

  /** Places an event, starting from an empty root. */
  #siftDown(time: Time, key: number): void {
    const times = this.#times;
    const keys = this.#keys;
    const last = this.#size - 1;
    let hole = 0;
    for (let child = 1; child <= last; child = 2 * hole + 1) {
      if (child < last) {
        // Adding the comparison instead of branching on it: which child is earlier is a coin toss
        // that no branch predictor wins.
        const leftTime = times[child]!;
        const rightTime = times[child + 1]!;
        const rightTie = rightTime === leftTime && keys[child + 1]! < keys[child]!;
        child += +(rightTime < leftTime);
        if (rightTie) child++;
      }
      const childTime = times[child]!;
      if (time < childTime || (time === childTime && key < keys[child]!)) break;
      times[hole] = childTime;
      keys[hole] = keys[child]!;
      hole = child;
    }
    times[hole] = time;
    keys[hole] = key;
  }

  #newSlot(): number {
    const slot = this.#slotsUsed++;
    assert(slot < SLOT_COUNT, 'loop: more than 2^20 events pending');
    if (slot === this.#opcodes.length) this.#grow(slot * 2);
    return slot;
  }

  #grow(capacity: number): void {
    this.#times = grown(this.#times, capacity);
    this.#keys = grown(this.#keys, capacity);
    this.#a = grown(this.#a, capacity);
    this.#b = grown(this.#b, capacity);
    this.#slotKeys = grown(this.#slotKeys, capacity);
    const opcodes = new Int32Array(capacity);
    opcodes.set(this.#opcodes);
    this.#opcodes = opcodes;
    const free = new Int32Array(capacity);
    free.set(this.#freeSlots);
    this.#freeSlots = free;
  }
}

function grown(old: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(capacity);
  bigger.set(old);
  return bigger;
}
