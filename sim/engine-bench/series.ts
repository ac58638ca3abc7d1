/** Bytes written by category over the progress of a phase, sampled at equal steps of operations. */
import { CATEGORIES } from '../disk/disk.ts';
import type { Meter } from './meter.ts';
import type { PhaseSeries } from './result.ts';

const STEPS = 100;

export class SeriesSampler {
  readonly #meter: Meter;
  #stepOperations = 1;
  #next = 0;
  #operations: number[] = [];
  #timeNs: number[] = [];
  #bytes: number[][] = [];

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  start(operations: number): void {
    this.#stepOperations = Math.max(1, Math.ceil(operations / STEPS));
    this.#next = this.#stepOperations;
    this.#operations = [];
    this.#timeNs = [];
    this.#bytes = CATEGORIES.map(() => []);
    this.sample(0, 0);
  }

  /** After each batch. */
  note(operations: number, timeNs: number): void {
    if (operations < this.#next) return;
    this.#next = operations + this.#stepOperations;
    this.sample(operations, timeNs);
  }

  sample(operations: number, timeNs: number): void {
    this.#operations.push(operations);
    this.#timeNs.push(timeNs);
    for (let category = 0; category < CATEGORIES.length; category++) {
      this.#bytes[category]!.push(this.#meter.writtenBytesOf(category));
    }
  }

  result(): PhaseSeries {
    const writtenBytes: Record<string, number[]> = {};
    CATEGORIES.forEach((name, category) => {
      const bytes = this.#bytes[category]!;
      if (bytes[bytes.length - 1]! > 0) writtenBytes[name] = bytes;
    });
    return { operations: this.#operations, timeNs: this.#timeNs, writtenBytes };
  }
}
