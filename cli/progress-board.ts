/**
 * How far each run is, in memory that all worker threads share: they write numbers, the main thread
 * reads them when it draws. Torn reads cost a wrong digit on a screen. The one flag that matters,
 * "stop", is atomic.
 *
 * Layout: an Int32 flag, 4 bytes of padding, then for each run five doubles: events, virtual ns,
 * fraction done, keys preloaded so far, keys to preload.
 */
const EVENTS = 0;
const NOW_NS = 1;
const FRACTION = 2;
const PRELOADED = 3;
const PRELOAD = 4;
const WORDS = 5;

export class ProgressBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #flag: Int32Array;
  readonly #figures: Float64Array;

  constructor(runs: number | SharedArrayBuffer) {
    this.buffer = typeof runs === 'number' ? new SharedArrayBuffer(8 + runs * WORDS * 8) : runs;
    this.#flag = new Int32Array(this.buffer, 0, 1);
    this.#figures = new Float64Array(this.buffer, 8);
  }

  get runs(): number {
    return this.#figures.length / WORDS;
  }

  get stopped(): boolean {
    return Atomics.load(this.#flag, 0) !== 0;
  }

  stop(): void {
    Atomics.store(this.#flag, 0, 1);
  }

  set(run: number, events: number, nowNs: number, fraction: number): void {
    const at = run * WORDS;
    this.#figures[at + EVENTS] = events;
    this.#figures[at + NOW_NS] = nowNs;
    this.#figures[at + FRACTION] = fraction;
  }

  /** The run has not begun: its store is being built. */
  setPreload(run: number, keysDone: number, keys: number): void {
    const at = run * WORDS;
    this.#figures[at + PRELOADED] = keysDone;
    this.#figures[at + PRELOAD] = keys;
  }

  /** Share of its store that is built, while that is being done; undefined before and after. */
  preloading(run: number): { readonly fraction: number; readonly keys: number } | undefined {
    const keys = this.#figures[run * WORDS + PRELOAD]!;
    if (keys === 0 || this.fraction(run) > 0) return undefined;
    return { fraction: this.#figures[run * WORDS + PRELOADED]! / keys, keys };
  }

  fraction(run: number): number {
    return this.#figures[run * WORDS + FRACTION]!;
  }

  nowNs(run: number): number {
    return this.#figures[run * WORDS + NOW_NS]!;
  }

  /** Over all runs. */
  get events(): number {
    let sum = 0;
    for (let run = 0; run < this.runs; run++) sum += this.#figures[run * WORDS + EVENTS]!;
    return sum;
  }

  get virtualNs(): number {
    let sum = 0;
    for (let run = 0; run < this.runs; run++) sum += this.nowNs(run);
    return sum;
  }

  get finished(): number {
    let count = 0;
    for (let run = 0; run < this.runs; run++) if (this.fraction(run) >= 1) count++;
    return count;
  }

  /** Each run counts the same. */
  get fractionDone(): number {
    let sum = 0;
    for (let run = 0; run < this.runs; run++) sum += this.fraction(run);
    return this.runs === 0 ? 1 : sum / this.runs;
  }
}
