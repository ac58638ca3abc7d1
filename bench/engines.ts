/**
 * Each engine alone: puts and gets per CPU second, memory per key, the share of the simulated disk; and the CPU of a
 * native engine of its kind on the same work: same keys in the same order, same sizes, same batches.
 *
 * CPU is that of the whole process, so that native background threads count like our background jobs, all of which are
 * done when the clock stops. What a device would make both wait for counts for neither.
 */
import type { EngineDefinition } from '../engines/engine.ts';
import { ENGINES } from '../engines/index.ts';
import { Batch } from '../sim/batch.ts';
import { Value } from '../sim/bytes/value.ts';
import { STAMP_BYTES, writeStamp } from '../sim/clients/values.ts';
import { STOPPED_CLOCK } from '../sim/clock.ts';
import { BlockStore } from '../sim/disk/block-store.ts';
import { SimulatedDisk } from '../sim/disk/simulated-disk.ts';
import { KEY_BYTES, keyIndices, writeKey } from '../sim/engine-bench/generator.ts';
import { Rng } from '../sim/rng.ts';
import type { StorageEngine } from '../sim/storage-engine.ts';
import { Work } from '../sim/work.ts';
import { benchOptions } from './cluster.ts';
import { type Row, secondsOf } from './measure.ts';
import { type NativePackage, nativePackages } from './native-stores.ts';
import { sharesOf } from './profile.ts';

interface Workload {
  readonly what: string;
  readonly keys: number;
  readonly valueBytes: number;
  readonly sync: boolean;
}

const BATCH = 100;
const WORKLOADS: readonly Workload[] = [
  { what: '100 B', keys: 100_000, valueBytes: 100, sync: false },
  { what: '1 KiB', keys: 100_000, valueBytes: 1024, sync: false },
  { what: '100 B, each batch synced', keys: 20_000, valueBytes: 100, sync: true },
];
/** The native engine of the same kind; for engines that no package is like, the nearest. */
const OF_ITS_KIND: Readonly<Record<string, string>> = { bolt: 'lmdb', ledger: 'lmdb' };
const NEAREST = 'rocksdb';
/** Our CPU over the native engine's: at most. */
const RATIO_MAX = 5;

interface Seconds {
  readonly put: number;
  readonly get: number;
}

/** The order of puts is a permutation; gets draw uniformly. */
function ordersOf({ keys }: Workload): { readonly puts: Uint32Array; readonly gets: Uint32Array } {
  return { puts: keyIndices('perm', keys, keys, 1), gets: keyIndices('unif', keys, keys, 2) };
}

// ——— ours ———

class OurStore {
  readonly engine: StorageEngine;
  readonly #alwaysSyncs: boolean;
  readonly #disk: SimulatedDisk;
  readonly #batch = new Batch();
  readonly #key = new Uint8Array(KEY_BYTES);
  readonly #stamp = new Uint8Array(STAMP_BYTES);
  readonly #value = new Value();

