/**
 * A store that exists before time 0: built once by the engine itself on a scratch disk, then shared
 * copy-on-write by all nodes. Its bytes count for nobody, and its entries are in no Raft log.
 *
 * Keys 0 … count − 1, each with one value stamped (session 0, sequence key + 1), in ascending order. Then holes: a
 * share of the keys is deleted again, in runs of neighbours spread evenly, which leaves a B+tree's free pages
 * scattered over the file and an LSM tree with tombstones.
 *
 * Simplified: under mvcc a hole is what deletion and compaction leave of a key in the end, nothing; no tombstones are
 * written in between and no compacted revision is noted.
 */
import type { EngineDefinition } from '../../engines/engine.ts';
import { assert } from '../assert.ts';
import { fingerprint } from '../checkers/fingerprint.ts';
import { writeKey } from '../clients/keys.ts';
import { ValueSource } from '../clients/values.ts';
import { STOPPED_CLOCK } from '../clock.ts';
import type { BlockStore } from '../disk/block-store.ts';
import type { DiskImage } from '../disk/disk-image.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { AppliedStore, TABLE_KEY } from '../nodes/kv/applied-store.ts';
import { KeyValueEncoder, REVISION_KEY_BYTES, writeRevisionKey } from '../nodes/kv/key-value-codec.ts';
import type { StateMachineDefinition } from '../nodes/kv/state-machine.ts';
import { storeDirectory } from '../nodes/snapshot-keeper.ts';
import type { Rng } from '../rng.ts';
import type { RunSpec } from '../run-spec.ts';
import { Work } from '../work.ts';

/** Puts in one commit of the build: etcd's. */
const COMMIT_KEYS = 10_000;
const BATCH_KEYS = 1_000;
/** The revision of etcd's first change. */
const FIRST_CHANGE = 2;

export class Preload {
  readonly directory = storeDirectory('', 0);
  readonly image: DiskImage | undefined;
  /** Bytes of keys and values. */
  liveBytes = 0;
  readonly #fingerprints: Uint32Array;

  constructor(spec: RunSpec, engine: EngineDefinition, machine: StateMachineDefinition, store: BlockStore, rng: Rng) {
    const { preloadKeys } = spec.workload;
    this.#fingerprints = new Uint32Array(preloadKeys);
    if (preloadKeys > 0) this.image = this.#build(spec, engine, machine, store, rng);
  }

  fingerprint(key: number): number {
    return key < this.#fingerprints.length ? this.#fingerprints[key]! : 0;
  }

  #build(
    spec: RunSpec,
    definition: EngineDefinition,
    machine: StateMachineDefinition,
    store: BlockStore,
    rng: Rng,
  ): DiskImage {
    const { keys, preloadKeys, preloadHoles } = spec.workload;
    const disk = new SimulatedDisk({ store, rng: rng.fork('disk'), pageCacheBytes: 64 << 20, capacityBytes: 2 ** 50 });
    const { directory } = this;
    const work = new Work();
    const engine = definition.create(
      { disk, directory, tables: machine.tables, work, clock: STOPPED_CLOCK },
      spec.cluster.engine.options,
    );
    const applied = new AppliedStore(engine, work);
    applied.open();
    const values = new ValueSource(spec.workload.preloadValue ?? spec.workload.value, rng.fork('values'));
    const { batch } = applied;
    const key = new Uint8Array(keys.bytes);
    const revisionKey = new Uint8Array(REVISION_KEY_BYTES);
    const encoder = new KeyValueEncoder();
    const isVersioned = machine.name === 'mvcc';
    let revision = isVersioned ? FIRST_CHANGE - 1 : 0;
    const afterChange = (): void => {
      if (batch.count < BATCH_KEYS && uncommitted(applied) < COMMIT_KEYS) return;
      assert(applied.flush() === 'ok', 'preload: write failed');
      if (uncommitted(applied) >= COMMIT_KEYS) commit();
      for (let job = engine.background(); job !== undefined; job = engine.background()) while (!job.next().done);
      disk.settle();
    };
    const commit = (): void => {
      assert(applied.commit(revision) === 'ok', 'preload: commit failed');
      disk.settle();
    };
    for (let index = 0; index < preloadKeys; index++) {
      writeKey(key, 0, key.length, index);
      const value = values.stamped(0, index + 1, values.nextLength());
      if (preloadHoles === undefined || !isHole(index, preloadHoles)) {
        this.#fingerprints[index] = fingerprint(value);
        this.liveBytes += key.length + value.length;
      }
      if (isVersioned) {
        revision++;
        writeRevisionKey(revisionKey, revision, 0);
        batch.put(TABLE_KEY, revisionKey, encoder.put(key, 0, key.length, revision, revision, 1, value));
      } else batch.put(TABLE_KEY, key, value);
      afterChange();
    }
    commit();
    if (preloadHoles !== undefined) {
      for (let index = 0; index < preloadKeys; index++) {
        if (!isHole(index, preloadHoles)) continue;
        if (isVersioned) writeRevisionKey(revisionKey, FIRST_CHANGE + index, 0);
        else writeKey(key, 0, key.length, index);
        batch.delete(TABLE_KEY, isVersioned ? revisionKey : key);
        afterChange();
      }
      commit();
    }
    const image = disk.capture(engine.checkpoint());
    for (const name of disk.list('')) disk.remove(name);
    disk.settle();
    return image;
  }
}

/** Of each run of neighbours: whether the share, spread evenly over all runs, takes one more with it. */
function isHole(index: number, holes: { readonly share: number; readonly runKeys: number }): boolean {
  const run = Math.floor(index / holes.runKeys);
  return Math.floor((run + 1) * holes.share) > Math.floor(run * holes.share);
}

function uncommitted(store: AppliedStore): number {
  return store.uncommittedOperations + store.batch.count;
}
