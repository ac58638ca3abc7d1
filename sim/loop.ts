/**
 * The event loop: the only thing that moves virtual time.
 *
 * Events are ordered by (time, sequence number): of two events at one time, the one that was
 * scheduled first runs first, always. An event is an opcode and two numbers for a handler;
 * whatever else it needs stands in the handler's own slots. Scheduling allocates nothing.
 *
 * The queue is a binary heap of times and slots. A pop leaves the root empty, so that the push
 * which usually follows fills it with one sift instead of two. What an event carries stands in its
 * slot, four numbers side by side: one cache line, also when a hundred thousand are pending.
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
  /** Before the event is handled; the trace ends with the event before it. */
  onEvent(time: Time, event: number, target: Handler, opcode: number, a: number, b: number): void;
}

/** Why `run` returned: nothing pending; the next event lies after `until`; `eventsMax` handled; somebody called `stop`. */
export type LoopEnd = 'idle' | 'deadline' | 'budget' | 'stopped';

const SLOT_COUNT = 1 << 20;
const SEQUENCE_MAX = 2 ** 33 - 1;
const INITIAL_CAPACITY = 1024;
const CANCELLED = -1;
const FIELDS = 4;
const OPCODE = 1;
const A = 2;
const B = 3;

export class EventLoop {
  now: Time = 0;
  /** Events handled since the start of the run. */
  eventCount = 0;
  observer: EventObserver | undefined;
  readonly trace: Trace;

  // heap
  #times = new Float64Array(INITIAL_CAPACITY);
  #slots = new Int32Array(INITIAL_CAPACITY);
  #size = 0;
  #rootIsEmpty = false;
  #sequence = 1;

  // slots: id, opcode, a, b of each; an id is sequence · 2^20 + slot, so that ids order ties
  #fields = new Float64Array(INITIAL_CAPACITY * FIELDS);
  #targets: (Handler | undefined)[] = new Array(INITIAL_CAPACITY).fill(undefined);
  /** Of the targets: handlers are of so many shapes that each look into one is a search. */
  #traceIds = new Int32Array(INITIAL_CAPACITY);
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
    const sequence = this.#sequence++;
    assert(sequence < SEQUENCE_MAX, 'loop: more than 2^33 events in one run');
    const id = sequence * SLOT_COUNT + slot;
    const fields = this.#fields;
    const from = slot * FIELDS;
    fields[from] = id;
    fields[from + OPCODE] = opcode;
    fields[from + A] = a;
    fields[from + B] = b;
    if (this.#targets[slot] !== target) {
      this.#targets[slot] = target;
      this.#traceIds[slot] = target.traceId;
    }
    if (this.#rootIsEmpty) {
      this.#rootIsEmpty = false;
      this.#siftDown(at, slot);
    } else this.#siftUp(at, slot);
    return id;
  }

  /** Forgets an event that has not run yet; one that has, or id 0, is left alone. */
  cancel(id: EventId): void {
    const from = (id - Math.floor(id / SLOT_COUNT) * SLOT_COUNT) * FIELDS;
    if (this.#fields[from] === id && id !== 0) this.#fields[from + OPCODE] = CANCELLED;
  }

  /** Makes `run` return after the event at hand. */
  stop(): void {
    this.#stopped = true;
  }

  /** Handles events up to and including time `until`, at most `eventsMax` of them. */
  run(until: Time, eventsMax: number): LoopEnd {
    this.#stopped = false;
    const { trace } = this;
    const budget = this.eventCount + eventsMax;
    while (this.eventCount < budget) {
      if (this.#rootIsEmpty) this.#fillRoot();
      if (this.#size === 0) return 'idle';
      const time = this.#times[0]!;
      if (time > until) return 'deadline';
      this.#rootIsEmpty = true;
      const slot = this.#slots[0]!;
      const fields = this.#fields;
      const from = slot * FIELDS;
      const opcode = fields[from + OPCODE]! | 0;
      const a = fields[from + A]!;
      const b = fields[from + B]!;
      fields[from] = 0;
      this.#freeSlots[this.#freeCount++] = slot;
      if (opcode === CANCELLED) continue;
      const target = this.#targets[slot]!;
      this.now = time;
      this.eventCount++;
      if (this.observer !== undefined) this.observer.onEvent(time, this.eventCount, target, opcode, a, b);
      trace.event(time, this.#traceIds[slot]!, opcode, a, b);
      target.handle(opcode, a, b);
      if (this.#stopped) return 'stopped';
    }
    return 'budget';
  }

  /** Of two slots at one time: whose event was scheduled first. */
  #isEarlier(slot: number, other: number): boolean {
    return this.#fields[slot * FIELDS]! < this.#fields[other * FIELDS]!;
  }

  #siftUp(time: Time, slot: number): void {
    const times = this.#times;
    const slots = this.#slots;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent]!;
      // at one time the new event is the later one
      if (parentTime <= time) break;
      times[hole] = parentTime;
      slots[hole] = slots[parent]!;
      hole = parent;
    }
    times[hole] = time;
    slots[hole] = slot;
  }

  #fillRoot(): void {
    this.#rootIsEmpty = false;
    const last = --this.#size;
    if (last > 0) this.#siftDown(this.#times[last]!, this.#slots[last]!);
  }

  /** Places an event, starting from an empty root. */
  #siftDown(time: Time, slot: number): void {
    const times = this.#times;
    const slots = this.#slots;
    const last = this.#size - 1;
    let hole = 0;
    let child = 1;
    while (child < last) {
      // Adding the comparison instead of branching on it: which child is earlier is a coin toss
      // that no branch predictor wins.
      const leftTime = times[child]!;
      const rightTime = times[child + 1]!;
      if (rightTime === leftTime) child += +this.#isEarlier(slots[child + 1]!, slots[child]!);
      else child += +(rightTime < leftTime);
      const childTime = times[child]!;
      if (time < childTime || (time === childTime && this.#isEarlier(slot, slots[child]!))) break;
      times[hole] = childTime;
      slots[hole] = slots[child]!;
      hole = child;
      child = 2 * hole + 1;
    }
    if (child === last) {
      const childTime = times[child]!;
      if (childTime < time || (childTime === time && this.#isEarlier(slots[child]!, slot))) {
        times[hole] = childTime;
        slots[hole] = slots[child]!;
        hole = child;
      }
    }
    times[hole] = time;
    slots[hole] = slot;
  }

  #newSlot(): number {
    const slot = this.#slotsUsed++;
    assert(slot < SLOT_COUNT, 'loop: more than 2^20 events pending');
    if (slot === this.#times.length) this.#grow(slot * 2);
    return slot;
  }

  #grow(capacity: number): void {
    const times = new Float64Array(capacity);
    times.set(this.#times);
    this.#times = times;
    const slots = new Int32Array(capacity);
    slots.set(this.#slots);
    this.#slots = slots;
    const fields = new Float64Array(capacity * FIELDS);
    fields.set(this.#fields);
    this.#fields = fields;
    const traceIds = new Int32Array(capacity);
    traceIds.set(this.#traceIds);
    this.#traceIds = traceIds;
    const free = new Int32Array(capacity);
    free.set(this.#freeSlots);
    this.#freeSlots = free;
  }
}
