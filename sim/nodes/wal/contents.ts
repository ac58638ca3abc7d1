/**
 * What the records of a log that were read so far say: an entry replaces what stood at its index and after. The start
 * is the newest of the offered snapshots that the log also names, at or below its commit index.
 */
import { Value } from '../../bytes/value.ts';
import type { DamagedEntry } from './damaged-entries.ts';
import type { Identifier } from './identifiers.ts';
import type { StoredPromise } from './promise-copies.ts';
import { decodeSnapshotMark, readHardState } from './protobuf.ts';
import { RECORD_CRC, RECORD_ENTRY, RECORD_METADATA, RECORD_SNAPSHOT, RECORD_STATE } from './record-encoder.ts';
import type { Segment } from './segment.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { HardState, SnapshotMark, WalEntry } from './wal-entry.ts';
import { NO_STATE } from './wal-position.ts';

export class Contents<E extends WalEntry> {
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
