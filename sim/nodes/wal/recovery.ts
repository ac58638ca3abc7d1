/**
 * Opens a write-ahead log that a stop or a crash left behind.
 *
 * Reads every segment once, oldest first; an entry replaces what stood at its index and after. The start is the
 * newest of the offered snapshots that the log also names, at or below its commit index. A torn tail is cut off
 * and synced; behind a clean end the rest of the file is zeroed, because a crash may have left later sectors of
 * an unsynced write there and an append must not run into them. Then appending goes on in the same file.
 *
 * What it does not do: repair anything but a torn tail (a damaged record elsewhere is `corrupt`, named by file and
 * offset), keep etcd's `.broken` copy of a repaired segment, or notice a log whose end was lost as a whole.
 */
import { NO_BUGS } from '../../bugs.ts';
import type { Value } from '../../bytes/value.ts';
import type { File } from '../../disk/disk.ts';
import type { Fault } from '../../storage-engine.ts';
import { SYSTEM_CALLS } from '../../work.ts';
import { decodeSnapshotMark, readHardState } from './protobuf.ts';
import { RECORD_CRC, RECORD_ENTRY, RECORD_METADATA, RECORD_SNAPSHOT, RECORD_STATE } from './record-encoder.ts';
import { parseSegment, type Segment } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';
import type { HardState, SnapshotMark, WalEntry } from './wal-entry.ts';
import { NO_STATE, type WalOptions, WriteAheadLog } from './write-ahead-log.ts';

export interface RecoveredLog<E extends WalEntry> {
  readonly outcome: 'ok';
  readonly log: WriteAheadLog;
  readonly metadata: Uint8Array;
  readonly state: HardState;
  /** Of those offered, or {0, 0}: the empty state. */
  readonly snapshot: SnapshotMark;
  /** From `snapshot.index + 1` on, without gaps. */
  readonly entries: E[];
  /** Where a torn record was cut off, for people; undefined: the log ended cleanly. */
  readonly torn: Fault | undefined;
}

export type WalOpening<E extends WalEntry> =
  | RecoveredLog<E>
  /** No segment is there: make a new log. */
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'corrupt'; readonly corruption: Fault }
  | { readonly outcome: 'io-error' | 'no-space' };

/** `makeEntry` builds the protocol's own entry; `data` owns its bytes. */
export function openWriteAheadLog<E extends WalEntry>(
  options: WalOptions,
  snapshots: readonly SnapshotMark[],
  makeEntry: (term: number, index: number, type: number, data: Value) => E,
): WalOpening<E> {
  const { disk, work } = options;
  const segments = findSegments(options);
  if (segments.length === 0) return { outcome: 'missing' };

  const reader = new SegmentReader(disk, work, options.tornRule === 'first-damage', options.bugs ?? NO_BUGS);
  const contents = new Contents<E>(segments[0]!, snapshots);
  let tail: File | undefined;
  let torn: Fault | undefined;
  for (let i = 0; i < segments.length; i++) {
    const { name } = segments[i]!;
    const file = disk.open(name);
    if (file === undefined) return { outcome: 'io-error' };
    const isNewest = i === segments.length - 1;
    reader.turnTo(file, isNewest);
    for (;;) {
      const step = reader.next();
      if (step === 'end') break;
      if (step === 'io-error') return { outcome: 'io-error' };
      const where = (): string => `${name} offset ${reader.offset}`;
      if (step === 'corrupt') return corrupt(where(), reader.reason);
      if (step === 'torn') {
        torn = { where: where(), what: 'wal: torn record cut off' };
        break;
      }
      const wrong = contents.take(reader, makeEntry);
      if (wrong !== '') return corrupt(`${name} before offset ${reader.offset}`, wrong);
    }
    if (isNewest) tail = file;
    else disk.close(file);
  }

  const chosen = contents.choose();
  const directory = options.directory;
  if (chosen === undefined) return corrupt(directory, 'no snapshot that the log can go on from');
  if (contents.metadata === undefined) return corrupt(directory, 'no metadata record');

  const offset = reader.offset;
  const length = tail!.length;
  work.counts[SYSTEM_CALLS] = work.counts[SYSTEM_CALLS]! + 3;
  const cut = disk.truncate(tail!, offset);
  if (cut !== 'ok') return { outcome: cut };
  const outcome = torn === undefined ? disk.truncate(tail!, length) : disk.sync(tail!);
  if (outcome !== 'ok') return { outcome };

  const log = new WriteAheadLog(options, {
    metadata: contents.metadata,
    state: contents.state,
    crc: reader.crc,
    lastIndex: Math.max(contents.lastIndex, chosen.index),
    segments,
    tail: tail!,
    offset,
  });
  return {
    outcome: 'ok',
    log,
    metadata: contents.metadata,
    state: contents.state,
    snapshot: chosen,
    entries: contents.entriesAfter(chosen.index),
    torn,
  };
}

