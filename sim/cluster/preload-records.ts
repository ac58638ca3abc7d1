/**
 * What a preloaded store holds, as its state machine writes it, in ascending order of the keys: keys
 * 0 … count − 1, each with one value stamped (session 0, sequence key + 1). Under mvcc key k is put by revision
 * k + 2: the order of keys is that of revisions.
 */

import { Value } from '../bytes/value.ts';
import { fingerprint } from '../checkers/fingerprint.ts';
import { writeKey } from '../clients/keys.ts';
import { STAMP_BYTES, ValueSource, writeStamp } from '../clients/values.ts';
import { KeyValueEncoder, REVISION_KEY_BYTES, writeRevisionKey } from '../nodes/kv/key-value-codec.ts';
import type { Rng } from '../rng.ts';
import type { WorkloadSpec } from '../run-spec.ts';
import type { RecordSource } from '../storage-engine.ts';

/** The revision of etcd's first change. */
const FIRST_CHANGE = 2;

export class PreloadRecords implements RecordSource {
  readonly count: number;
  readonly key: Uint8Array;
  /** As the engine is to hold it. */
  value: Value;
  /** Key of the current record, counting from 0. */
  index = -1;
  /** By key; 0 where there is a hole. */
  readonly fingerprints: Uint32Array;
  readonly #holes: WorkloadSpec['preloadHoles'];
  readonly #lengths: ValueSource;
  readonly #clientKey: Uint8Array;
  readonly #stamp = new Uint8Array(STAMP_BYTES);
  readonly #clientValue = new Value();
  readonly #encoder: KeyValueEncoder | undefined;

  constructor(workload: WorkloadSpec, isVersioned: boolean, rng: Rng) {
    this.count = workload.preloadKeys;
    this.fingerprints = new Uint32Array(this.count);
    this.#holes = workload.preloadHoles;
    this.#lengths = new ValueSource(workload.preloadValue ?? workload.value, rng);
    this.#clientKey = new Uint8Array(workload.keys.bytes);
    this.#encoder = isVersioned ? new KeyValueEncoder() : undefined;
    this.key = isVersioned ? new Uint8Array(REVISION_KEY_BYTES) : this.#clientKey;
    this.value = this.#clientValue;
  }

  next(): boolean {
    const index = this.index + 1;
    if (index >= this.count) return false;
    this.index = index;
    const length = this.#lengths.nextLength();
    writeStamp(this.#stamp, 0, 0, index + 1, length);
    const literal = Math.min(length, STAMP_BYTES);
    this.#clientValue.set(this.#stamp, 0, literal, literal, length - literal);
    if (!this.isHole(index)) this.fingerprints[index] = fingerprint(this.#clientValue);
    this.seek(index);
    if (this.#encoder === undefined) return true;
    const key = this.#clientKey;
    writeKey(key, 0, key.length, index);
    const revision = FIRST_CHANGE + index;
    this.value = this.#encoder.put(key, 0, key.length, revision, revision, 1, this.#clientValue);
    return true;
  }

  /** Makes `key` that of another record; the value is then none. */
  seek(index: number): void {
    if (this.#encoder === undefined) writeKey(this.key, 0, this.key.length, index);
    else writeRevisionKey(this.key, FIRST_CHANGE + index, 0);
  }

  /** mvcc: after the current record; raw: 0. */
  get revision(): number {
    return this.#encoder === undefined ? 0 : FIRST_CHANGE + this.index;
  }

  /** Of each run of neighbours: whether the share, spread evenly over all runs, takes one more with it. */
  isHole(index: number): boolean {
    const holes = this.#holes;
    if (holes === undefined) return false;
    const run = Math.floor(index / holes.runKeys);
    return Math.floor((run + 1) * holes.share) > Math.floor(run * holes.share);
  }

  get hasHoles(): boolean {
    return this.#holes !== undefined;
  }
}
