/**
 * Opens a write-ahead log that a stop or a crash left behind.
 *
 * Reads every segment once, oldest first; an entry replaces what stood at its index and after. The start is the
 * newest of the offered snapshots that the log also names, at or below its commit index. A torn tail is cut off
 * and synced; behind a clean end the rest of the file is zeroed, because a crash may have left later sectors of
 * an unsynced write there and an append must not run into them. Then appending goes on in the same file.
 *
 * With storage integrity `redundant` damage is told from a torn tail by the identifiers (`identified-reader.ts`): a
 * damaged entry is given as `makeEntry` makes it without payload, and listed in `damaged`; a damaged state record is
 * made up for by the copies of term and vote, its commit index by that of the snapshots that the log names.
 *
 * What it does not do: repair anything but a torn tail (a damaged record elsewhere is `corrupt`, named by file and
 * offset), keep etcd's `.broken` copy of a repaired segment, or notice a log whose end was lost as a whole.
 */
import { NO_BUGS } from '../../bugs.ts';
import { Value } from '../../bytes/value.ts';
import type { File } from '../../disk/disk.ts';
import type { Fault } from '../../storage-engine.ts';
import { SYSTEM_CALLS } from '../../work.ts';
import { IdentifiedReader } from './identified-reader.ts';
import { type Identifier, regionBytes } from './identifiers.ts';
import { PromiseCopies, type StoredPromise } from './promise-copies.ts';
import { decodeSnapshotMark, readHardState } from './protobuf.ts';
import { RECORD_CRC, RECORD_ENTRY, RECORD_METADATA, RECORD_SNAPSHOT, RECORD_STATE } from './record-encoder.ts';
import { parseSegment, type Segment } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';
import type { HardState, SnapshotMark, WalEntry } from './wal-entry.ts';
import { type DamagedEntry, NO_STATE, type WalOptions, WriteAheadLog } from './write-ahead-log.ts';

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
  /** Indices, ascending, of those of `entries` whose payload is damaged; empty unless `redundant`. */
  readonly damaged: readonly number[];
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

  const { integrity = 'checksum' } = options;
  const isRedundant = integrity === 'redundant';
  const bugs = options.bugs ?? NO_BUGS;
  const reader = new SegmentReader(disk, work, options.tornRule === 'first-damage', bugs, integrity);
  const region = regionBytes(options.segmentBytes);
  const identified = new IdentifiedReader(reader, disk, work, region, options.isAlone ?? false);
  const contents = new Contents<E>(segments[0]!, snapshots);
  const identify = (): readonly [number, number, number] => contents.identify(reader);
  let tail: File | undefined;
  let torn: Fault | undefined;
  for (let i = 0; i < segments.length; i++) {
    const { name } = segments[i]!;
    const file = disk.open(name);
    if (file === undefined) return { outcome: 'io-error' };
    const isNewest = i === segments.length - 1;
    if (isRedundant) identified.turnTo(file, isNewest);
    else reader.turnTo(file, isNewest);
    for (;;) {
      const step = isRedundant ? identified.next(identify) : reader.next();
      if (step === 'end') break;
      if (step === 'io-error') return { outcome: 'io-error' };
      const where = (): string => `${name} offset ${reader.offset}`;
      if (step === 'corrupt') return corrupt(where(), reader.reason);
      if (step === 'torn') {
        torn = { where: where(), what: 'wal: torn record cut off' };
        break;
      }
      const wrong =
        step === 'damaged'
          ? contents.miss(identified.lost!, identified.crcBefore, name, makeEntry)
          : contents.take(reader, makeEntry);
      if (wrong !== '') return corrupt(`${name} before offset ${reader.offset}`, wrong);
    }
    if (isRedundant) {
      const healed = identified.heal(file);
      if (healed !== 'ok') return { outcome: healed };
    }
    if (isNewest) tail = file;
    else disk.close(file);
  }
  if (isRedundant && !contents.completeState(new PromiseCopies(disk, work, options.directory).read())) {
    return corrupt(options.directory, 'the hard state and both copies of term and vote are damaged');
  }

  const chosen = contents.choose();
  const directory = options.directory;
  if (chosen === undefined) return corrupt(directory, 'no snapshot that the log can go on from');
  if (contents.metadata === undefined && !isRedundant) return corrupt(directory, 'no metadata record');

  const offset = reader.offset;
  const length = tail!.length;
  work.counts[SYSTEM_CALLS] = work.counts[SYSTEM_CALLS]! + 3;
  const cut = disk.truncate(tail!, offset);
  if (cut !== 'ok') return { outcome: cut };
  const outcome = torn === undefined ? disk.truncate(tail!, length) : disk.sync(tail!);
  if (outcome !== 'ok') return { outcome };

  const metadata = contents.metadata ?? new Uint8Array(0);
  const log = new WriteAheadLog(options, {
    metadata,
    state: contents.state,
    crc: reader.crc,
    lastIndex: Math.max(contents.lastIndex, chosen.index),
    segments,
    tail: tail!,
    offset,
    records: identified.count,
    damaged: contents.damaged,
  });
  return {
    outcome: 'ok',
    log,
    metadata,
    state: contents.state,
    snapshot: chosen,
    entries: contents.entriesAfter(chosen.index),
    torn,
    damaged: contents.damaged.filter(({ index }) => index > chosen.index).map(({ index }) => index),
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
  /** Ascending. */
  damaged: DamagedEntry[] = [];
  #isStateLost = false;

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
        this.#isStateLost = false;
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

  /** A record that is damaged. Returns what cannot be got over, or ''. */
  miss(
    id: Identifier,
    crcBefore: number,
    segment: string,
    makeEntry: (term: number, index: number, type: number, data: Value) => E,
  ): string {
    const { index, term, offset, length, crc } = id;
    if (id.recordType === RECORD_ENTRY) {
      this.#append(makeEntry(term, index, id.entryType, new Value()));
      if (index > this.#base) this.damaged.push({ index, term, segment, offset, length, crcBefore, crc });
    } else if (id.recordType === RECORD_SNAPSHOT) return this.#name({ index, term });
    else if (id.recordType === RECORD_STATE) this.#isStateLost = true;
    return '';
  }

  /** Index, term and entry type of the record at hand, as far as it has them. */
  identify(reader: SegmentReader): readonly [number, number, number] {
    if (reader.type === RECORD_ENTRY) {
      const entry = reader.entry((term, index, type) => ({ term, index, type }));
      return entry === undefined ? [0, 0, 0] : [entry.index, entry.term, entry.type];
    }
    const mark = reader.type === RECORD_SNAPSHOT ? decodeSnapshotMark(reader.data()) : undefined;
    return [mark?.index ?? 0, mark?.term ?? 0, 0];
  }

  /** Term and vote are the newest of all copies. False: none is left of the last that were saved. */
  completeState(copies: StoredPromise | undefined): boolean {
    const { state } = this;
    if (copies !== undefined && (copies.term > state.term || (copies.term === state.term && state.vote === 0))) {
      this.state = { ...state, term: copies.term, vote: copies.vote };
    }
    if (!this.#isStateLost) return true;
    let { commit } = this.state;
    for (const mark of this.#named) commit = Math.max(commit, mark.index);
    this.state = { ...this.state, commit };
    return copies !== undefined;
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
    while (this.damaged.length > 0 && this.damaged[this.damaged.length - 1]!.index >= index) this.damaged.pop();
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
