/**
 * A small store of an engine, and what becomes of it when a file is damaged, a byte flipped, the file cut off, a block
 * of zeros; or when the device lapses while it is made: one write is lost, or lands at another place.
 *
 * A trial of damage starts from the same closed store and damages one file; one of a lapse makes the store anew, closes
 * it and cuts the power. Then a new instance opens it, reads everything by scan and by key, and checks itself. Values
 * are random bytes, not fill, so that damage to them is seen here.
 */
import type { EngineDefinition } from '../engines/engine.ts';
import { Batch } from '../sim/batch.ts';
import { SparseBuffer } from '../sim/bytes/sparse-buffer.ts';
import { Value } from '../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../sim/clock.ts';
import { BlockStore } from '../sim/disk/block-store.ts';
import { PROCESS_KILL } from '../sim/disk/crash-model.ts';
import type { File } from '../sim/disk/disk.ts';
import type { DiskImage } from '../sim/disk/disk-image.ts';
import type { Arrival, DiskFault } from '../sim/disk/faults/disk-fault.ts';
import { SimulatedDisk } from '../sim/disk/simulated-disk.ts';
import type { ParameterValue, ParameterValues } from '../sim/parameters.ts';
import { Rng } from '../sim/rng.ts';
import type { Job, StorageEngine } from '../sim/storage-engine.ts';
import { Work } from '../sim/work.ts';

export interface StoreSketch {
  /** As the table names it. */
  readonly name: string;
  readonly engine: EngineDefinition;
  readonly options: ParameterValues;
}

const DIRECTORY = 'data/';
const TABLES = ['key', 'meta'];
const BATCHES = 36;
const BATCH_OPERATIONS = 20;
const KEYS = 240;
const SYNC_EVERY = 2;
const SECTOR_BYTES = 512;
/** More slices than the background work of so small a store takes. */
const SLICES_MAX = 100_000;
/** Near the start and the end of a file stands what is about the rest of it. */
const EDGE_BYTES = 128;

export const DAMAGES = ['flip', 'cut', 'zeros'] as const;
export type Damage = (typeof DAMAGES)[number];

/** Of one write, which its caller takes for made. */
export const LAPSES = ['lost', 'misdirected'] as const;
export type Lapse = (typeof LAPSES)[number];

/**
 * `open`: it does not open. `read`: a read or a scan says so. `check`: only the engine's check of itself does.
 * `harmless`: the same content. `earlier`: the content after an earlier batch, as a power cut may leave it. `wrong`:
 * any other content, unnoticed.
 */
