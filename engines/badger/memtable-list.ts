/** The memtable that is written to, and the full ones that wait for their flush or are being flushed. */
import type { Work } from '../../sim/work.ts';
import { Memtable } from './memtable.ts';
import type { MemtableLog } from './memtable-log.ts';
import type { RandomStream } from './random-stream.ts';

/** A full memtable, with what its flush needs. */
export interface ImmutableMemtable {
  readonly memtable: Memtable;
  /** Pointer to the last entry that it holds: where replay would begin. Length 0: none. */
  readonly headFile: number;
  readonly headOffset: number;
  readonly headLength: number;
  readonly log: MemtableLog | undefined;
}

export class MemtableList {
  readonly #work: Work;
  active: Memtable;
  /** Oldest first. */
  readonly immutables: ImmutableMemtable[] = [];
  readonly #spare: Memtable[] = [];
  readonly #random: RandomStream;

  constructor(work: Work, random: RandomStream) {
    this.#work = work;
    this.#random = random;
    this.active = this.#make();
  }

  /** Makes the active memtable immutable. */
  push(headFile: number, headOffset: number, headLength: number, log: MemtableLog | undefined): void {
    this.immutables.push({ memtable: this.active, headFile, headOffset, headLength, log });
    this.active = this.#spare.pop() ?? this.#make();
  }

  /** The oldest is a table now. */
  drop(): void {
    const oldest = this.immutables.shift();
    if (oldest === undefined || this.#spare.length > 0) return;
    oldest.memtable.reset();
    this.#spare.push(oldest.memtable);
  }

  /** All that are read. */
  get count(): number {
    return this.immutables.length + 1;
  }
  /** The i-th newest: 0 is the active one. */
  newest(i: number): Memtable {
    return i === 0 ? this.active : this.immutables[this.immutables.length - i].memtable;
  }

  get memoryBytes(): number {
    let sum = this.active.memoryBytes;
    for (const { memtable } of this.immutables) sum += memtable.memoryBytes;
    for (const { memoryBytes } of this.#spare) sum += memoryBytes;
    return sum;
  }

  #make(): Memtable {
    return new Memtable(this.#work, this.#random.bits());
  }
}
