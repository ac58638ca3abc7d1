/** Registers: read, write, and with `cas-register` compare-and-set. A register starts as nil. */
import { type Datum, NEVER_RETURNED, type Operation } from '../history.ts';
import type { Machine, Model } from './model.ts';

const READ = 0;
const WRITE = 1;
const CAS = 2;
const NIL = 0;

class Register implements Machine {
  readonly initial = NIL;
  readonly isRead: Uint8Array;
  readonly #kinds: Uint8Array;
  /** Value written, expected, or read; numbered from 1, nil is 0. */
  readonly #values: Int32Array;
  readonly #replacements: Int32Array;
  /** Cas: 1 succeeded, 0 failed, 2 unknown. */
  readonly #outcomes: Uint8Array;
  readonly #names: Datum[] = [undefined];

  constructor(operations: readonly Operation[]) {
    const count = operations.length;
    this.isRead = new Uint8Array(count);
    this.#kinds = new Uint8Array(count);
    this.#values = new Int32Array(count);
    this.#replacements = new Int32Array(count);
    this.#outcomes = new Uint8Array(count);
    const numbers = new Map<Datum, number>([[undefined, NIL]]);
    const number = (datum: Datum): number => {
      const known = numbers.get(datum);
      if (known !== undefined) return known;
      numbers.set(datum, this.#names.length);
      return this.#names.push(datum) - 1;
    };
    for (const [i, operation] of operations.entries()) {
      const { kind, argument, replacement, result, returnedAt } = operation;
      this.#kinds[i] = kind === 'cas' ? CAS : kind === 'write' || kind === 'delete' ? WRITE : READ;
      this.#values[i] = number(this.#kinds[i] === READ ? result : argument);
      this.#replacements[i] = number(replacement);
      this.#outcomes[i] = returnedAt === NEVER_RETURNED ? 2 : result === 'ok' ? 1 : 0;
      this.isRead[i] = this.#kinds[i] === READ || (this.#kinds[i] === CAS && this.#outcomes[i] === 0) ? 1 : 0;
    }
  }

  step(state: number, operation: number): number {
    const kind = this.#kinds[operation];
    const value = this.#values[operation]!;
    if (kind === WRITE) return value;
    if (kind === READ) return state === value ? state : -1;
    const outcome = this.#outcomes[operation];
    if (state === value) return outcome === 0 ? -1 : this.#replacements[operation]!;
    return outcome === 1 ? -1 : state;
  }

  describe(state: number): string {
    const name = this.#names[state];
    return name === undefined ? 'nil' : JSON.stringify(name);
  }
}

export const register: Model = {
  name: 'register',
  summary: 'read, write and delete (which leaves nil)',
  kinds: ['read', 'write', 'delete'],
  compile: (operations) => new Register(operations),
};

export const casRegister: Model = {
  name: 'cas-register',
  summary: 'a register with compare-and-set; a cas that failed saw another value',
  kinds: ['read', 'write', 'delete', 'cas'],
  compile: (operations) => new Register(operations),
};
