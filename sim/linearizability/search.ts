/**
 * Whether the operations on one object can be put in an order that an object without concurrency could have shown:
 * the algorithm of Wing and Gong, with Lowe's memoisation of configurations.
 *
 * Calls and returns stand in a list in the order of time. The search places an operation whose call comes before the
 * first return in the list, takes its call and return out, and goes on from the front; where the first return belongs
 * to an operation that fits nowhere, it takes the last placed one back and tries the next.
 *
 * Two things shorten it. An operation that reads and is right in the state at hand is placed at once and never taken
 * back by itself: placing it forbids nothing. An operation of unknown outcome has no return, may stay out, and is
 * tried only where it changes the state.
 *
 * Runs for as many steps as it is given and can go on later. Not proven within the memory of the configurations: `unknown`.
 */
import { NEVER_RETURNED } from './history.ts';
import type { Machine } from './models/model.ts';
import { SeenConfigurations } from './seen-configurations.ts';

export type SearchState = 'undecided' | 'linearizable' | 'not linearizable' | 'unknown';

const BITS = 32;
const BACK = -1;

export class Search {
  state: SearchState = 'undecided';
  readonly #machine: Machine;
  /** In the numbering of the search: those that returned in the order of their calls, then the others. */
  readonly #numbers: Int32Array;
  readonly #required: number;
  /** Events 1 … 2n in a list with 0 at both ends; positive: the call of that operation + 1, negative: its return. */
  readonly #events: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #callEvent: Int32Array;
  readonly #returnEvent: Int32Array;

  readonly #placed: Uint32Array;
  readonly #requiredWords: number;
  readonly #marks: Int32Array;
  #hash = 0;
  readonly #seen: SeenConfigurations;
  #left: number;
  #current: number;
  #event: number;
  /** Operations placed, the state before each, and whether it may be taken back by itself. */
  readonly #stack: Int32Array;
  readonly #statesBefore: Int32Array;
  readonly #isForced: Uint8Array;
  #depth = 0;

  // the longest order found so far
  readonly #longest: Int32Array;
  #longestDepth = -1;
  #longestState = 0;
  #blocked = -1;
  /** Depth down to which the stack has changed since it was copied. */
  #changedFrom = 0;

  /** `calledAt` ascends; both are moments of one clock, `NEVER_RETURNED` for operations of unknown outcome. */
  constructor(calledAt: Float64Array, returnedAt: Float64Array, machine: Machine, memoryWordsMax?: number) {
    this.#machine = machine;
    const count = calledAt.length;
    this.#numbers = new Int32Array(count);
    let required = 0;
    for (let i = 0; i < count; i++) if (returnedAt[i]! < NEVER_RETURNED) this.#numbers[required++] = i;
    let number = required;
    for (let i = 0; i < count; i++) if (returnedAt[i]! >= NEVER_RETURNED) this.#numbers[number++] = i;
    this.#required = required;
    this.#left = required;
    this.#requiredWords = Math.ceil(required / BITS);
    const words = this.#requiredWords + Math.ceil((count - required) / BITS);
    this.#placed = new Uint32Array(words);
    this.#seen = new SeenConfigurations(this.#requiredWords, words, memoryWordsMax);
    this.#marks = marksOf(count);
    this.#callEvent = new Int32Array(count);
    this.#returnEvent = new Int32Array(count);
    this.#events = new Int32Array(count + required + 1);
    this.#next = new Int32Array(count + required + 1);
    this.#previous = new Int32Array(count + required + 1);
    this.#lineUp(calledAt, returnedAt);
    this.#stack = new Int32Array(count);
    this.#statesBefore = new Int32Array(count);
    this.#isForced = new Uint8Array(count);
    this.#longest = new Int32Array(count);
    this.#current = machine.initial;
    this.#event = this.#next[0]!;
  }

  /** Merges calls and returns into the list. At one moment calls come first: the operations overlap. */
  #lineUp(calledAt: Float64Array, returnedAt: Float64Array): void {
    const numbers = this.#numbers;
    const called = (number: number): number => calledAt[numbers[number]!]!;
    const returned = (number: number): number => returnedAt[numbers[number]!]!;
    const returns = new Int32Array(this.#required);
    for (let number = 0; number < returns.length; number++) returns[number] = number;
    returns.sort((a, b) => returned(a) - returned(b) || a - b);
    const calls = this.#byCall(called);
    const last = this.#events.length - 1;
    let call = 0;
    let back = 0;
    for (let place = 1; place <= last; place++) {
      const isCall =
        back === returns.length || (call < calls.length && called(calls[call]!) <= returned(returns[back]!));
      const number = isCall ? calls[call++]! : returns[back++]!;
      if (isCall) this.#callEvent[number] = place;
      else this.#returnEvent[number] = place;
      this.#events[place] = isCall ? number + 1 : -(number + 1);
      this.#next[place] = place === last ? 0 : place + 1;
      this.#previous[place] = place - 1;
    }
    this.#next[0] = last === 0 ? 0 : 1;
    this.#previous[0] = last;
  }