  constructor(definition: EngineDefinition) {
    this.#disk = new SimulatedDisk({
      store: new BlockStore(),
      rng: new Rng(1),
      pageCacheBytes: 2 ** 32,
      capacityBytes: 2 ** 50,
    });
    this.engine = definition.create(
      { disk: this.#disk, directory: 'db/', tables: ['key'], work: new Work(), clock: STOPPED_CLOCK },
      benchOptions(definition),
    );
    this.engine.open();
    this.#disk.settle();
    this.#alwaysSyncs = definition.bench?.alwaysSyncs === true;
  }

  put(indices: Uint32Array, { valueBytes, sync }: Workload): void {
    const syncs = sync || this.#alwaysSyncs;
    for (let i = 0; i < indices.length; i++) {
      writeKey(indices[i]!, this.#key);
      writeStamp(this.#stamp, 0, 1, i, valueBytes);
      this.#value.set(this.#stamp, 0, STAMP_BYTES, STAMP_BYTES, valueBytes - STAMP_BYTES);
      this.#batch.put(0, this.#key, this.#value);
      if (this.#batch.count === BATCH || i === indices.length - 1) this.#flush(syncs);
    }
    if (this.engine.sync() !== 'ok') throw new Error('bench: sync failed');
    this.#relieve();
  }

  get(indices: Uint32Array): void {
    for (const index of indices) {
      writeKey(index, this.#key);
      if (!this.engine.get(0, this.#key, this.#value)) throw new Error('bench: a key is missing');
    }
    this.#disk.settle();
  }

  #flush(syncs: boolean): void {
    const { engine } = this;
    if (engine.write(this.#batch) !== 'ok') throw new Error('bench: write failed');
    this.#batch.clear();
    if (syncs && engine.sync() !== 'ok') throw new Error('bench: sync failed');
    this.#relieve();
    this.#disk.writeBack();
    this.#disk.settle();
  }

  #relieve(): void {
    const { engine } = this;
    for (let job = engine.background(); job !== undefined; job = engine.background()) while (!job.next().done);
    this.#disk.settle();
  }
}

function runOurs(definition: EngineDefinition, workload: Workload): Seconds {
  const { puts, gets } = ordersOf(workload);
  const store = new OurStore(definition);
  return { put: secondsOf(() => store.put(puts, workload)), get: secondsOf(() => store.get(gets)) };
}

/** Of this process, after a collection. */
function bytesNow(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// ——— theirs ———

async function runNative(native: NativePackage, workload: Workload): Promise<Seconds> {
  const { puts, gets } = ordersOf(workload);
  const { valueBytes, sync } = workload;
  const key = (index: number): Buffer => {
    const bytes = Buffer.allocUnsafe(KEY_BYTES);
    writeKey(index, bytes);
    return bytes;
  };
  const value = (sequence: number): Buffer => {
    const bytes = Buffer.alloc(valueBytes, 0xfb);
    writeStamp(bytes, 0, 1, sequence, valueBytes);
    return bytes;
  };
  const store = await native.open(sync);
  const put = await asyncSecondsOf(async () => {
    for (let from = 0; from < puts.length; from += BATCH) {
      const batch = [...puts.subarray(from, from + BATCH)];
      await store.put(
        batch.map(key),
        batch.map((_, i) => value(from + i)),
        sync,
      );
    }
  });
  const get = await asyncSecondsOf(async () => {
    let found = 0;
    for (let from = 0; from < gets.length; from += BATCH) {
      found += await store.get([...gets.subarray(from, from + BATCH)].map(key));
    }
    if (found !== gets.length) throw new Error(`bench: ${native.name} lacks keys`);
  });
  await store.close();
  return { put, get };
}

async function asyncSecondsOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

// ——— together ———

export async function* enginesBench(): AsyncGenerator<Row[], void> {
  const { found, advice } = await nativePackages();
  if (advice !== '') console.log(`for all ratios to native engines: ${advice}`);
  for (const workload of WORKLOADS) {
    const natives = new Map<string, Seconds>();
    for (const native of found) natives.set(native.name, await runNative(native, workload));
    for (const definition of ENGINES) yield await rowsOf(definition, workload, natives);
  }
}

async function rowsOf(
  definition: EngineDefinition,
  workload: Workload,
  natives: ReadonlyMap<string, Seconds>,
): Promise<Row[]> {
  const { name } = definition;
  runOurs(definition, { ...workload, keys: workload.keys / 10 }); // warm-up
  const seconds = runOurs(definition, workload);
  const { puts, gets } = ordersOf(workload);
  const bytesBefore = bytesNow();
  const store = new OurStore(definition);
  const putShares = await sharesOf(() => store.put(puts, workload));
  const bytesPerKey = (bytesNow() - bytesBefore) / workload.keys;
  const shares = { put: putShares, get: await sharesOf(() => store.get(gets)) };
  const partner = OF_ITS_KIND[name] ?? NEAREST;
  const rows: Row[] = [];
  for (const operation of ['put', 'get'] as const) {
    const what = `${name} alone, random ${operation}s, ${workload.what}`;
    const disk = `disk ${(100 * (shares[operation].get('disk') ?? 0)).toFixed(0)} % of it`;
    const memory = operation === 'put' && !workload.sync ? `, ${bytesPerKey.toFixed(0)} B of memory a key` : '';
    const rate = workload.keys / seconds[operation];
    rows.push({ what, value: rate, unit: `${operation}s/CPU s`, remarks: disk + memory });
    const ratio = (native: string): number => seconds[operation] / natives.get(native)![operation];
    if (!natives.has(partner)) continue;
    const others = [...natives.keys()].filter((native) => native !== partner);
    const theirs = Math.round(workload.keys / natives.get(partner)![operation]);
    rows.push({
      what: `  its CPU ÷ that of native ${partner}`,
      value: ratio(partner),
      unit: '×',
      target: RATIO_MAX,
      atMost: true,
      remarks: [
        `${theirs} ${operation}s/CPU s`,
        ...others.map((native) => `× ${ratio(native).toFixed(2)} of ${native}`),
      ].join(', '),
    });
  }
  return rows;
}
