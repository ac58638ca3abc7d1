/**
 * What every state machine keeps beside its data, in the table `meta`, written at each commit:
 *
 *     'consistent_index'   u64 BE   applied index              etcd's key and format
 *     'term'               u64 BE   term of that entry         etcd's key and format
 *     'raftlab'            24 B     u32 BE × 2 apply hash, u32 BE next session slot, u32 BE zero, u64 BE revision
 *     'session' ‖ u16 BE            sessions, see `session-table.ts`
 *
 * And what every `apply` begins with: reading the request and telling a retry from a first try.
 */
import { assert } from '../../assert.ts';
import { Batch } from '../../batch.ts';
import { type Bugs, NO_BUGS } from '../../bugs.ts';
import { readU32BE, readU64BE, writeU32BE, writeU64BE } from '../../bytes/fixed.ts';
import { Value } from '../../bytes/value.ts';
import type { Fault, OpenOutcome, StorageEngine, WriteOutcome } from '../../storage-engine.ts';
import { ENGINE_OPERATIONS, ENTRIES_APPLIED, type Work } from '../../work.ts';
import { DecodedRequest, REQUEST_NONE } from './request-codec.ts';
import { SessionTable } from './session-table.ts';
import type { ReplySink } from './state-machine.ts';

export const TABLE_KEY = 0;
export const TABLE_META = 1;
/** A round longer than this is written in parts. */
const BATCH_OPERATIONS_MAX = 10_000;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const CONSISTENT_INDEX = encode('consistent_index');
const TERM = encode('term');
const OURS = encode('raftlab');
const OURS_BYTES = 24;

export class AppliedStore {
  readonly engine: StorageEngine;
  readonly work: Work;
  readonly batch = new Batch();
  readonly request = new DecodedRequest();
  readonly sessions = new SessionTable();
  #corruption: Fault | undefined;
  appliedIndex = 0;
  appliedTerm = 0;
  uncommittedOperations = 0;
  /** As of the last commit, when opened. */
  savedRevision = 0;
  hashLow = 0x243f6a88;
  hashHigh = 0x13198a2e;
  #savedIndex = 0;
  #slot = 0;
  #failure: WriteOutcome = 'ok';
  readonly #scratch = new Uint8Array(OURS_BYTES);
  readonly #value = new Value();
  readonly #bugs: Bugs;
  /** With a mistake planted: a commit that waits for the next entry to begin, and the revision that it saves. */
  #lateRevision = -1;

  constructor(engine: StorageEngine, work: Work, bugs: Bugs = NO_BUGS) {
    this.engine = engine;
    this.work = work;
    this.#bugs = bugs;
  }

  open(): OpenOutcome {
    const outcome = this.engine.open();
    if (outcome === 'corrupt' || outcome === 'io-error') return outcome;
    const value = this.#value;
    if (!this.engine.get(TABLE_META, CONSISTENT_INDEX, value)) return outcome;
    this.appliedIndex = this.#savedIndex = readU64(value);
    if (this.engine.get(TABLE_META, TERM, value)) this.appliedTerm = readU64(value);
    if (!this.engine.get(TABLE_META, OURS, value) || value.length !== OURS_BYTES) {
      return this.corrupt("meta 'raftlab'", 'missing or of another length');
    }
    const ours = value.toBytes();
    this.hashLow = readU32BE(ours, 0) | 0;
    this.hashHigh = readU32BE(ours, 4) | 0;
    this.savedRevision = readU64BE(ours, 16);
    if (!this.sessions.load(this.engine, TABLE_META, readU32BE(ours, 8))) {
      return this.corrupt("meta 'session'", 'not what was written');
    }
    return outcome;
  }

  get corruption(): Fault | undefined {
    return this.#corruption ?? this.engine.corruption;
  }

  corrupt(where: string, what: string): 'corrupt' {
    this.#corruption = { where, what };
    return 'corrupt';
  }

