/**
 * Linearizability of gets, puts and deletes, key by key: what clients were told can be put in an order in which each
 * get sees the last write before it, and each operation stands between its call and its return.
 *
 * Does not check ranges, nor gets that were allowed to be stale; nor anything in a run that did not come to its end.
 * Values are compared by fingerprint. Remembers 2^20 operations, 29 bytes each; of a longer run it checks the first so
 * many. A key whose history neither was proven of within its share of steps counts as `unproven`, not as a violation.
 */
import type { Time } from '../clock.ts';
import { NEVER_RETURNED } from '../linearizability/history.ts';
import type { Machine } from '../linearizability/models/model.ts';
import { Search } from '../linearizability/search.ts';
import { type ClientReply, type ClientRequest, DELETE, GET, type Outcome, RANGE } from '../rpc.ts';
import type { Checker, FinalReplica, KeySpace, Report } from './checker.ts';
import { fingerprint } from './fingerprint.ts';

const OPERATIONS_MAX = 2 ** 20;
export const STEPS_BASE = 1_000_000;
export const STEPS_AN_OPERATION = 200;
const MILLION = 1e6;

/** Had no effect, or says nothing. */
const VOID = 255;

export class Linearizability implements Checker {
  readonly name = 'linearizability';
  /** Keys of which neither was proven. */
  unproven = 0;
  readonly #report: Report;
  readonly #keys: KeySpace;
  /** By session: its operation that has not returned. */
  readonly #open = new Map<number, number>();

  // by operation, in the order of calls
  #count = 0;
  #key = new Int32Array(1024);
  #operation = new Uint8Array(1024);
  /** Fingerprint of what was written or read; 0: nothing. */
  #mark = new Uint32Array(1024);
  #session = new Uint32Array(1024);
  #calledAt = new Float64Array(1024);
  #returnedAt = new Float64Array(1024);

  constructor(report: Report, keys: KeySpace) {
    this.#report = report;
    this.#keys = keys;
  }

  onInvoke(request: ClientRequest, keyIndex: number, now: Time): void {
    const { operation, session } = request;
    if (operation === RANGE || (operation === GET && request.serializable)) return;
    if (this.#count === OPERATIONS_MAX) {
      this.#openReadsSayNothing();
      return;
    }
    if (this.#count === this.#key.length) this.#grow();
    const at = this.#count++;
    this.#key[at] = keyIndex;
    this.#operation[at] = operation;
    this.#mark[at] = request.value === undefined ? 0 : fingerprint(request.value);
    this.#session[at] = session;
    this.#calledAt[at] = now;
    this.#returnedAt[at] = NEVER_RETURNED;
    this.#open.set(session, at);
  }

  onOutcome(request: ClientRequest, _key: number, outcome: Outcome, reply: ClientReply | undefined, now: Time): void {
    const at = this.#open.get(request.session);
    if (at === undefined) return;
    this.#open.delete(request.session);
    if (outcome === 'failed') this.#operation[at] = VOID;
    if (reply === undefined) return;
    this.#returnedAt[at] = now;
    if (request.operation === GET) this.#mark[at] = reply.value === undefined ? 0 : fingerprint(reply.value);
  }

  /** What they will read may have been written by operations that are not remembered. */
  #openReadsSayNothing(): void {
    for (const at of this.#open.values()) if (this.#operation[at] === GET) this.#operation[at] = VOID;
  }

  #grow(): void {
    const length = this.#key.length * 2;
    const grown = <T extends { set(from: T): void }>(into: T, from: T): T => {
      into.set(from);
      return into;
    };
    this.#key = grown(new Int32Array(length), this.#key);
    this.#operation = grown(new Uint8Array(length), this.#operation);
    this.#mark = grown(new Uint32Array(length), this.#mark);
    this.#session = grown(new Uint32Array(length), this.#session);
    this.#calledAt = grown(new Float64Array(length), this.#calledAt);
    this.#returnedAt = grown(new Float64Array(length), this.#returnedAt);
  }

