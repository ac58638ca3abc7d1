/**
 * Garbage collection of the value log, which an operator starts: of the files before the head that is in tables, the one
 * with the most discarded bytes, and one at random. The first of them in whose sample enough can go is rewritten:
 * entries that the tree still points to are written anew under a key of `!badger!move`, and the file is removed.
 *
 * Badger's random choices come from the engine's own stream. Full: a batch is what a transaction may hold.
 */
import { Value } from '../../sim/bytes/value.ts';
import type { Job } from '../../sim/storage-engine.ts';
import { HEAD_KEY, isMoveKey, MOVE_PREFIX, NEWEST_VERSION, TRANSACTION_END_BIT, VERSION_BYTES } from './format.ts';
import type { Jobs } from './jobs.ts';
import type { LogEntry } from './log-entry.ts';
import { LogReader } from './log-reader.ts';
import { Found, type Reader } from './reader.ts';
import type { Store } from './store.ts';
import type { OwnEntry, WritePath } from './write-path.ts';

const SAMPLE_SHARE = 0.1;
const SAMPLE_ENTRIES_SHARE = 0.01;
const SAMPLE_ENOUGH = 0.75;
const SLICE_ENTRIES = 1024;
const LAST_BATCH_ENTRIES = 1024;
const MOVE_KEY_BATCH = 10_240;
/** Of a value pointer and two bytes of meta: what an entry counts besides its key. */
const POINTER_ESTIMATE = 12 + 2;

export class GarbageCollection {
  readonly #store: Store;
  readonly #reader: Reader;
  readonly #writes: WritePath;
  readonly #jobs: Jobs;
  readonly #found = new Found();
  #running = false;
  /** The last run rewrote nothing: whoever asks in a loop is told once. */
  #foundNothing = false;

  constructor(store: Store, reader: Reader, writes: WritePath, jobs: Jobs) {
    this.#store = store;
    this.#reader = reader;
    this.#writes = writes;
    this.#jobs = jobs;
  }