  /** Numbers by the moments of their calls: these ascend among those that returned, and among those that did not. */
  #byCall(called: (number: number) => number): Int32Array {
    const calls = new Int32Array(this.#numbers.length);
    let call = 0;
    let open = this.#required;
    for (let i = 0; i < calls.length; i++) {
      const isOpen = call === this.#required || (open < calls.length && called(open) < called(call));
      calls[i] = isOpen ? open++ : call++;
    }
    return calls;
  }

  /** At most so many operations tried; go on with the next call while the answer is 'undecided'. */
  advance(steps: number): SearchState {
    for (let step = 0; step < steps && this.state === 'undecided'; step++) {
      if (this.#left === 0) this.state = 'linearizable';
      else this.#tryNext();
    }
    return this.state;
  }

  /** Where the search came furthest: operations in order, the state they leave, and whose return was in the way; −1: nobody's. */
  get furthest(): { readonly order: readonly number[]; readonly state: number; readonly blocked: number } {
    if (this.state === 'linearizable') {
      const whole = Array.from(this.#stack.subarray(0, this.#depth), (at) => this.#numbers[at]!);
      return { order: whole, state: this.#current, blocked: -1 };
    }
    const order = Array.from(this.#longest.subarray(0, Math.max(0, this.#longestDepth)), (at) => this.#numbers[at]!);
    return { order, state: this.#longestState, blocked: this.#blocked < 0 ? -1 : this.#numbers[this.#blocked]! };
  }

  #tryNext(): void {
    const event = this.#events[this.#event]!;
    if (event <= 0) {
      this.#block(event);
      return;
    }
    const number = event - 1;
    const operation = this.#numbers[number]!;
    const after = this.#machine.step(this.#current, operation);
    const isRead = this.#machine.isRead[operation] === 1;
    const isUseless = number >= this.#required && after === this.#current;
    if (after < 0 || isUseless) {
      this.#event = this.#next[this.#event]!;
      return;
    }
    this.#flip(number);
    const answer = isRead ? 'new' : this.#seen.add(this.#placed, this.#hash, after);
    if (answer === 'new') {
      this.#place(number, after, isRead);
      return;
    }
    this.#flip(number);
    if (answer === 'full') this.state = 'unknown';
    else this.#event = this.#next[this.#event]!;
  }

  #place(number: number, after: number, isForced: boolean): void {
    this.#stack[this.#depth] = number;
    this.#statesBefore[this.#depth] = this.#current;
    this.#isForced[this.#depth] = isForced ? 1 : 0;
    this.#depth++;
    this.#current = after;
    this.#takeOut(this.#callEvent[number]!);
    if (number < this.#required) {
      this.#takeOut(this.#returnEvent[number]!);
      this.#left--;
    }
    this.#event = this.#next[0]!;
  }

  /** The first return in the list (0: the end) is of an operation that has not been placed. */
  #block(event: number): void {
    if (this.#depth > this.#longestDepth) {
      for (let at = this.#changedFrom; at < this.#depth; at++) this.#longest[at] = this.#stack[at]!;
      this.#changedFrom = this.#depth;
      this.#longestDepth = this.#depth;
      this.#longestState = this.#current;
      this.#blocked = event === 0 ? -1 : -event - 1;
    }
    let resume = BACK;
    while (resume === BACK) {
      if (this.#depth === 0) {
        this.state = 'not linearizable';
        return;
      }
      resume = this.#takeBack();
    }
    this.#event = resume;
  }

  /** Undoes the last placement; returns where to go on, or BACK if it has no alternative. */
  #takeBack(): number {
    const number = this.#stack[--this.#depth]!;
    if (this.#depth < this.#changedFrom) this.#changedFrom = this.#depth;
    this.#current = this.#statesBefore[this.#depth]!;
    this.#flip(number);
    if (number < this.#required) {
      this.#putBack(this.#returnEvent[number]!);
      this.#left++;
    }
    const call = this.#callEvent[number]!;
    this.#putBack(call);
    return this.#isForced[this.#depth] === 1 ? BACK : this.#next[call]!;
  }

  #flip(number: number): void {
    const isRequired = number < this.#required;
    const bit = isRequired ? number : number - this.#required;
    const word = (isRequired ? 0 : this.#requiredWords) + Math.floor(bit / BITS);
    this.#placed[word] = this.#placed[word]! ^ (1 << (bit % BITS));
    this.#hash ^= this.#marks[number]!;
  }

  #takeOut(place: number): void {
    const next = this.#next[place]!;
    const previous = this.#previous[place]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #putBack(place: number): void {
    this.#next[this.#previous[place]!] = place;
    this.#previous[this.#next[place]!] = place;
  }
}

/** One word an operation, for a hash of a set that changes by one exclusive or. */
function marksOf(count: number): Int32Array {
  const marks = new Int32Array(count);
  let state = 0x2545f491;
  for (let i = 0; i < count; i++) {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    marks[i] = mixed ^ (mixed >>> 15);
  }
  return marks;
}
