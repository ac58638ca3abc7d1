/**
 * The journal: files that only grow, addressed by position across all of them.
 *
 * Fault model: an append that fails leaves the journal as it was; bytes that were not synced may be
 * missing, torn or out of order after a crash, in several files at once. `truncate` cuts what recovery
 * could not verify. Reads check nothing: callers do.
 */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome, File, ReadOutcome } from '../../sim/disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { bufferOf, encodeHeader, FORM_CHAIN, FORM_LEDGER, HEADER_BYTES, journalName, KIND_JOURNAL } from './format.ts';

export interface JournalFile {
  readonly number: number;
  readonly name: string;
  /** Position of the file's first byte. */
  readonly base: number;
  readonly file: File;
  unsynced: boolean;
}

export class Journal {
  readonly files: JournalFile[] = [];
  /** Position after the last entry. */
  end = 0;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #work: Work;
  readonly #fileBytes: number;
  readonly #form: number;

  constructor(disk: Disk, directory: string, work: Work, fileBytes: number, chain: boolean) {
    this.#disk = disk;
    this.#directory = directory;
    this.#work = work;
    this.#fileBytes = fileBytes;
    this.#form = chain ? FORM_CHAIN : FORM_LEDGER;
  }

  /** Takes over a file that was found; in order of number. */
  adopt(number: number, base: number, file: File): void {
    this.files.push({ number, name: file.name, base, file, unsynced: false });
    this.end = base + file.length;
  }

  /** An empty next file. */
  begin(): DiskOutcome {
    const number = (this.files.at(-1)?.number ?? 0) + 1;
    const base = this.end;
    const file = this.#disk.create(this.#directory + journalName(number), 'ledger');
    const header = encodeHeader({ kind: KIND_JOURNAL, form: this.#form, number, base });
    this.#work.counts[SYSTEM_CALLS]! += 2;
    const outcome = this.#disk.write(file, 0, bufferOf(header));
    if (outcome !== 'ok') return outcome;
    this.files.push({ number, name: file.name, base, file, unsynced: true });
    this.end = base + HEADER_BYTES;
    return 'ok';
  }

  /** Entries that belong together. */
  append(entries: SparseBuffer): DiskOutcome {
    let last = this.files.at(-1)!;
    if (this.end - last.base >= this.#fileBytes) {
      const begun = this.begin();
      if (begun !== 'ok') return begun;
      last = this.files.at(-1)!;
    }
    this.#work.counts[SYSTEM_CALLS]!++;
    last.unsynced = true;
    const outcome = this.#disk.write(last.file, this.end - last.base, entries, 0, entries.length, 'ledger');
    if (outcome === 'ok') this.end += entries.length;
    return outcome;
  }

  /** Where the next append will start. */
  get appendsAt(): number {
    const last = this.files.at(-1)!;
    return this.end - last.base >= this.#fileBytes ? this.end + HEADER_BYTES : this.end;
  }

  sync(): DiskOutcome {
    for (const file of this.files) {
      if (!file.unsynced) continue;
      this.#work.counts[SYSTEM_CALLS]!++;
      const outcome = this.#disk.sync(file.file);
      if (outcome !== 'ok') return outcome;
      file.unsynced = false;
    }
    return 'ok';
  }

  /** Cuts everything from `position` on: files that start there or later go. */
  truncate(position: number): DiskOutcome {
    while (this.files.length > 1 && this.files.at(-1)!.base >= position) {
      const { name, file } = this.files.pop()!;
      const outcome = this.#disk.remove(name);
      this.#disk.close(file);
      if (outcome !== 'ok') return outcome;
    }
    const last = this.files.at(-1)!;
    this.end = position;
    if (last.base + last.file.length <= position) return 'ok';
    last.unsynced = true;
    return this.#disk.truncate(last.file, position - last.base);
  }

  /** The file that holds the byte at `position`; undefined if none does. */
  fileAt(position: number): JournalFile | undefined {
    const { files } = this;
    if (position < 0 || position >= this.end) return undefined;
    let low = 0;
    let high = files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (files[middle]!.base <= position) low = middle;
      else high = middle - 1;
    }
    return files[low];
  }

  /** Replaces `into` by `length` bytes from `position` on, fewer if the file ends before. */
  read(position: number, length: number, into: SparseBuffer): ReadOutcome {
    const file = this.fileAt(position);
    if (file === undefined) {
      into.reset();
      return 'ok';
    }
    this.#work.counts[SYSTEM_CALLS]!++;
    return this.#disk.read(file.file, position - file.base, length, into);
  }

  get bytes(): number {
    return this.files.reduce((sum, { file }) => sum + file.length, 0);
  }
}
