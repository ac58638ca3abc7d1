/** What becomes durable when a flush finishes, by the number that the flush carries. Slots are reused. */
import type { SimulatedFile } from './simulated-file.ts';

export const SYNC_FILE = 0;
export const SYNC_DIRECTORY = 1;
/** Everything of a certain age. */
export const SYNC_WRITE_BACK = 2;
/** A sync that lies. */
export const SYNC_NOTHING = 3;

export interface PendingSync {
  kind: number;
  file: SimulatedFile | undefined;
  directory: string;
  /** What was called up to it. */
  sequence: number;
}

export class PendingSyncs {
  readonly #slots: PendingSync[] = [];
  readonly #free: number[] = [];

  add(kind: number, file: SimulatedFile | undefined, directory: string, sequence: number): number {
    const free = this.#free.pop();
    if (free === undefined) return this.#slots.push({ kind, file, directory, sequence }) - 1;
    const sync = this.#slots[free];
    sync.kind = kind;
    sync.file = file;
    sync.directory = directory;
    sync.sequence = sequence;
    return free;
  }

  /** Valid until the next `add`. */
  take(id: number): PendingSync {
    this.#free.push(id);
    return this.#slots[id];
  }

  clear(): void {
    this.#slots.length = 0;
    this.#free.length = 0;
  }
}
