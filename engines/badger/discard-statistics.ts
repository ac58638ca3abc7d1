/**
 * Bytes of each value-log file that compactions found nobody needs: what garbage collection goes by. Kept as
 * JSON under an internal key, written after more than 100 changes, so that a restart may know less.
 */
import { ascii } from './format.ts';

const CHANGES_UNTIL_WRITTEN = 100;

export class DiscardStatistics {
  readonly #bytes = new Map<number, number>();
  #changes = 0;

  bytes(file: number): number {
    return this.#bytes.get(file) ?? 0;
  }

  /** Adds bytes by file; true if they should be written down now. */
  add(more: ReadonlyMap<number, number>): boolean {
    for (const [file, bytes] of more) {
      this.#bytes.set(file, this.bytes(file) + bytes);
      this.#changes++;
    }
    if (this.#changes <= CHANGES_UNTIL_WRITTEN) return false;
    this.#changes = 0;
    return true;
  }

  forget(file: number): void {
    this.#bytes.delete(file);
  }

  /** As Go writes a map: keys in the order of their digits. */
  toJson(): Uint8Array {
    const entries = [...this.#bytes].map(([file, bytes]) => [String(file), bytes] as const);
    entries.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    return ascii(`{${entries.map(([file, bytes]) => `"${file}":${bytes}`).join(',')}}`);
  }

  /** Takes what `toJson` wrote; anything else is ignored, as Badger does. */
  load(json: Uint8Array): void {
    const text = String.fromCharCode(...json.subarray(0, 1 << 15));
    if (json.length >= 1 << 15 || !/^\{("\d{1,10}":-?\d{1,15}(,"\d{1,10}":-?\d{1,15})*)?\}$/.test(text)) return;
    const found = new Map<number, number>();
    for (const [, file, bytes] of text.matchAll(/"(\d+)":(-?\d+)/g)) found.set(Number(file), Number(bytes));
    this.add(found);
  }
}
