/**
 * The multi-version state machine: etcd's store. Every change makes a revision (main, sub); the table `key` holds
 * revisions, not keys; the index from keys to revisions is in memory and rebuilt at open.
 *
 * Main counts requests that changed something, from 2 on in a new store; sub counts changes within one request.
 * Compaction keeps, for each key, what a reader at or after the compacted revision can see: the index first, then the table in
 * batches of 1000 revisions, each committed, with a pause in between (`COMPACTION_PAUSE`); a crash in between starts it over.
 *
 * Simplified: the index is compacted in slices of 8192 keys where etcd walks it in one go; leases are always 0;
 * no transactions and watches yet (`#begin`/`#end` and `observer` are their seams).
 */
import type { Bugs } from '../../bugs.ts';
import { Value } from '../../bytes/value.ts';
import { MILLISECOND } from '../../clock.ts';
import type { Fault, Job, OpenOutcome, StorageEngine, Visitor, WriteOutcome } from '../../storage-engine.ts';
import type { Work } from '../../work.ts';
import { AppliedStore, TABLE_KEY, TABLE_META } from './applied-store.ts';
import { collectDoomed, DoomedRevisions } from './compaction.ts';
import { hashContent } from './content-hash.ts';
import { IndexRestore, type SharedIndex } from './index-restore.ts';
import { CHANGES_MAX, KeyIndex } from './key-index.ts';
import {
  DecodedKeyValue,
  KeyValueEncoder,
  REVISION_KEY_BYTES,
  readRevisionKey,
  revisionIsTombstone,
  revisionMain,
  revisionSub,
  TOMBSTONE_KEY_BYTES,
  writeRevisionKey,
} from './key-value-codec.ts';
import { REQUEST_COMPACTION, REQUEST_DELETE_RANGE, REQUEST_PUT } from './request-codec.ts';
import type { ChangeObserver, ReplySink, StateMachine } from './state-machine.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const SCHEDULED = encode('scheduledCompactRev');
const FINISHED = encode('finishedCompactRev');
/** etcd's revision of an empty store. */
const FIRST_REVISION = 1;
export const COMPACTION_BATCH = 1000;
/** Between two slices of a compaction, as etcd. */
const COMPACTION_PAUSE = 10 * MILLISECOND;
const INDEX_SLICE = 8192;

export class MvccStateMachine implements StateMachine {
  observer: ChangeObserver | undefined;
  /** etcd's compaction sleep. */
  /** Of the last change. */
  revision = FIRST_REVISION;
  /** Reads below it are refused. */
  compactedRevision = -1;
  index: KeyIndex;
  readonly #store: AppliedStore;
  readonly #engine: StorageEngine;
  readonly #shared: SharedIndex | undefined;
  readonly #encoder = new KeyValueEncoder();
  readonly #decoded = new DecodedKeyValue();
  readonly #revisionKey = new Uint8Array(REVISION_KEY_BYTES);
  readonly #tombstoneKey = new Uint8Array(TOMBSTONE_KEY_BYTES);
  readonly #stored = new Value();
  #finishedRevision = -1;
  #isCompacting = false;
  #main = 0;
  #sub = 0;

  constructor(engine: StorageEngine, work: Work, shared?: SharedIndex, bugs?: Bugs) {
    this.#store = new AppliedStore(engine, work, bugs);
    this.#engine = engine;
    this.#shared = shared;
    this.index = new KeyIndex(work);
  }

  get corruption(): Fault | undefined {
    return this.#store.corruption;
  }
  get appliedIndex(): number {
    return this.#store.appliedIndex;
  }
  get appliedTerm(): number {
    return this.#store.appliedTerm;
  }
  get uncommittedOperations(): number {
    return this.#store.uncommittedOperations + this.#store.batch.count;
  }