export const VERDICTS = ['open', 'read', 'check', 'harmless', 'earlier', 'wrong', 'exception'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Trial {
  readonly file: string;
  readonly damage: Damage | Lapse;
  readonly at: number;
  readonly verdict: Verdict;
  /** What was thrown, or differs. */
  readonly detail: string;
}

/** Content as text: a line a key, in order. */
type Content = ReadonlyMap<string, string>;

interface Operation {
  readonly table: number;
  readonly key: Uint8Array;
  /** undefined: it is deleted. */
  readonly value: Uint8Array | undefined;
}

export class DamagedStore {
  readonly sketch: StoreSketch;
  readonly #blocks = new BlockStore();
  readonly #image: DiskImage;
  /** The content after each batch, from the empty store on; the last is what is there. */
  readonly #states: Content[] = [new Map()];
  readonly #earlier: ReadonlySet<string>;
  readonly #batches: readonly (readonly Operation[])[];
  readonly #rng: Rng;
  /** Writes that make the store; 0: not counted yet. */
  #writes = 0;

  constructor(sketch: StoreSketch, seed = 1) {
    this.sketch = sketch;
    this.#rng = new Rng(seed, `corruption/${sketch.name}`);
    this.#batches = Array.from({ length: BATCHES }, () => this.#drawBatch());
    const disk = this.#newDisk();
    this.#fill(disk);
    this.#image = disk.capture(disk.list(DIRECTORY));
    this.#earlier = new Set(this.#states.slice(0, -1).map(digest));
  }

  /** The files by kind: their names without tokens and numbers. */
  get kinds(): ReadonlyMap<string, readonly number[]> {
    const kinds = new Map<string, number[]>();
    this.#image.names.forEach((name, i) => {
      if (this.#image.lengths[i] === 0) return;
      const kind = kindOf(name.slice(DIRECTORY.length));
      kinds.set(kind, [...(kinds.get(kind) ?? []), i]);
    });
    return kinds;
  }

  /** Damages one of the files at a place drawn at random. */
  trial(files: readonly number[], damage: Damage): Trial {
    const rng = this.#rng;
    const i = files[rng.int(0, files.length - 1)]!;
    const length = this.#image.lengths[i]!;
    const at = this.#place(length);
    const disk = this.#newDisk();
    disk.preload(this.#image, '', '', 'other');
    const name = this.#image.names[i]!;
    const file = disk.open(name)!;
    if (damage === 'cut') disk.truncate(file, at);
    else {
      const from = damage === 'zeros' ? Math.floor(at / SECTOR_BYTES) * SECTOR_BYTES : at;
      const bytes = damage === 'zeros' ? Math.min(SECTOR_BYTES, length - from) : 1;
      const buffer = new SparseBuffer();
      disk.read(file, from, bytes, buffer);
      const flipped = buffer.byteAt(0) ^ (1 << rng.int(0, 7));
      buffer.reset();
      if (damage === 'zeros') buffer.run(0, bytes);
      else buffer.u8(flipped);
      disk.write(file, from, buffer);
    }
    disk.close(file);
    disk.settle();
    const [verdict, detail] = this.#judge(disk);
    return { file: name.slice(DIRECTORY.length), damage, at, verdict, detail };
  }

  /** Makes the store again; the device lapses at one of the writes, drawn at random. */
  lapse(lapse: Lapse): Trial {
    const rng = this.#rng;
    if (this.#writes === 0) this.#writes = this.#fillUnder(this.#newDisk(), () => 'arrives');
    const struck = rng.int(0, this.#writes - 1);
    const where = rng.float();
    const disk = this.#newDisk();
    let name = '';
    this.#fillUnder(disk, (file, write) => {
      if (write !== struck) return 'arrives';
      name = file.name;
      return lapse === 'lost' ? 'lost' : where;
    });
    disk.crash(PROCESS_KILL);
    const [verdict, detail] = this.#judge(disk);
    return { file: name.slice(DIRECTORY.length), damage: lapse, at: struck, verdict, detail };
  }

  /** How many writes it took. */
  #fillUnder(disk: SimulatedDisk, arrival: (file: File, write: number) => Arrival): number {
    let writes = 0;
    const device: DiskFault = { name: 'lapse', onArrival: (file) => arrival(file, writes++) };
    disk.faults.add(device);
    this.#fill(disk);
    disk.faults.remove(device);
    return writes;
  }

  #judge(disk: SimulatedDisk): [Verdict, string] {
    try {
      return this.#verdict(this.#make(disk));
    } catch (error) {
      return ['exception', error instanceof Error ? `${error.name}: ${error.message}` : String(error)];
    }
  }

  #verdict(engine: StorageEngine): [Verdict, string] {
    const outcome = engine.open();
    if (outcome === 'corrupt' || outcome === 'io-error') return ['open', engine.corruption?.what ?? ''];
    const content = contentOf(engine);
    const present = this.#states.at(-1)!;
    const fetched = new Map<string, string>();
    const value = new Value();
    for (const key of present.keys()) {
      if (engine.get(Number(key[0]), bytesOf(key.slice(1)), value)) fetched.set(key, text(value.toBytes()));
    }
    if (engine.corruption !== undefined) return ['read', engine.corruption.what];
    const [fault] = engine.check();
    if (fault !== undefined) return ['check', `${fault.where}: ${fault.what}`];
    const all = digest(content);
    if (all === digest(present) && digest(fetched) === all) return ['harmless', ''];
    const byKey = new Map([...content].filter(([key]) => present.has(key)));
    if (this.#earlier.has(all) && digest(fetched) === digest(byKey)) return ['earlier', ''];
    return ['wrong', difference(content, fetched, present)];
  }

  #place(length: number): number {
    const { floor, min } = Math;
    switch (this.#rng.int(0, 3)) {
      case 0:
        return this.#rng.int(0, min(EDGE_BYTES, length) - 1);
      case 1:
        return length - 1 - this.#rng.int(0, min(EDGE_BYTES, length) - 1);
      default:
        return floor(this.#rng.float() * length);
    }
  }

  #newDisk(): SimulatedDisk {
    return new SimulatedDisk({
      store: this.#blocks,
      rng: new Rng(1),
      pageCacheBytes: 64 << 20,
      capacityBytes: 1e12,
    });
  }

  #make(disk: SimulatedDisk): StorageEngine {
    const { engine, options } = this.sketch;
    const values: Record<string, ParameterValue> = {};
    for (const [name, spec] of Object.entries(engine.options)) {
      const value = options[name] ?? ('default' in spec ? spec.default : undefined);
      if (value !== undefined) values[name] = value;
    }
    const context = { disk, directory: DIRECTORY, tables: TABLES, work: new Work(), clock: STOPPED_CLOCK };
    return engine.create(context, values);
  }

  /** Notes the content after it. */
  #drawBatch(): Operation[] {
    const rng = this.#rng;
    const state = new Map(this.#states.at(-1)!);
    const operations: Operation[] = [];
    for (let n = 0; n < BATCH_OPERATIONS; n++) {
      const name = `key${String(rng.int(0, KEYS - 1)).padStart(5, '0')}`;
      const table = rng.chance(0.1) ? 1 : 0;
      const isDeleted = rng.chance(0.15);
      const value = isDeleted ? undefined : Uint8Array.from({ length: rng.int(20, 700) }, () => rng.int(0, 255));
      operations.push({ table, key: bytesOf(name), value });
      if (value === undefined) state.delete(`${table}${name}`);
      else state.set(`${table}${name}`, text(value));
    }
    this.#states.push(state);
    return operations;
  }

  /** A new store, filled and closed. */
  #fill(disk: SimulatedDisk): void {
    const { name, engine: definition } = this.sketch;
    const engine = this.#make(disk);
    if (engine.open() !== 'fresh') throw new Error(`${name}: a new store is not fresh`);
    const batch = new Batch();
    this.#batches.forEach((operations, i) => {
      batch.clear();
      for (const { table, key, value } of operations) {
        if (value === undefined) batch.delete(table, key);
        else batch.put(table, key, Value.of(value));
      }
      if (engine.write(batch) !== 'ok') throw new Error(`${name}: write failed`);
      if ((i + 1) % SYNC_EVERY === 0 && engine.sync() !== 'ok') throw new Error(`${name}: sync failed`);
      disk.settle();
      relieve(engine, disk);
      if (i + 1 !== Math.floor((BATCHES * 2) / 3)) return;
      for (const task of definition.maintenance ?? []) {
        finish(engine.maintain?.(task.name, task.argument?.default ?? 0.5), disk);
        relieve(engine, disk);
      }
    });
    if (engine.close() !== 'ok') throw new Error(`${name}: close failed`);
    disk.settle();
  }
}

