/**
 * Which request of each session was applied last, and what it answered: what makes a retry harmless.
 *
 * Saved at each backend commit together with the applied index, not at each operation: the log is replayed from
 * that index, and replaying does to this table what it does to the store. Sessions stand in blocks of 64, and only
 * blocks with a session that was used since go to disk, as one record each:
 *
 *     key    'session' ‖ u16 BE block number
 *     value  for each session of the block: varint session, varint sequence, varint revision, varint count
 *
 * That is about 10 B a session and commit: 1 KB for 100 busy clients, next to some 63 pages that etcd's commit writes.
 *
 * Limit: 2^20 sessions. The one that was opened first is then forgotten, on every replica at the same entry: a
 * retry of it that is still under way would be applied again.
 */
import type { Batch } from '../../batch.ts';
import { Value } from '../../bytes/value.ts';
import { readVarint, varintEnd, writeVarint } from '../../bytes/varint.ts';
import type { StorageEngine } from '../../storage-engine.ts';

export const SESSIONS_MAX = 1 << 20;
const BLOCK_SESSIONS = 64;
const RECORD_BYTES_MAX = 5 + 5 + 8 + 5;
const KEY_PREFIX = new TextEncoder().encode('session');

export class SessionTable {
  /** Sessions known. */
  count = 0;
  // by slot, in the order in which sessions were opened, round and round
  #sessions = new Uint32Array(64);
  #sequences = new Uint32Array(64);
  #revisions = new Float64Array(64);
  #counts = new Uint32Array(64);
  #dirty = new Uint8Array(SESSIONS_MAX / BLOCK_SESSIONS);
  #dirtyCount = 0;
  #nextSlot = 0;
  // open addressing: slot + 1, 0 for none; a power of two, at most half full
  #table = new Int32Array(128);
  readonly #key = new Uint8Array(KEY_PREFIX.length + 2);
  readonly #scratch = new Uint8Array(BLOCK_SESSIONS * RECORD_BYTES_MAX);
  readonly #value = new Value();

  readonly #sessionsMax: number;

  constructor(sessionsMax = SESSIONS_MAX) {
    this.#sessionsMax = sessionsMax;
    this.#key.set(KEY_PREFIX);
  }

  /** A session's record and its place in the hash table of the real process. */
  get memoryBytes(): number {
    return this.count * 48;
  }

