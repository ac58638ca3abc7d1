/** A text by key: get, put (which replaces it) and append. A text starts empty. */
import type { Operation } from '../history.ts';
import type { Machine, Model } from './model.ts';

const EMPTY = 0;

class Text implements Machine {
  readonly initial = EMPTY;
  readonly isRead: Uint8Array;
  readonly #operations: readonly Operation[];
  readonly #texts: string[] = [''];
  readonly #numbers = new Map<string, number>([['', EMPTY]]);
  /** Texts after an append, by state · operations + operation: a text is built once, not at each try. */
  readonly #appended = new Map<number, number>();

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    this.isRead = Uint8Array.from(operations, ({ kind }) => (kind === 'get' ? 1 : 0));
  }

  step(state: number, index: number): number {
    const { kind, argument, result } = this.#operations[index]!;
    if (kind === 'get') return this.#texts[state] === (result ?? '') ? state : -1;
    if (kind === 'put') return this.#number(argument ?? '');
    const place = state * this.#operations.length + index;
    let after = this.#appended.get(place);
    if (after === undefined) {
      after = this.#number(this.#texts[state]! + (argument ?? ''));
      this.#appended.set(place, after);
    }
    return after;
  }

  #number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  describe(state: number): string {
    return JSON.stringify(this.#texts[state]);
  }
}

export const kvAppend: Model = {
  name: 'kv-append',
  summary: 'get, put and append on texts by key',
  kinds: ['get', 'put', 'append'],
  compile: (operations) => new Text(operations),
};