  /** Reads the next entry into `request`. False: nothing to apply (it has been answered already, if it has a client). */
  begin(index: number, term: number, payload: Value, replies: ReplySink): boolean {
    assert(index === this.appliedIndex + 1, 'state machine: entries must be applied in order');
    this.appliedIndex = index;
    this.appliedTerm = term;
    if (this.#lateRevision >= 0) this.commit(this.#lateRevision);
    const { counts } = this.work;
    counts[ENTRIES_APPLIED] = counts[ENTRIES_APPLIED]! + 1;
    const { request } = this;
    request.decode(payload);
    if (request.kind === REQUEST_NONE || request.sequence === 0) return false;
    const { session, sequence } = request;
    const { sessions } = this;
    const slot = sessions.slotOf(session);
    const last = sessions.sequence(slot);
    if (sequence <= last && !this.#bugs['retry-applied-twice']) {
      const known = sequence === last;
      replies.onApplied(
        session,
        sequence,
        known ? sessions.revision(slot) : 0,
        known ? sessions.countOf(slot) : 0,
        false,
      );
      return false;
    }
    this.#slot = slot;
    let low = Math.imul(this.hashLow ^ index, 0x9e3779b1);
    let high = Math.imul(this.hashHigh ^ session, 0x85ebca77) ^ request.kind;
    low = Math.imul(low ^ (high >>> 15) ^ sequence, 0xc2b2ae3d);
    high ^= low >>> 13;
    this.hashLow = low;
    this.hashHigh = high;
    return true;
  }

  /** After a `begin` that said true. */
  finish(revision: number, count: number, replies: ReplySink): void {
    const { session, sequence } = this.request;
    this.sessions.record(this.#slot, sequence, revision, count);
    if (this.batch.count >= BATCH_OPERATIONS_MAX) this.flush();
    replies.onApplied(session, sequence, revision, count, true);
  }

  flush(): WriteOutcome {
    if (this.#failure !== 'ok' || this.batch.count === 0) return this.#failure;
    this.uncommittedOperations += this.batch.count;
    this.countOperations(this.batch.count);
    this.#failure = this.engine.write(this.batch);
    this.batch.clear();
    return this.#failure;
  }

  countOperations(count: number): void {
    const { counts } = this.work;
    counts[ENGINE_OPERATIONS] = counts[ENGINE_OPERATIONS]! + count;
  }

  /** Nothing new: nothing is written and nothing synced. */
  commit(revision: number): WriteOutcome {
    if (this.#failure !== 'ok') return this.#failure;
    if (this.batch.count === 0 && this.uncommittedOperations === 0 && this.appliedIndex === this.#savedIndex)
      return 'ok';
    if (this.#bugs['consistent-index-ahead'] && this.#lateRevision < 0) {
      this.#lateRevision = revision;
      return 'ok';
    }
    this.#lateRevision = -1;
    const { batch } = this;
    const value = this.#value;
    const scratch = this.#scratch;
    writeU64BE(scratch, 0, this.appliedIndex);
    batch.put(TABLE_META, CONSISTENT_INDEX, value.set(scratch, 0, 8, 8, 0));
    writeU64BE(scratch, 0, this.appliedTerm);
    batch.put(TABLE_META, TERM, value.set(scratch, 0, 8, 8, 0));
    writeU32BE(scratch, 0, this.hashLow);
    writeU32BE(scratch, 4, this.hashHigh);
    writeU32BE(scratch, 8, this.sessions.nextSlot);
    writeU32BE(scratch, 12, 0);
    writeU64BE(scratch, 16, revision);
    batch.put(TABLE_META, OURS, value.set(scratch, 0, OURS_BYTES, OURS_BYTES, 0));
    this.sessions.save(batch, TABLE_META);
    if (this.flush() !== 'ok') return this.#failure;
    this.#failure = this.engine.sync();
    if (this.#failure !== 'ok') return this.#failure;
    this.#savedIndex = this.appliedIndex;
    this.uncommittedOperations = 0;
    return 'ok';
  }

  /** 53 of the 64 bits of the hash. */
  get applyHashWord(): number {
    return (this.hashHigh >>> 11) * 4294967296 + (this.hashLow >>> 0);
  }

  applyHash(): string {
    return hex8(this.hashHigh) + hex8(this.hashLow);
  }
}

function hex8(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** Of a stored u64; −1 if it has another length. */
function readU64(value: Value): number {
  return value.length === 8 ? readU64BE(value.toBytes(), 0) : -1;
}