  /** One run; undefined if there is no candidate, one is running, or the last one found nothing to rewrite. */
  run(discardRatio: number): Job | undefined {
    if (this.#running) return undefined;
    if (this.#foundNothing) {
      this.#foundNothing = false;
      return undefined;
    }
    const candidates = this.#candidates();
    if (candidates.length === 0) return undefined;
    this.#running = true;
    return this.#run(candidates, discardRatio);
  }

  *#run(candidates: readonly number[], discardRatio: number): Job {
    this.#foundNothing = true;
    for (const number of candidates) {
      if (!(yield* this.#isWorthIt(number, discardRatio))) continue;
      this.#foundNothing = false;
      yield* this.#rewrite(number);
      break;
    }
    this.#running = false;
  }

  #candidates(): number[] {
    const { valueLog, discard, random } = this.#store;
    const head = new Found();
    const hasHead = this.#reader.findInTables(HEAD_KEY, 0, HEAD_KEY.length, NEWEST_VERSION, -1, false, head);
    const { numbers } = valueLog;
    if (!hasHead || head.pointerFile === 0 || numbers.length <= 1) return [];
    let most = -1;
    for (const number of numbers) {
      if (number >= head.pointerFile) break;
      if (discard.bytes(number) > (most < 0 ? 0 : discard.bytes(most))) most = number;
    }
    const before = numbers.indexOf(head.pointerFile);
    if (before <= 0) return [];
    let at = random.below(before);
    if (at > 0) at = random.below(at + 1); // older files are likelier
    const chosen = numbers[at];
    return most < 0 || most === chosen ? [chosen] : [most, chosen];
  }

  /** Reads a tenth of the file, from a random place, and sees how much of it can go. */
  *#isWorthIt(number: number, discardRatio: number): Generator<undefined, boolean> {
    const { disk, valueLog, options, random, work } = this.#store;
    const file = valueLog.file(number);
    if (file === undefined) return false;
    const window = file.length * SAMPLE_SHARE;
    const entriesMax = Math.floor(options.valueLogEntriesMax * SAMPLE_ENTRIES_SHARE);
    const skipFirst = random.below(file.length) - window;
    const log = new LogReader(disk, file, 0, work);
    let skipped = 0;
    let sampled = 0;
    let discarded = 0;
    let entries = 0;
    for (let read = 1; log.next(); read++) {
      if (read % SLICE_ENTRIES === 0) yield;
      const { entry } = log;
      if (skipped < skipFirst) {
        skipped += entry.length;
        continue;
      }
      if (entries > entriesMax || sampled > window) break;
      entries++;
      sampled += entry.length;
      if (this.#placeOf(entry, number, log.offset) !== LIVE) discarded += entry.length;
    }
    this.#noteFailure(number, log);
    if (entries < entriesMax && sampled < window * SAMPLE_ENOUGH) return false;
    return log.failure === undefined && discarded >= discardRatio * sampled;
  }

  *#rewrite(number: number): Job {
    const { disk, valueLog, work, discard, counters, options } = this.#store;
    const file = valueLog.file(number);
    if (file === undefined) return;
    const first = valueLog.newest;
    const log = new LogReader(disk, file, 0, work);
    let batch: OwnEntry[] = [];
    let bytes = 0;
    for (let read = 1; log.next(); read++) {
      if (read % SLICE_ENTRIES === 0) yield;
      if (this.#placeOf(log.entry, number, log.offset) !== LIVE) continue;
      const moved = moveEntry(log);
      const valueBytes = moved.value?.length ?? 0;
      const inTree = valueBytes < options.valueThreshold ? valueBytes + 2 : POINTER_ESTIMATE;
      const estimate = moved.key.length + VERSION_BYTES + inTree + valueBytes;
      if (batch.length + 1 >= options.batchEntriesMax || bytes + estimate >= options.batchBytesMax) {
        yield* this.#write(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(moved);
      bytes += estimate;
      counters.movedEntries++;
    }
    this.#noteFailure(number, log);
    for (let from = 0; from < batch.length; from += LAST_BATCH_ENTRIES) {
      yield* this.#write(batch.slice(from, from + LAST_BATCH_ENTRIES));
    }
    // The values must be safe where they are now before they are given up where they were, and so must be
    // what made others dead: what the writer is syncing at this moment, too.
    yield* this.#jobs.makeDurable(first);
    if (this.#store.failure !== undefined || log.failure !== undefined) return;
    const removedBytes = file.length;
    valueLog.removeFile(number);
    discard.forget(number);
    counters.collectedFiles++;
    this.#store.onJob?.({
      kind: 'gc',
      level: 0,
      top: 0,
      bottom: 0,
      outputs: 0,
      inputBytes: removedBytes,
      outputBytes: 0,
    });
    yield* this.#deleteMoveKeys(number);
  }

  /** Keys of moves that point into the removed file: the values were moved on, or nobody needs them. */
  *#deleteMoveKeys(number: number): Job {
    const reader = this.#reader;
    const store = this.#store;
    store.discardVersion = store.nextVersion - 1;
    const after = MOVE_PREFIX.slice();
    after[after.length - 1]++;
    const dead: OwnEntry[] = [];
    let from: Uint8Array = MOVE_PREFIX;
    const found = new Found();
    for (let more = true; more; ) {
      more = false;
      // Tables come and go between slices: each begins a walk of its own behind the last key.
      const merging = reader.merge(from, after);
      merging.seek(from, 0, from.length, NEWEST_VERSION);
      let last: Uint8Array | undefined;
      let count = 0;
      for (let top = merging.top; top !== undefined; top = merging.top) {
        const { key, keyLength } = top;
        if (!isMoveKey(key, 0, keyLength)) break;
        if (last === undefined || !top.isAt(last, 0, last.length)) {
          if (++count > SLICE_ENTRIES) {
            more = true;
            break;
          }
          last = key.slice(0, keyLength);
          found.meta = top.meta;
          top.value(found.value);
          if (found.isPointer && !found.isDeleted && found.pointerFile === number) {
            dead.push({ key: last, version: top.version, userMeta: 0, expiresAt: 0, value: undefined });
          }
        }
        merging.next();
      }
      if (merging.failure !== undefined) reader.fail('walk over moved keys', merging.failure);
      if (last !== undefined) {
        from = new Uint8Array(last.length + 1);
        from.set(last);
      }
      yield;
    }
    const limit = Math.max(1, Math.min(MOVE_KEY_BATCH, this.#store.options.batchEntriesMax - 1));
    for (let at = 0; at < dead.length; at += limit) yield* this.#write(dead.slice(at, at + limit));
  }

  *#write(entries: readonly OwnEntry[]): Job {
    if (entries.length === 0 || this.#store.failure !== undefined) return;
    yield* this.#jobs.makeRoom();
    this.#writes.writeOwn(entries);
    yield;
    yield* this.#jobs.settleOwn();
  }

  /** Whether the tree still needs the entry, and in this place. */
  #placeOf(entry: LogEntry, number: number, offset: number): number {
    const found = this.#found;
    const { key, keyLength, version } = entry;
    const reader = this.#reader;
    if ((entry.meta & TRANSACTION_END_BIT) !== 0) return DEAD;
    if (!reader.find(key, 0, keyLength, version, found) || found.version !== version) return DEAD;
    if (found.isDeleted || !found.isPointer) return DEAD;
    const { pointerFile, pointerOffset } = found;
    if (isMoveKey(key, 0, keyLength) && !reader.find(key, MOVE_PREFIX.length, keyLength, version, found)) return DEAD;
    if (pointerFile > number || pointerOffset > offset) return DEAD;
    return pointerFile === number && pointerOffset === offset ? LIVE : ELSEWHERE;
  }

  #noteFailure(number: number, log: LogReader): void {
    if (log.failure !== undefined) this.#reader.fail(`value-log file ${number} at ${log.validEnd}`, log.failure);
  }
}

const DEAD = 0;
const LIVE = 1;
/** In an older file, to which a compaction fell back: it is dead here. */
const ELSEWHERE = 2;

function moveEntry(log: LogReader): OwnEntry {
  const { key, keyLength, version, userMeta, expiresAt } = log.entry;
  const value = new Value();
  log.value(value);
  const isMoved = isMoveKey(key, 0, keyLength);
  const moved = new Uint8Array(keyLength + (isMoved ? 0 : MOVE_PREFIX.length));
  if (!isMoved) moved.set(MOVE_PREFIX);
  moved.set(key.subarray(0, keyLength), moved.length - keyLength);
  return { key: moved, version, userMeta, expiresAt, value: value.copy() };
}