  open(): OpenOutcome {
    const outcome = this.#store.open();
    if (outcome === 'corrupt' || outcome === 'io-error') return outcome;
    this.revision = Math.max(FIRST_REVISION, this.#store.savedRevision);
    this.#finishedRevision = this.#readRevision(FINISHED);
    const scheduled = this.#readRevision(SCHEDULED);
    // one above the saved revision belongs to an entry that will be applied again: too early, it would take what is not there yet
    this.compactedRevision =
      scheduled <= this.revision ? Math.max(scheduled, this.#finishedRevision) : this.#finishedRevision;
    return this.#restoreIndex() ? outcome : 'corrupt';
  }

  apply(index: number, term: number, payload: Value, replies: ReplySink): void {
    const store = this.#store;
    if (!store.begin(index, term, payload, replies)) return;
    const { request } = store;
    let count = 0;
    this.#begin();
    if (request.kind === REQUEST_PUT) {
      this.#put(request.bytes, request.keyFrom, request.keyTo, request.value);
      count = 1;
    } else if (request.kind === REQUEST_DELETE_RANGE) {
      const { bytes, keyFrom, keyTo, endFrom, endTo } = request;
      count = endFrom === endTo ? this.#deleteKey(bytes, keyFrom, keyTo) : this.#deleteRange();
    } else if (request.kind === REQUEST_COMPACTION) {
      this.#schedule(request.revision);
    }
    this.#end();
    store.finish(this.revision, count, replies);
  }

  flush(): WriteOutcome {
    return this.#store.flush();
  }

  commit(): WriteOutcome {
    return this.#store.commit(this.revision);
  }

  /** Whether a revision can be read: `compacted` and `future` ones can't. */
  revisionState(revision: number): 'ok' | 'compacted' | 'future' {
    if (revision > this.revision) return 'future';
    return revision !== 0 && revision < this.compactedRevision ? 'compacted' : 'ok';
  }

  get(key: Uint8Array, revision: number, into: Value): boolean {
    if (this.revisionState(revision) !== 'ok') return false;
    const id = this.index.find(key, 0, key.length);
    if (id < 0 || !this.index.at(id, revision === 0 ? this.revision : revision)) return false;
    this.#store.flush();
    if (!this.#read(this.index.foundMain, this.index.foundSub)) return false;
    into.assign(this.#decoded.value);
    return true;
  }

  range(from: Uint8Array, to: Uint8Array | undefined, revision: number, limit: number, visit: Visitor): number {
    if (this.revisionState(revision) !== 'ok' || limit <= 0) return 0;
    const { index } = this;
    const at = revision === 0 ? this.revision : revision;
    this.#store.flush();
    let count = 0;
    index.seek(from, 0, from.length);
    for (let id = index.next(); id >= 0 && count < limit; id = index.next()) {
      if (to !== undefined && !index.isBelow(id, to, 0, to.length)) break;
      if (!index.at(id, at)) continue;
      if (!this.#read(index.foundMain, index.foundSub)) continue;
      count++;
      const keyFrom = index.keyFrom(id);
      if (!visit(index.keyBytes(id), keyFrom, keyFrom + index.keyLength(id), this.#decoded.value)) break;
    }
    return count;
  }

  /** In the order of the revisions: a scan of the table is a fraction of a lookup for each key. */
  walk(visit: Visitor): void {
    const { index } = this;
    const decoded = this.#decoded;
    let id = -1;
    this.#store.flush();
    this.#engine.scan(TABLE_KEY, new Uint8Array(0), undefined, (keyBytes, keyFrom, keyTo, value) => {
      if (!readRevisionKey(keyBytes, keyFrom, keyTo) || revisionIsTombstone || !decoded.decode(value)) return true;
      id = index.findAfter(id, decoded.bytes, decoded.keyFrom, decoded.keyTo);
      const isAlive = id >= 0 && index.at(id, this.revision);
      if (!isAlive || index.foundMain !== revisionMain || index.foundSub !== revisionSub) return true;
      return visit(decoded.bytes, decoded.keyFrom, decoded.keyTo, decoded.value);
    });
  }

  background(): Job | undefined {
    if (this.#isCompacting || this.compactedRevision <= this.#finishedRevision) return undefined;
    this.#isCompacting = true;
    return this.#compact(this.compactedRevision);
  }

  get applyHashWord(): number {
    return this.#store.applyHashWord;
  }

  applyHash(): string {
    return this.#store.applyHash();
  }

  contentHash(): string {
    return hashContent((visit) => {
      this.range(new Uint8Array(0), undefined, 0, Number.MAX_SAFE_INTEGER, visit);
    });
  }

  memoryBytes(): Readonly<Record<string, number>> {
    return { 'key index': this.index.realBytes, sessions: this.#store.sessions.memoryBytes };
  }

  // ——— writing: everything between begin and end is one main revision ———

  #begin(): void {
    this.#main = this.revision + 1;
    this.#sub = 0;
  }

  #end(): void {
    if (this.#sub > 0) this.revision = this.#main;
  }

  #put(key: Uint8Array, from: number, to: number, value: Value): void {
    const main = this.#main;
    const sub = this.#sub++;
    const id = this.index.put(key, from, to, main, sub);
    writeRevisionKey(this.#revisionKey, main, sub);
    const stored = this.#encoder.put(key, from, to, this.index.created(id), main, this.index.version(id), value);
    this.#store.batch.put(TABLE_KEY, this.#revisionKey, stored);
    this.observer?.onChange(key, from, to, main, sub, false);
  }

  #deleteKey(key: Uint8Array, from: number, to: number): number {
    const id = this.index.find(key, from, to);
    if (id < 0 || !this.index.isAlive(id)) return 0;
    this.#tombstone(id);
    return 1;
  }

  #deleteRange(): number {
    const { bytes, keyFrom, keyTo, endFrom, endTo } = this.#store.request;
    let count = 0;
    this.index.seek(bytes, keyFrom, keyTo);
    for (let id = this.index.next(); id >= 0; id = this.index.next()) {
      if (!this.index.isBelow(id, bytes, endFrom, endTo)) break;
      if (!this.index.isAlive(id)) continue;
      this.#tombstone(id);
      count++;
    }
    return count;
  }

  #tombstone(id: number): void {
    const main = this.#main;
    const sub = this.#sub++;
    const bytes = this.index.keyBytes(id);
    const from = this.index.keyFrom(id);
    const to = from + this.index.keyLength(id);
    this.index.tombstone(id, main, sub);
    writeRevisionKey(this.#tombstoneKey, main, sub);
    this.#store.batch.put(TABLE_KEY, this.#tombstoneKey, this.#encoder.tombstone(bytes, from, to));
    this.observer?.onChange(bytes, from, to, main, sub, true);
  }

  // ——— reading ———

  /** Reads a revision into `#decoded`. */
  #read(main: number, sub: number): boolean {
    writeRevisionKey(this.#revisionKey, main, sub);
    this.#store.countOperations(1);
    return this.#engine.get(TABLE_KEY, this.#revisionKey, this.#stored) && this.#decoded.decode(this.#stored);
  }

  #readRevision(key: Uint8Array): number {
    if (!this.#engine.get(TABLE_META, key, this.#stored)) return -1;
    const bytes = this.#stored.toBytes();
    return readRevisionKey(bytes, 0, bytes.length) ? revisionMain : -1;
  }

  /** Revisions above the saved one belong to entries that will be applied again. */
  #restoreIndex(): boolean {
    const decoded = this.#decoded;
    const restore = new IndexRestore(this.#store.work, this.#shared);
    let wrong = '';
    this.#engine.scan(TABLE_KEY, new Uint8Array(0), undefined, (keyBytes, keyFrom, keyTo, value) => {
      if (!readRevisionKey(keyBytes, keyFrom, keyTo)) wrong = 'a key that is no revision';
      else if (revisionMain > this.revision) return false;
      else if (!decoded.decode(value)) wrong = `revision ${revisionMain}_${revisionSub}: a value that is no KeyValue`;
      else if (!revisionIsTombstone && decoded.version === 0)
        wrong = `revision ${revisionMain}_${revisionSub}: version 0`;
      else {
        const version = revisionIsTombstone ? 0 : decoded.version;
        const { bytes, created } = decoded;
        restore.add(bytes, decoded.keyFrom, decoded.keyTo, revisionMain, revisionSub, created, version);
      }
      return wrong === '';
    });
    if (wrong !== '') this.#store.corrupt("table 'key'", wrong);
    else this.index = restore.finish();
    return wrong === '';
  }

  // ——— compaction ———

  /** As etcd: a revision that is compacted already, or not there yet, is refused; nothing happens. */
  #schedule(revision: number): void {
    if (revision <= this.compactedRevision || revision > this.revision) return;
    this.compactedRevision = revision;
    this.#writeMeta(SCHEDULED, revision);
  }

  *#compact(revision: number): Job {
    const { index } = this;
    // the schedule must be durable before anything is forgotten
    if (this.commit() !== 'ok') return;
    const kept: number[] = [];
    const idEnd = index.idEnd;
    for (let from = 0; from < idEnd; from += INDEX_SLICE) {
      index.compact(revision, from, Math.min(idEnd, from + INDEX_SLICE), kept);
      yield COMPACTION_PAUSE;
    }
    const doomed = new DoomedRevisions(kept, CHANGES_MAX);
    for (;;) {
      const isLast = collectDoomed(this.#engine, doomed, revision, COMPACTION_BATCH);
      for (let i = 0; i < doomed.count; i++) {
        const key = doomed.isTombstone[i] === 1 ? this.#tombstoneKey : this.#revisionKey;
        writeRevisionKey(key, doomed.main[i]!, doomed.sub[i]!);
        this.#store.batch.delete(TABLE_KEY, key);
      }
      if (isLast) break;
      if (this.commit() !== 'ok') return;
      yield COMPACTION_PAUSE;
    }
    this.#writeMeta(FINISHED, revision);
    this.commit();
    this.#finishedRevision = revision;
    this.#isCompacting = false;
  }

  #writeMeta(key: Uint8Array, revision: number): void {
    writeRevisionKey(this.#revisionKey, revision, 0);
    this.#store.batch.put(
      TABLE_META,
      key,
      this.#stored.set(this.#revisionKey, 0, REVISION_KEY_BYTES, REVISION_KEY_BYTES, 0),
    );
  }
}
