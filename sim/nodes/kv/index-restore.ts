/**
 * Makes a key index of the revisions that a store holds, in ascending order, as `open` reads them.
 *
 * Stores of many nodes begin as copies of one preloaded store. The first to be opened lends its index (`SharedIndex`),
 * and as long as what the others read is record for record what that one holds, they take it over: one comparison
 * in place of a lookup and an insertion, and no memory until they write there. Whatever differs is built from there on.
 * An index is lent only if each of its keys has one revision: then its first n ids are the first n records.
 */
import { INDEX_STEPS, type Work } from '../../work.ts';
import { KeyIndex } from './key-index.ts';

export interface SharedIndex {
  /** Never written to. */
  index: KeyIndex | undefined;
}

export class IndexRestore {
  readonly #work: Work;
  readonly #shared: SharedIndex | undefined;
  readonly #model: KeyIndex | undefined;
  /** Records that were the model's so far; all there were while `#own` is undefined. */
  #taken = 0;
  #own: KeyIndex | undefined;

  constructor(work: Work, shared: SharedIndex | undefined) {
    this.#work = work;
    this.#shared = shared;
    this.#model = shared?.index;
    if (this.#model === undefined) this.#own = new KeyIndex(work);
  }

  /** See `KeyIndex.restore`. */
  add(bytes: Uint8Array, from: number, to: number, main: number, sub: number, created: number, version: number): void {
    if (this.#own === undefined) {
      const model = this.#model!;
      const id = this.#taken;
      if (id < model.count && model.holdsOnly(id, bytes, from, to, main, sub, created, version)) {
        this.#taken++;
        // as many as the lookup would have taken
        this.#work.counts[INDEX_STEPS] = this.#work.counts[INDEX_STEPS]! + 33 - Math.clz32(id);
        return;
      }
      this.#own = this.#takenIndex();
    }
    this.#own.restore(bytes, from, to, main, sub, created, version);
  }

  finish(): KeyIndex {
    const index = this.#own ?? this.#takenIndex();
    const shared = this.#shared;
    if (shared === undefined || shared.index !== undefined || index.olderCount > 0) return index;
    shared.index = index;
    return index.copy(this.#work);
  }

  /** The first `#taken` records of the model. */
  #takenIndex(): KeyIndex {
    const model = this.#model!;
    if (this.#taken === model.count) return model.copy(this.#work);
    const index = new KeyIndex(this.#work);
    for (let id = 0; id < this.#taken; id++) index.addFrom(model, id);
    return index;
  }
}
