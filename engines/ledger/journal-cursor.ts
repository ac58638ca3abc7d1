/** Entries of the journal one after the other, with or without proof that they are what was written. */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { BYTES_COPIED, ENTRIES_DECODED, type Work } from '../../sim/work.ts';
import type { Digester } from './digester.ts';
import { ENTRY_HEADER_BYTES, Entry, EntryVerifier } from './entry.ts';
import { HEADER_BYTES } from './format.ts';
import type { Journal } from './journal.ts';

/** Bytes read at a time; longer entries are read whole. */
const READ_BYTES = 128 * 1024;

export type Step = 'entry' | 'end' | 'io-error' | 'bad';

export class JournalCursor {
  readonly entry = new Entry();
  /** Of the current entry. */
  position = 0;
  /** Of the next one: sequence, position and what its previous hash must be. */
  sequence: number;
  next: number;
  readonly tip = new Uint8Array(DIGEST_BYTES);
  /** Why the last step was `bad`. */
  reason = '';

  readonly #journal: Journal;
  readonly #end: number;
  readonly #verifier: EntryVerifier | undefined;
  readonly #work: Work;
  readonly #buffer: SparseBuffer;
  #bufferAt = 0;

  /**
   * From `position`, where entry `sequence` starts, to `end`. With a digester every entry is verified. `buffer` is for
   * what is read: of a cursor that is used no more, or one of its own.
   */
  constructor(
    journal: Journal,
    position: number,
    end: number,
    sequence: number,
    tip: Uint8Array,
    work: Work,
    digester?: Digester,
    buffer = new SparseBuffer(4096),
  ) {
    this.#journal = journal;
    this.#buffer = buffer.reset();
    this.next = position;
    this.#end = end;
    this.sequence = sequence;
    this.tip.set(tip);
    this.#work = work;
    this.#verifier = digester === undefined ? undefined : new EntryVerifier(digester, work);
  }

  /** The current entry, valid until the next step. */
  get buffer(): SparseBuffer {
    return this.#buffer;
  }
  get bufferFrom(): number {
    return this.position - this.#bufferAt;
  }

  step(): Step {
    this.#skipFileHeader();
    if (this.next >= this.#end) return 'end';
    this.position = this.next;
    if (!this.#have(ENTRY_HEADER_BYTES)) return 'io-error';
    const { entry } = this;
    const buffer = this.#buffer;
    if (buffer.length - this.bufferFrom < ENTRY_HEADER_BYTES) return this.#bad('a part of an entry');
    buffer.copyTo(entry.header, 0, this.bufferFrom, this.bufferFrom + ENTRY_HEADER_BYTES);
    if (!entry.decodeHeader()) return this.#bad('no entry');
    if (entry.sequence !== this.sequence) return this.#bad(`entry ${entry.sequence} in place of ${this.sequence}`);
    const file = this.#journal.fileAt(this.position);
    if (file === undefined || this.position + entry.length > Math.min(this.#end, file.base + file.file.length)) {
      return this.#bad('a part of an entry');
    }
    if (!this.#have(entry.length)) return 'io-error';
    entry.readKey(buffer, this.bufferFrom);
    const { counts } = this.#work;
    counts[ENTRIES_DECODED]!++;
    counts[BYTES_COPIED]! += ENTRY_HEADER_BYTES + entry.keyLength;
    if (this.#verifier !== undefined) {
      if (!this.#verifier.checksumHolds(entry, buffer, this.bufferFrom)) return this.#bad('wrong checksum');
      if (!this.#verifier.hashHolds(entry, buffer, this.bufferFrom, this.tip)) return this.#bad('wrong hash');
    }
    this.next = this.position + entry.length;
    this.sequence++;
    entry.hashAt(this.tip, 0);
    return 'entry';
  }

  #bad(reason: string): Step {
    this.reason = reason;
    return 'bad';
  }

  /** A file's end is not the journal's: the next one opens with a header. */
  #skipFileHeader(): void {
    const file = this.#journal.fileAt(this.next);
    if (file !== undefined && file.base === this.next) this.next += HEADER_BYTES;
  }

  /** Reads on if fewer than `count` bytes from the current position on are here. False: the disk failed. */
  #have(count: number): boolean {
    const from = this.position - this.#bufferAt;
    if (from >= 0 && from + count <= this.#buffer.length) return true;
    this.#bufferAt = this.position;
    return this.#journal.read(this.position, Math.max(count, READ_BYTES), this.#buffer) === 'ok';
  }
}
