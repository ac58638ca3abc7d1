/** The memtable that is written to, those that wait for their flush, and emptied ones for reuse. */
import type { Work } from '../../sim/work.ts';
import { Memtable } from './memtable.ts';
import type { Options } from './options.ts';

export class MemtableList {
  active: Memtable;
  /** Oldest first; at most `max_write_buffer_number`. */
  readonly immutables: Memtable[] = [];
  readonly spare: Memtable[] = [];
  readonly #options: Options;
  readonly #work: Work;

  constructor(options: Options, work: Work) {
    this.#options = options;
    this.#work = work;
    this.active = new Memtable(options.writeBufferBytes, work);
  }

  get mayGrow(): boolean {
    return this.immutables.length < this.#options.writeBuffersMax;
  }

  /** Immutable ones that no flush has taken yet, oldest first. */
  waiting(): Memtable[] {
    return this.immutables.filter((memtable) => !memtable.isBeingFlushed);
  }

  /** The active memtable becomes immutable; the next one's batches go to the WAL `logNumber`. */
  switch(logNumber: number, lastSequence: number): void {
    this.immutables.push(this.active);
    this.active = this.spare.pop() ?? new Memtable(this.#options.writeBufferBytes, this.#work);
    this.active.reset(logNumber, lastSequence);
  }

  /** The WAL that is the oldest one needed once the `count` oldest immutable memtables are in a table. */
  logNumberAfter(count: number): number {
    return (this.immutables[count] ?? this.active).logNumber;
  }

  /** Drops the `count` oldest immutable memtables. */
  drop(count: number): void {
    for (const memtable of this.immutables.splice(0, count)) {
      if (this.spare.length < this.#options.writeBuffersMax) this.spare.push(memtable);
    }
  }
}
