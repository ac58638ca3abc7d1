/**
 * The plain state machine: a client's key is the engine's key, in table `key`; no history.
 *
 * A put costs one engine operation. A delete of one key does not look whether the key is there: it reports 1. A delete
 * of a range reads the range and deletes what it finds. The revision of a reply is the entry's index.
 */
import type { Bugs } from '../../bugs.ts';
import type { Value } from '../../bytes/value.ts';
import type { Fault, OpenOutcome, StorageEngine, Visitor, WriteOutcome } from '../../storage-engine.ts';
import type { Work } from '../../work.ts';
import { AppliedStore, TABLE_KEY } from './applied-store.ts';
import { hashContent } from './content-hash.ts';
import { REQUEST_DELETE_RANGE, REQUEST_PUT } from './request-codec.ts';
import type { ChangeObserver, ReplySink, StateMachine } from './state-machine.ts';

export class RawStateMachine implements StateMachine {
  observer: ChangeObserver | undefined;
  readonly #store: AppliedStore;
  readonly #engine: StorageEngine;

  constructor(engine: StorageEngine, work: Work, bugs?: Bugs) {
    this.#store = new AppliedStore(engine, work, bugs);
    this.#engine = engine;
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
  get revision(): number {
    return this.#store.appliedIndex;
  }
  get uncommittedOperations(): number {
    return this.#store.uncommittedOperations + this.#store.batch.count;
  }

  open(): OpenOutcome {
    return this.#store.open();
  }

  apply(index: number, term: number, payload: Value, replies: ReplySink): void {
    const store = this.#store;
    if (!store.begin(index, term, payload, replies)) return;
    const { request } = store;
    let count = 0;
    if (request.kind === REQUEST_PUT) {
      store.batch.putRange(TABLE_KEY, request.bytes, request.keyFrom, request.keyTo, request.value);
      count = 1;
      this.observer?.onChange(request.bytes, request.keyFrom, request.keyTo, index, 0, false);
    } else if (request.kind === REQUEST_DELETE_RANGE) {
      count = this.#delete(index);
    }
    store.finish(index, count, replies);
  }

  flush(): WriteOutcome {
    return this.#store.flush();
  }

  commit(): WriteOutcome {
    return this.#store.commit(this.#store.appliedIndex);
  }

  /** There is only the newest revision. */
  get(key: Uint8Array, _revision: number, into: Value): boolean {
    this.#store.flush();
    this.#store.countOperations(1);
    return this.#engine.get(TABLE_KEY, key, into);
  }

  range(from: Uint8Array, to: Uint8Array | undefined, _revision: number, limit: number, visit: Visitor): number {
    this.#store.flush();
    let count = 0;
    if (limit <= 0) return 0;
    this.#engine.scan(TABLE_KEY, from, to, (keyBytes, keyFrom, keyTo, value) => {
      count++;
      return visit(keyBytes, keyFrom, keyTo, value) && count < limit;
    });
    this.#store.countOperations(1);
    return count;
  }

  walk(visit: Visitor): void {
    this.#store.flush();
    this.#engine.scan(TABLE_KEY, new Uint8Array(0), undefined, visit);
  }

  background(): undefined {
    return undefined;
  }

  get applyHashWord(): number {
    return this.#store.applyHashWord;
  }

  applyHash(): string {
    return this.#store.applyHash();
  }

  contentHash(): string {
    this.#store.flush();
    return hashContent((visit) => this.#engine.scan(TABLE_KEY, new Uint8Array(0), undefined, visit));
  }

  memoryBytes(): Readonly<Record<string, number>> {
    return { sessions: this.#store.sessions.memoryBytes };
  }

  #delete(index: number): number {
    const { request, batch } = this.#store;
    const key = request.bytes.slice(request.keyFrom, request.keyTo);
    if (request.endFrom === request.endTo) {
      batch.delete(TABLE_KEY, key);
      this.observer?.onChange(key, 0, key.length, index, 0, true);
      return 1;
    }
    const end = request.bytes.slice(request.endFrom, request.endTo);
    this.#store.flush();
    const doomed: Uint8Array[] = [];
    this.#engine.scan(TABLE_KEY, key, end, (keyBytes, keyFrom, keyTo) => {
      doomed.push(keyBytes.slice(keyFrom, keyTo));
      return true;
    });
    for (const each of doomed) {
      batch.delete(TABLE_KEY, each);
      this.observer?.onChange(each, 0, each.length, index, 0, true);
    }
    return doomed.length;
  }
}
