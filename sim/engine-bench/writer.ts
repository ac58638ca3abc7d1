/**
 * The one client of a bench: takes a phase's operations batch by batch to the engine. An engine under pressure holds it
 * up or slows it down by the bytes it brings; in a paced run it waits after each batch until no background work is left.
 */
import { Batch } from '../batch.ts';
import { Value } from '../bytes/value.ts';
import { LatencyHistogram } from '../clients/latency-histogram.ts';
import { type Duration, SECOND, type Time } from '../clock.ts';
import type { WriteOutcome } from '../storage-engine.ts';
import { KEY_BYTES, writeKey } from './generator.ts';
import type { PhaseSpec } from './spec.ts';
import type { Store } from './store.ts';

/** Buckets to an octave of latencies: 2^7, no figure off by more than 0.8 %. */
const LATENCY_BITS = 7;
/** Literal bytes of a value, as far as it has so many: which operation wrote it. The rest is fill. */
const STAMP_BYTES = 16;

export interface WriterOptions {
  readonly sync: boolean;
  readonly paced: boolean;
  /** Figures of the engine whose greatest growth from one batch is kept. */
  readonly batchFigures: readonly string[];
  /** A batch is done. */
  onBatch(): void;
}

export class Writer {
  /** Operations that are done, of the phase at hand; like everything below. */
  done = 0;
  batches = 0;
  logicalBytes = 0;
  /** Gets that found their key. */
  found = 0;
  stoppedNs: Duration = 0;
  slowedNs: Duration = 0;
  readonly latency = new LatencyHistogram(LATENCY_BITS);
  batchMax: Record<string, number> = {};

  readonly #store: Store;
  readonly #options: WriterOptions;
  readonly #batch = new Batch();
  readonly #key = new Uint8Array(KEY_BYTES);
  readonly #stamp = new Uint8Array(STAMP_BYTES);
  readonly #value = new Value();
  readonly #read = new Value();
  #phase!: PhaseSpec;
  #indices: Uint32Array = new Uint32Array(0);
  #then: () => void = () => {};
  #failed: (what: string) => void = () => {};
  #figures: Readonly<Record<string, number>> = {};
  #readyAt: Time = 0;
  #stoppedSince: Time = -1;
  #isResting = false;

  constructor(store: Store, options: WriterOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** `ordinal`: of the phase in the run, for the stamps. */
  start(
    phase: PhaseSpec,
    ordinal: number,
    indices: Uint32Array,
    then: () => void,
    failed: (what: string) => void,
  ): void {
    this.#phase = phase;
    this.#indices = indices;
    this.#then = then;
    this.#failed = failed;
    this.done = 0;
    this.batches = 0;
    this.logicalBytes = 0;
    this.found = 0;
    this.stoppedNs = 0;
    this.slowedNs = 0;
    this.latency.clear();
    this.batchMax = {};
    if (this.#options.batchFigures.length > 0) this.#figures = this.#store.stats().figures;
    const literal = Math.min(STAMP_BYTES, phase.valueBytes);
    this.#value.set(this.#stamp, 0, literal, literal, phase.valueBytes - literal);
    this.#stamp[0] = 0x76;
    writeDecimal(this.#stamp, 1, 3, ordinal);
    this.#stamp[3] = 0x2e;
    this.#store.onProgress = this.#onProgress;
    this.#readyAt = this.#store.machine.loop.now;
    this.#next();
  }

  #onProgress = (): void => {
    if (this.#stoppedSince >= 0 || this.#isResting) this.#next();
  };

  #next(): void {
    const store = this.#store;
    const { now } = store.machine.loop;
    if (this.#isResting) {
      if (!store.isAtRest()) return;
      this.#isResting = false;
      this.#readyAt = now;
    }
    if (this.done === this.#indices.length) {
      store.onProgress = () => {};
      this.#then();
      return;
    }
    const pressure = store.engine.pressure();
    if (pressure === 'stop' && !store.isAtRest()) {
      if (this.#stoppedSince < 0) this.#stoppedSince = now;
      return;
    }
    if (this.#stoppedSince >= 0) {
      this.stoppedNs += now - this.#stoppedSince;
      this.#stoppedSince = -1;
    }
    store.foreground.enter();
    const to = Math.min(this.#indices.length, this.done + this.#phase.batch);
    if (this.#phase.operation === 'get') {
      this.#get(to);
      store.foreground.leave(this.#batchDone);
      return;
    }
    const outcome = this.#write(to);
    if (outcome !== 'ok') {
      this.#failed(`${outcome} after ${this.done} operations`);
      return;
    }
    const slow =
      pressure === 'slow' ? Math.round((this.#batch.logicalBytes * SECOND) / store.engine.delayedBytesPerS) : 0;
    this.slowedNs += slow;
    store.foreground.leave(this.#batchDone, slow);
  }

  #write(to: number): WriteOutcome {
    const batch = this.#batch;
    const key = this.#key;
    const { engine } = this.#store;
    batch.clear();
    const isDelete = this.#phase.operation === 'del';
    for (let i = this.done; i < to; i++) {
      writeKey(this.#indices[i]!, key);
      if (isDelete) batch.delete(0, key);
      else {
        writeDecimal(this.#stamp, 4, STAMP_BYTES, i);
        batch.put(0, key, this.#value);
      }
    }
    this.logicalBytes += batch.logicalBytes;
    const outcome = engine.write(batch);
    return outcome === 'ok' && this.#options.sync ? engine.sync() : outcome;
  }

  #get(to: number): void {
    const key = this.#key;
    const { engine } = this.#store;
    for (let i = this.done; i < to; i++) {
      writeKey(this.#indices[i]!, key);
      if (!engine.get(0, key, this.#read)) continue;
      this.found++;
      this.logicalBytes += KEY_BYTES + this.#read.length;
    }
  }

  #batchDone = (): void => {
    const store = this.#store;
    const { now } = store.machine.loop;
    this.latency.add(now - this.#readyAt);
    this.#readyAt = now;
    this.done = Math.min(this.#indices.length, this.done + this.#phase.batch);
    this.batches++;
    if (this.#options.batchFigures.length > 0) this.#noteFigures();
    store.background.kick();
    this.#options.onBatch();
    this.#isResting = this.#options.paced;
    this.#next();
  };

  #noteFigures(): void {
    const { figures } = this.#store.stats();
    for (const name of this.#options.batchFigures) {
      const grown = figures[name]! - this.#figures[name]!;
      this.batchMax[name] = Math.max(this.batchMax[name] ?? grown, grown);
    }
    this.#figures = figures;
  }
}

/** Digits with leading zeros at [from, to). */
function writeDecimal(into: Uint8Array, from: number, to: number, value: number): void {
  let rest = value;
  for (let at = to - 1; at >= from; at--) {
    const next = Math.floor(rest / 10);
    into[at] = 0x30 + rest - next * 10;
    rest = next;
  }
}
