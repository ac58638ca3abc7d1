import type { Time } from './clock.ts';

/**
 * A rolling hash over every event of a run: two runs are the same run if and only if (up to
 * 2^-64) their hashes agree. The loop feeds time, handler, opcode and payload of each event;
 * components may mix in what a slot number does not say (a term, an index, a byte count).
 * Two 32-bit multiply-xor lanes: integer arithmetic, the same on every machine.
 */
export class Trace {
  #low = 0x243f6a88;
  #high = 0x85a308d3;

  event(time: Time, handler: number, opcode: number, a: number, b: number): void {
    const timeHigh = Math.floor(time / 4294967296);
    let low = Math.imul(this.#low ^ (time - timeHigh * 4294967296), 0x9e3779b1);
    let high = Math.imul(this.#high ^ timeHigh ^ (handler << 8) ^ opcode, 0x85ebca77);
    low ^= high >>> 15;
    high = Math.imul(high ^ a, 0xc2b2ae3d) ^ (low >>> 13);
    low = Math.imul(low ^ b, 0x27d4eb2f) ^ (high >>> 16);
    this.#low = low;
    this.#high = high;
  }

  mix(word: number): void {
    const low = Math.imul(this.#low ^ word, 0x9e3779b1);
    this.#high = Math.imul(this.#high ^ (low >>> 15), 0x85ebca77);
    this.#low = low ^ (this.#high >>> 13);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  /** Cheap equality for two runs in lockstep. */
  equals(other: Trace): boolean {
    return this.#low === other.#low && this.#high === other.#high;
  }
}