function corrupt(where: string, what: string): { readonly outcome: 'corrupt'; readonly corruption: Fault } {
  return { outcome: 'corrupt', corruption: { where, what: `wal: ${what}` } };
}

/** Segments in ascending order; only the newest ones without a gap in the sequence. */
function findSegments(options: WalOptions): Segment[] {
  const all: Segment[] = [];
  for (const name of options.disk.list(options.directory)) {
    const segment = parseSegment(name, options.directory);
    if (segment !== undefined) all.push(segment);
  }
  let first = all.length - 1;
  while (first > 0 && all[first - 1]!.sequence === all[first]!.sequence - 1) first--;
  return all.slice(Math.max(first, 0));
}

/** What the records read so far say. */
class Contents<E extends WalEntry> {
  metadata: Uint8Array | undefined;
  state: HardState = NO_STATE;
  lastIndex = 0;
  readonly #offered: readonly SnapshotMark[];
  /** Offered snapshots that the log names too, and the empty state. */
  readonly #named: SnapshotMark[] = [];
  /** Entries #base + 1, #base + 2 … */
  #base: number;
  #entries: E[] = [];

  constructor(oldest: Segment, offered: readonly SnapshotMark[]) {
    this.#offered = offered;
    this.#base = oldest.sequence === 0 ? 0 : Math.max(oldest.firstIndex - 1, 0);
  }

  /** Returns what is wrong with the record, or ''. */
  take(reader: SegmentReader, makeEntry: (term: number, index: number, type: number, data: Value) => E): string {
    switch (reader.type) {
      case RECORD_ENTRY: {
        const entry = reader.entry(makeEntry);
        if (entry === undefined) return 'an entry cannot be parsed';
        this.#append(entry);
        return '';
      }
      case RECORD_STATE: {
        const data = reader.data();
        const state = readHardState(data, 0, data.length);
        if (state === undefined) return 'a hard state cannot be parsed';
        this.state = state;
        return '';
      }
      case RECORD_METADATA: {
        const data = reader.data();
        if (this.metadata !== undefined && !sameBytes(this.metadata, data)) return 'metadata of another log';
        this.metadata = data;
        return '';
      }
      case RECORD_SNAPSHOT: {
        const mark = decodeSnapshotMark(reader.data());
        if (mark === undefined) return 'a snapshot record cannot be parsed';
        return this.#name(mark);
      }
      case RECORD_CRC:
        return '';
      default:
        return `unexpected record type ${reader.type}`;
    }
  }

  choose(): SnapshotMark | undefined {
    let best: SnapshotMark | undefined;
    for (const mark of this.#named) {
      if (mark.index > this.state.commit && mark.index !== 0) continue;
      if (mark.index < this.#base) continue;
      if (best === undefined || mark.index > best.index) best = mark;
    }
    return best;
  }

  entriesAfter(index: number): E[] {
    return index === this.#base ? this.#entries : this.#entries.slice(index - this.#base);
  }

  #append(entry: E): void {
    const { index } = entry;
    this.lastIndex = index;
    if (index <= this.#base) return;
    const at = index - this.#base - 1;
    if (at <= this.#entries.length) {
      this.#entries.length = at;
    } else {
      // a snapshot took the place of what is missing: only a start at or after it will do
      this.#entries = [];
      this.#base = index - 1;
    }
    this.#entries.push(entry);
  }

  #name(mark: SnapshotMark): string {
    if (mark.index === 0) {
      this.#named.push({ index: 0, term: 0 });
      return '';
    }
    if (this.lastIndex < mark.index) this.lastIndex = mark.index;
    for (const offered of this.#offered) {
      if (offered.index !== mark.index) continue;
      if (offered.term !== mark.term) {
        return `snapshot ${mark.index} of term ${offered.term} is named with term ${mark.term}`;
      }
      this.#named.push(offered);
      // a commit index never goes back: this snapshot will do, nothing before it will be asked for
      if (this.state.commit >= mark.index) this.#startAfter(mark.index);
    }
    return '';
  }

  #startAfter(index: number): void {
    if (index <= this.#base) return;
    this.#entries = this.#entries.slice(index - this.#base);
    this.#base = index;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