function relieve(engine: StorageEngine, disk: SimulatedDisk): void {
  for (let job = engine.background(), jobs = 0; job !== undefined; job = engine.background()) {
    if (jobs++ > SLICES_MAX) throw new Error('background work without end');
    finish(job, disk);
  }
}

function finish(job: Job | undefined, disk: SimulatedDisk): void {
  for (let slices = 0; job !== undefined && job.next().done !== true; slices++) {
    if (slices > SLICES_MAX) throw new Error('a job without end');
    disk.settle();
  }
  disk.settle();
}

/** Everything that scans of all tables show. */
function contentOf(engine: StorageEngine): Content {
  const content = new Map<string, string>();
  TABLES.forEach((_, table) => {
    engine.scan(table, new Uint8Array(0), undefined, (bytes, from, to, value) => {
      content.set(`${table}${text(bytes.subarray(from, to))}`, text(value.toBytes()));
      return content.size <= KEYS * 4;
    });
  });
  return content;
}

function difference(content: Content, fetched: Content, present: Content): string {
  let missing = 0;
  let other = 0;
  for (const [key, value] of present) {
    const seen = content.get(key) ?? fetched.get(key);
    if (seen === undefined) missing++;
    else if (content.get(key) !== value || fetched.get(key) !== value) other++;
  }
  const strange = [...content.keys()].filter((key) => !present.has(key)).length;
  return `${missing} keys missing, ${other} with another value, ${strange} that should not be there`;
}

/** The content in one string; keys of a map in any order. */
function digest(content: Content): string {
  return JSON.stringify([...content].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** `000012.sst` is a `#.sst`. */
function kindOf(name: string): string {
  return name.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '#').replace(/\d+/g, '#');
}

function bytesOf(string: string): Uint8Array {
  return Uint8Array.from(string, (character) => character.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += String.fromCharCode(byte);
  return out;
}