  finish(_replicas: readonly FinalReplica[]): void {
    // by key, each key's in the order of calls
    const ends = new Int32Array(this.#keys.count + 1);
    const saysSomething = (at: number): boolean =>
      this.#operation[at] !== VOID && (this.#operation[at] !== GET || this.#returnedAt[at]! < NEVER_RETURNED);
    for (let at = 0; at < this.#count; at++) if (saysSomething(at)) ends[this.#key[at]! + 1]!++;
    for (let key = 1; key < ends.length; key++) ends[key]! += ends[key - 1]!;
    const order = new Int32Array(ends[this.#keys.count]!);
    for (let at = 0; at < this.#count; at++) if (saysSomething(at)) order[ends[this.#key[at]!]!++] = at;
    let from = 0;
    for (let key = 0; key < this.#keys.count; key++) {
      const to = ends[key]!;
      if (to > from && !this.#isSequentiallyRight(key, order, from, to) && !this.#check(key, order.slice(from, to)))
        return;
      from = to;
    }
  }

  /** The usual case, without a search: no operation overlaps another, and each get is right. */
  #isSequentiallyRight(key: number, order: Int32Array, from: number, to: number): boolean {
    let state = this.#keys.preloaded(key);
    let returned = -1;
    for (let i = from; i < to; i++) {
      const at = order[i]!;
      if (this.#calledAt[at]! <= returned) return false;
      returned = this.#returnedAt[at]!;
      if (this.#operation[at] !== GET) state = this.#mark[at]!;
      else if (this.#mark[at] !== state) return false;
    }
    return true;
  }

  /** False: there is no order, and it has been reported. */
  #check(key: number, operations: Int32Array): boolean {
    const marks = new Uint32Array(operations.length);
    const isRead = new Uint8Array(operations.length);
    const calledAt = new Float64Array(operations.length);
    const returnedAt = new Float64Array(operations.length);
    for (let i = 0; i < operations.length; i++) {
      const at = operations[i]!;
      marks[i] = this.#mark[at]!;
      isRead[i] = this.#operation[at] === GET ? 1 : 0;
      calledAt[i] = this.#calledAt[at]!;
      returnedAt[i] = this.#returnedAt[at]!;
    }
    const search = new Search(calledAt, returnedAt, new KeyMachine(this.#keys.preloaded(key), marks, isRead));
    const state = search.advance(STEPS_BASE + STEPS_AN_OPERATION * operations.length);
    if (state === 'linearizable') return true;
    if (state === 'not linearizable') {
      this.#report(this.name, this.#explain(key, operations, search));
      return false;
    }
    this.unproven++;
    return true;
  }

  #explain(key: number, operations: Int32Array, search: Search): string {
    const { order, blocked } = search.furthest;
    const at = operations[blocked]!;
    const last = order.at(-1);
    const after = last === undefined ? '' : `, the last of them ${this.#describe(operations[last]!)}`;
    const counts = `${order.length} of ${operations.length} operations on key ${key} can be put in order`;
    return `${this.#describe(at)} cannot be placed: ${counts}${after}`;
  }

  #describe(at: number): string {
    const ms = (time: number): string => `${(time / MILLION).toFixed(3)}`;
    const operation = this.#operation[at];
    const returned = this.#returnedAt[at]!;
    const span = `${ms(this.#calledAt[at]!)}–${returned >= NEVER_RETURNED ? '?' : ms(returned)} ms`;
    const mark = this.#mark[at]!;
    const session = `session ${this.#session[at]}`;
    if (operation === DELETE) return `the delete of ${session} (${span})`;
    if (operation !== GET) return `the put of ${session} (${span})`;
    if (mark === 0) return `the get of ${session} (${span}), which saw nothing,`;
    const writer = this.#writerOf(this.#key[at]!, mark);
    const seen = writer === undefined ? 'a value that nobody wrote' : `the put of session ${writer}`;
    return `the get of ${session} (${span}), which saw ${seen},`;
  }

  #writerOf(key: number, mark: number): number | undefined {
    for (let at = 0; at < this.#count; at++) {
      const isPut = this.#operation[at] !== GET && this.#operation[at] !== DELETE;
      if (isPut && this.#key[at] === key && this.#mark[at] === mark) return this.#session[at];
    }
    return undefined;
  }
}

/** A key as a register: its states are the fingerprints that were written or read, numbered. */
export class KeyMachine implements Machine {
  readonly initial: number;
  readonly isRead: Uint8Array;
  readonly #states: Int32Array;

  constructor(initial: number, marks: Uint32Array, isRead: Uint8Array) {
    this.isRead = isRead;
    const numbers = new Map<number, number>();
    const number = (mark: number): number => {
      let known = numbers.get(mark);
      if (known === undefined) {
        known = numbers.size;
        numbers.set(mark, known);
      }
      return known;
    };
    this.initial = number(initial);
    this.#states = new Int32Array(marks.length);
    for (let i = 0; i < marks.length; i++) this.#states[i] = number(marks[i]!);
  }

  step(state: number, operation: number): number {
    const other = this.#states[operation]!;
    return this.isRead[operation] === 0 || other === state ? other : -1;
  }

  describe(state: number): string {
    return `state ${state}`;
  }
}
