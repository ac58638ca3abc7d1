/**
 * A store that exists before time 0: built once by the engine itself on a scratch disk, then shared
 * copy-on-write by all nodes. Its bytes count for nobody, and its entries are in no Raft log.
 *
 * Keys 0 … count − 1, each with one value stamped (session 0, sequence key + 1), in ascending order.
 */
import type { EngineDefinition } from '../../engines/engine.ts';
import { Batch } from '../batch.ts';
import { fingerprint } from '../checkers/fingerprint.ts';
import { writeKey } from '../clients/keys.ts';
import { ValueSource } from '../clients/values.ts';
import type { BlockStore } from '../disk/block-store.ts';
import type { DiskImage } from '../disk/disk-image.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { KeyValueEncoder, REVISION_KEY_BYTES, writeRevisionKey } from '../nodes/kv/key-value-codec.ts';
import type { StateMachineDefinition } from '../nodes/kv/state-machine.ts';
import { storeDirectory } from '../nodes/snapshot-keeper.ts';
import type { Rng } from '../rng.ts';
import type { RunSpec } from '../run-spec.ts';
import { Work } from '../work.ts';

/** Puts in one commit of the build: etcd's. */
const COMMIT_KEYS = 10_000;
const BATCH_KEYS = 1_000;
const TABLE_KEY = 0;

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
    const { keys, value: sizes, preloadKeys } = spec.workload;
    const disk = new SimulatedDisk({ store, rng: rng.fork('disk'), pageCacheBytes: 64 << 20, capacityBytes: 2 ** 50 });
    const { directory } = this;
    const work = new Work();
    const engine = definition.create({ disk, directory, tables: machine.tables, work }, spec.cluster.engine.options);
    engine.open();
    const values = new ValueSource(sizes, rng.fork('values'));
    const batch = new Batch();
    const key = new Uint8Array(keys.bytes);
    const revisionKey = new Uint8Array(REVISION_KEY_BYTES);
    const encoder = new KeyValueEncoder();
    const isVersioned = machine.name === 'mvcc';
    for (let index = 0; index < preloadKeys; index++) {
      writeKey(key, 0, key.length, index);
      const value = values.stamped(0, index + 1, values.nextLength());
      this.#fingerprints[index] = fingerprint(value);
      this.liveBytes += key.length + value.length;
      if (isVersioned) {
        const revision = index + 2; // etcd's first change makes revision 2
        writeRevisionKey(revisionKey, revision, 0);
        batch.put(TABLE_KEY, revisionKey, encoder.put(key, 0, key.length, revision, revision, 1, value));
      } else batch.put(TABLE_KEY, key, value);
      if (batch.count === BATCH_KEYS || index === preloadKeys - 1) {
        engine.write(batch);
        batch.clear();
        for (let job = engine.background(); job !== undefined; job = engine.background()) while (!job.next().done);
        disk.settle();
      }
      if (index % COMMIT_KEYS === COMMIT_KEYS - 1) engine.sync();
    }
    engine.sync();
    disk.settle();
    const image = disk.capture(engine.checkpoint());
    for (const name of disk.list('')) disk.remove(name);
    disk.settle();
    return image;
  }
}