  /** The slot of a session, made if need be. */
  slotOf(session: number): number {
    const mask = this.#table.length - 1;
    let at = Math.imul(session, 0x9e3779b1) >>> 7;
    for (;;) {
      at &= mask;
      const slot = this.#table[at]! - 1;
      if (slot < 0) return this.#open(session);
      if (this.#sessions[slot] === session) return slot;
      at++;
    }
  }

  sequence(slot: number): number {
    return this.#sequences[slot]!;
  }
  revision(slot: number): number {
    return this.#revisions[slot]!;
  }
  countOf(slot: number): number {
    return this.#counts[slot]!;
  }

  record(slot: number, sequence: number, revision: number, count: number): void {
    this.#sequences[slot] = sequence;
    this.#revisions[slot] = revision;
    this.#counts[slot] = count;
    const block = (slot / BLOCK_SESSIONS) | 0;
    if (this.#dirty[block] === 0) {
      this.#dirty[block] = 1;
      this.#dirtyCount++;
    }
  }

  /** Adds the blocks that changed since the last call to the batch. */
  save(batch: Batch, table: number): void {
    if (this.#dirtyCount === 0) return;
    const blocks = Math.ceil(this.count / BLOCK_SESSIONS);
    for (let block = 0; block < blocks; block++) {
      if (this.#dirty[block] === 0) continue;
      this.#dirty[block] = 0;
      let at = 0;
      const last = Math.min(this.count, (block + 1) * BLOCK_SESSIONS);
      for (let slot = block * BLOCK_SESSIONS; slot < last; slot++) {
        at = writeVarint(this.#scratch, at, this.#sessions[slot]!);
        at = writeVarint(this.#scratch, at, this.#sequences[slot]!);
        at = writeVarint(this.#scratch, at, this.#revisions[slot]!);
        at = writeVarint(this.#scratch, at, this.#counts[slot]!);
      }
      this.#key[KEY_PREFIX.length] = block >>> 8;
      this.#key[KEY_PREFIX.length + 1] = block;
      batch.put(table, this.#key, this.#value.set(this.#scratch, 0, at, at, 0));
    }
    this.#dirtyCount = 0;
  }

  /** The slot that the next session takes once all are taken: goes to disk too, so that replicas forget the same one. */
  get nextSlot(): number {
    return this.#nextSlot;
  }

  /** Reads what `save` wrote. False: a record that it cannot have written. */
  load(engine: StorageEngine, table: number, nextSlot: number): boolean {
    let sound = true;
    let slot = 0;
    const from = KEY_PREFIX;
    const to = KEY_PREFIX.slice();
    to[to.length - 1]! += 1;
    engine.scan(table, from, to, (keyBytes, keyFrom, keyTo, value) => {
      const block = keyTo - keyFrom === from.length + 2 ? keyBytes[keyTo - 2]! * 256 + keyBytes[keyTo - 1]! : -1;
      const bytes = value.toBytes();
      sound = block * BLOCK_SESSIONS === slot && this.#loadBlock(bytes);
      slot += BLOCK_SESSIONS;
      return sound;
    });
    if (nextSlot >= this.#sessionsMax) return false;
    this.#nextSlot = nextSlot;
    return sound;
  }

  #loadBlock(bytes: Uint8Array): boolean {
    let at = 0;
    for (let i = 0; at < bytes.length; i++) {
      const session = readVarint(bytes, at, bytes.length);
      if (varintEnd < 0 || i >= BLOCK_SESSIONS || this.count >= this.#sessionsMax) return false;
      const sequence = readVarint(bytes, varintEnd, bytes.length);
      if (varintEnd < 0) return false;
      const revision = readVarint(bytes, varintEnd, bytes.length);
      if (varintEnd < 0) return false;
      const count = readVarint(bytes, varintEnd, bytes.length);
      if (varintEnd < 0) return false;
      at = varintEnd;
      const slot = this.slotOf(session);
      this.#sequences[slot] = sequence;
      this.#revisions[slot] = revision;
      this.#counts[slot] = count;
    }
    return true;
  }

  #open(session: number): number {
    const isNew = this.count < this.#sessionsMax;
    const slot = isNew ? this.count++ : this.#nextSlot;
    if (!isNew) this.#nextSlot = (slot + 1) % this.#sessionsMax;
    if (slot === this.#sessions.length) this.#grow(slot * 2);
    this.#sessions[slot] = session;
    this.#sequences[slot] = 0;
    this.#revisions[slot] = 0;
    this.#counts[slot] = 0;
    if (!isNew || this.count * 2 > this.#table.length) this.#rehash();
    else this.#insert(session, slot);
    return slot;
  }

  #insert(session: number, slot: number): void {
    const mask = this.#table.length - 1;
    let at = (Math.imul(session, 0x9e3779b1) >>> 7) & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = slot + 1;
  }

  #rehash(): void {
    const size = this.count * 2 > this.#table.length ? this.#table.length * 2 : this.#table.length;
    this.#table = new Int32Array(size);
    for (let slot = 0; slot < this.count; slot++) this.#insert(this.#sessions[slot]!, slot);
  }

  #grow(size: number): void {
    const words = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(size);
      grown.set(old);
      return grown;
    };
    this.#sessions = words(this.#sessions);
    this.#sequences = words(this.#sequences);
    this.#counts = words(this.#counts);
    const revisions = new Float64Array(size);
    revisions.set(this.#revisions);
    this.#revisions = revisions;
  }
}
