/** A disk with one engine on it, and the twin beside it. */
import { expect } from 'vitest';
import type { EngineDefinition } from '../../engines/engine.ts';
import { Batch } from '../../sim/batch.ts';
import { compareBytes } from '../../sim/bytes/compare.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import type { CrashModel } from '../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { ParameterSpecs, ParameterValue, ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import type { OpenOutcome, StorageEngine, WriteOutcome } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { type Operation, SortedArray } from './sorted-array.ts';

export const DIRECTORY = 'data/';
export const TABLES = ['first', 'second'];
/** More slices than any background work of these small stores takes. */
const SLICES_MAX = 100_000;

export class EngineBed {
  readonly disk: SimulatedDisk;
  readonly #definition: EngineDefinition;
  #options: ParameterValues;
  engine: StorageEngine;
  /** What readers must see. */
  twin = new SortedArray(TABLES.length);
  /** The states after each batch since the last sync, that sync's own first. */
  #possible: SortedArray[] = [this.twin.copy()];

  constructor(definition: EngineDefinition, options: ParameterValues = {}, seed = 1) {
    this.#definition = definition;
    this.#options = withDefaults(definition.options, options);
    this.disk = new SimulatedDisk({
      store: new BlockStore(),
      rng: new Rng(seed),
      pageCacheBytes: 64 * 1024 * 1024,
      capacityBytes: 64 * 1024 * 1024 * 1024,
    });
    this.engine = this.#make();
  }

  static opened(definition: EngineDefinition, options: ParameterValues = {}, seed = 1): EngineBed {
    const bed = new EngineBed(definition, options, seed);
    expect(bed.engine.open()).toBe('fresh');
    bed.disk.settle();
    return bed;
  }

  #make(): StorageEngine {
    const { disk } = this;
    return this.#definition.create(
      { disk, directory: DIRECTORY, tables: TABLES, work: new Work(), clock: STOPPED_CLOCK },
      this.#options,
    );
  }

  /** One batch, to engine and twin. */
  write(operations: readonly Operation[]): void {
    this.relieve();
    expect(this.engine.write(batchOf(operations))).toBe('ok');
    this.twin.apply(operations);
    this.#possible.push(this.twin.copy());
  }

  /** Writes and syncs on a store that may be damaged. */
  tryWrite(operations: readonly Operation[]): WriteOutcome {
    const written = this.engine.write(batchOf(operations));
    const outcome = written === 'ok' ? this.engine.sync() : written;
    this.disk.settle();
    return outcome;
  }

  sync(): void {
    expect(this.engine.sync()).toBe('ok');
    this.disk.settle();
    this.#possible = [this.twin.copy()];
  }

  /** Does all background work that is due. If there was some, the disk is settled. */
  relieve(): void {
    let slices = 0;
    for (let job = this.engine.background(); job !== undefined; job = this.engine.background()) {
      while (job.next().done !== true) expect(slices++).toBeLessThan(SLICES_MAX);
      expect(slices++).toBeLessThan(SLICES_MAX);
      this.disk.settle();
    }
  }

  /** Lets the first `count` device requests finish. */
  complete(count: number): void {
    const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
    for (let i = 0; i < count; i++) {
      if (!this.disk.takeRequest(0, request)) return;
      this.disk.complete(0);
    }
  }

  /** A clean stop and a new process. */
  restart(): void {
    expect(this.engine.close()).toBe('ok');
    this.disk.settle();
    this.engine = this.#make();
    expect(this.engine.open()).toBe('recovered');
    this.disk.settle();
  }

  /** For the processes from the next one on. */
  configure(options: ParameterValues): void {
    this.#options = withDefaults(this.#definition.options, options);
  }

  /** A clean stop, and a new process with other options. */
  reopenWith(options: ParameterValues): void {
    this.configure(options);
    this.restart();
  }

  /** The power fails, and a new process opens what is left. */
  crash(model?: CrashModel): OpenOutcome {
    this.disk.crash(model);
    this.engine = this.#make();
    const outcome = this.engine.open();
    this.disk.settle();
    return outcome;
  }

  /** A new process on the disk as it is. */
  reopen(): OpenOutcome {
    this.engine = this.#make();
    const outcome = this.engine.open();
    this.disk.settle();
    return outcome;
  }

  /** After a crash: the store must be at the last sync or at one of the batches since; the twin follows it. */
  adoptSurvivor(candidates: readonly SortedArray[] = this.#possible): void {
    const survivor = candidates.findLast((candidate) => this.differences(candidate).length === 0);
    if (survivor === undefined) expect(this.differences(candidates[0]!)).toEqual([]);
    this.twin = survivor!.copy();
    this.#possible = [this.twin.copy()];
  }

  /** How what the engine shows differs from a twin; at most a few lines. */
  differences(twin: SortedArray): string[] {
    const found: string[] = [];
    twin.tables.forEach((entries, table) => {
      let at = 0;
      this.engine.scan(table, new Uint8Array(0), undefined, (bytes, from, to, value) => {
        const key = bytes.slice(from, to);
        const expected = entries[at++];
        if (expected === undefined) found.push(`table ${table}: ${text(key)} should not be there`);
        else if (compareBytes(expected.key, key) !== 0) {
          found.push(`table ${table}: ${text(key)} where ${text(expected.key)} should be`);
        } else if (!expected.value.equals(value)) found.push(`table ${table}: other value of ${text(key)}`);
        return found.length < 5;
      });
      if (found.length === 0 && at < entries.length) {
        found.push(`table ${table}: ends after ${at} of ${entries.length} keys`);
      }
    });
    return found;
  }

  /** Every key by scan and by get, and the engine's own check. */
  verify(): void {
    expect(this.differences(this.twin)).toEqual([]);
    const into = new Value();
    this.twin.tables.forEach((entries, table) => {
      for (const { key, value } of entries) {
        expect(this.engine.get(table, key, into)).toBe(true);
        expect(into.equals(value)).toBe(true);
      }
    });
    expect(this.engine.check()).toEqual([]);
    expect(this.engine.corruption).toBeUndefined();
  }

  /** Overwrites a part of a file behind the engine's back. */
  damage(name: string, offset: number, bytes: Uint8Array): void {
    const buffer = new SparseBuffer();
    buffer.bytes(bytes);
    expect(this.disk.write(this.disk.open(name)!, offset, buffer)).toBe('ok');
    this.disk.settle();
  }
}

export function batchOf(operations: readonly Operation[]): Batch {
  const batch = new Batch();
  for (const { table, key, value } of operations) {
    if (value === undefined) batch.delete(table, key);
    else batch.put(table, key, value);
  }
  return batch;
}

export function withDefaults(specs: ParameterSpecs, given: ParameterValues): ParameterValues {
  const values: Record<string, ParameterValue> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = given[name] ?? ('default' in spec ? spec.default : undefined);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

export function bytesOf(string: string): Uint8Array {
  return Uint8Array.from(string, (character) => character.charCodeAt(0));
}

export function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 40));
}

export function put(key: string, value: string | Value, table = 0): Operation {
  return { table, key: bytesOf(key), value: typeof value === 'string' ? Value.of(bytesOf(value)) : value };
}

export function del(key: string, table = 0): Operation {
  return { table, key: bytesOf(key), value: undefined };
}
