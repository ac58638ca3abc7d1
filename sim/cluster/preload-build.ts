/**
 * Builds a preloaded store by the engine itself on a scratch disk: by its bulk load, or without one by ordinary
 * writes; what the state machine keeps in the table `meta` by an ordinary commit after that. Then holes: a share of the
 * keys is deleted again, in runs of neighbours spread evenly, which leaves a B+tree's free pages scattered over
 * the file and an LSM tree with tombstones.
 *
 * Simplified: under mvcc a hole is what deletion and compaction leave of a key in the end, nothing; no tombstones are
 * written in between and no compacted revision is noted.
 */
import type { EngineDefinition } from '../../engines/engine.ts';
import { assert } from '../assert.ts';
import { STOPPED_CLOCK } from '../clock.ts';
import { BlockStore } from '../disk/block-store.ts';
import type { DiskImage } from '../disk/disk-image.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { AppliedStore, TABLE_KEY } from '../nodes/kv/applied-store.ts';
import type { SharedIndex } from '../nodes/kv/index-restore.ts';
import type { StateMachineDefinition } from '../nodes/kv/state-machine.ts';
import { storeDirectory } from '../nodes/store-directories.ts';
import type { Rng } from '../rng.ts';
import type { RunSpec } from '../run-spec.ts';
import type { RecordSource, StorageEngine } from '../storage-engine.ts';
import { Work } from '../work.ts';
import { PreloadRecords } from './preload-records.ts';

/** Puts in one commit of the build: etcd's. */
const COMMIT_KEYS = 10_000;
const BATCH_KEYS = 1_000;
/** Everything fits: reads of the build cost nobody anything. */
const UNBOUNDED_BYTES = 2 ** 50;

export const PRELOAD_DIRECTORY = storeDirectory('', 0);

/** Hears of every some ten thousand keys that are done. */
export type PreloadProgress = (keysDone: number, keys: number) => void;

/** Never written to again: runs stand on it (`BlockStore`). */
export interface BuiltStore {
  readonly blocks: BlockStore;
  readonly image: DiskImage;
  /** By key, of its value; 0 where there is a hole. */
  readonly fingerprints: Uint32Array;
  /** For the state machines that are opened on it. */
  readonly sharedIndex: SharedIndex;
}

export function buildStore(
  spec: RunSpec,
  definition: EngineDefinition,
  machine: StateMachineDefinition,
  rng: Rng,
  onProgress: PreloadProgress | undefined,
): BuiltStore {
  const blocks = new BlockStore();
  const disk = new SimulatedDisk({
    store: blocks,
    rng: rng.fork('disk'),
    pageCacheBytes: UNBOUNDED_BYTES,
    capacityBytes: UNBOUNDED_BYTES,
  });
  const work = new Work();
  const engine = definition.create(
    { disk, directory: PRELOAD_DIRECTORY, tables: machine.tables, work, clock: STOPPED_CLOCK },
    spec.cluster.engine.options,
  );
  const applied = new AppliedStore(engine, work);
  applied.open();
  disk.settle();
  const records = new PreloadRecords(spec.workload, machine.name === 'mvcc', rng.fork('values'));
  const build = new StoreBuild(disk, engine, applied, records, onProgress);
  if (engine.bulkLoad === undefined) build.write();
  else build.load();
  if (records.hasHoles) build.deleteHoles();
  build.commit();
  const image = disk.capture(engine.checkpoint());
  for (const name of disk.list('')) disk.remove(name);
  disk.settle();
  return { blocks, image, fingerprints: records.fingerprints, sharedIndex: { index: undefined } };
}

class StoreBuild {
  readonly #disk: SimulatedDisk;
  readonly #engine: StorageEngine;
  readonly #applied: AppliedStore;
  readonly #records: PreloadRecords;
  readonly #onProgress: PreloadProgress | undefined;

  constructor(
    disk: SimulatedDisk,
    engine: StorageEngine,
    applied: AppliedStore,
    records: PreloadRecords,
    onProgress: PreloadProgress | undefined,
  ) {
    this.#disk = disk;
    this.#engine = engine;
    this.#applied = applied;
    this.#records = records;
    this.#onProgress = onProgress;
  }

  load(): void {
    const source = new PacedRecords(this.#records, () => this.#pause());
    assert(this.#engine.bulkLoad!(TABLE_KEY, source) === 'ok', 'preload: bulk load failed');
    assert(this.#records.index + 1 === this.#records.count, 'preload: bulk load left records out');
    // no commit of ours covers them yet
    this.#applied.uncommittedOperations += this.#records.count;
    this.#relieve();
  }

  write(): void {
    const records = this.#records;
    const { batch } = this.#applied;
    while (records.next()) {
      batch.put(TABLE_KEY, records.key, records.value);
      this.#afterChange();
    }
    this.commit();
  }

  deleteHoles(): void {
    const records = this.#records;
    for (let index = 0; index < records.count; index++) {
      if (!records.isHole(index)) continue;
      records.seek(index);
      this.#applied.batch.delete(TABLE_KEY, records.key);
      this.#afterChange();
    }
  }

  commit(): void {
    assert(this.#applied.commit(this.#records.revision) === 'ok', 'preload: commit failed');
    this.#disk.settle();
  }

  #afterChange(): void {
    const applied = this.#applied;
    const uncommitted = applied.uncommittedOperations + applied.batch.count;
    if (applied.batch.count < BATCH_KEYS && uncommitted < COMMIT_KEYS) return;
    assert(applied.flush() === 'ok', 'preload: write failed');
    if (uncommitted >= COMMIT_KEYS) {
      this.commit();
      this.#onProgress?.(this.#records.index + 1, this.#records.count);
    }
    this.#relieve();
  }

  #relieve(): void {
    const engine = this.#engine;
    for (let job = engine.background(); job !== undefined; job = engine.background()) while (!job.next().done);
    this.#disk.settle();
  }

  /** What was written before the last pause becomes durable: there is nothing to be undone by a crash. */
  #pause(): void {
    this.#disk.writeBack();
    this.#disk.settle();
    this.#onProgress?.(this.#records.index + 1, this.#records.count);
  }
}

/** Pauses after every `COMMIT_KEYS` records. */
class PacedRecords implements RecordSource {
  readonly count: number;
  readonly key: Uint8Array;
  readonly #records: PreloadRecords;
  readonly #pause: () => void;

  constructor(records: PreloadRecords, pause: () => void) {
    this.count = records.count;
    this.key = records.key;
    this.#records = records;
    this.#pause = pause;
  }

  get value(): RecordSource['value'] {
    return this.#records.value;
  }

  next(): boolean {
    if (this.#records.index % COMMIT_KEYS === COMMIT_KEYS - 1) this.#pause();
    return this.#records.next();
  }
}
