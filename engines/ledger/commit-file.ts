/**
 * The file `commits`: a header, then commit records.
 *
 * Fault model: one record is written at a time and synced before the next, so that a crash can tear the last
 * one only. A record before the last that is not what its digest says, or doesn't follow the one before it, is
 * corruption.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { COMMIT_BYTES, type Commit, decodeCommit, NO_COMMIT } from './commit-record.ts';
import type { Digester } from './digester.ts';
import { bufferOf, equalBytes, HEADER_BYTES } from './format.ts';

const READ_COMMITS = 256;

export class CommitFile {
  readonly file: File;
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #digester: Digester;

  constructor(disk: Disk, file: File, work: Work, digester: Digester) {
    this.#disk = disk;
    this.file = file;
    this.#work = work;
    this.#digester = digester;
  }

  append(commit: Commit, record: Uint8Array): DiskOutcome {
    this.#work.counts[SYSTEM_CALLS]!++;
    return this.#disk.write(this.file, offsetOf(commit.number), bufferOf(record), 0, COMMIT_BYTES, 'ledger-commit');
  }

  sync(): DiskOutcome {
    this.#work.counts[SYSTEM_CALLS]!++;
    return this.#disk.sync(this.file);
  }

  cutBehind(commit: Commit): DiskOutcome {
    const length = offsetOf(commit.number + 1);
    return this.file.length > length ? this.#disk.truncate(this.file, length) : 'ok';
  }

  /**
   * The commits from the first on; returns a fault where one is not what it should be. `strict`: the
   * last one too. With a limit the first so many must be there, and what is behind them is not looked at.
   */
  *walk(strict: boolean, limit = Number.POSITIVE_INFINITY): Generator<Commit, Fault | 'io-error' | undefined> {
    const buffer = new SparseBuffer(READ_COMMITS * COMMIT_BYTES);
    const record = new Uint8Array(COMMIT_BYTES);
    const whole = Math.floor((this.file.length - HEADER_BYTES) / COMMIT_BYTES);
    const count = Math.min(whole, limit);
    const rest = limit < Number.POSITIVE_INFINITY ? 0 : this.file.length - offsetOf(count);
    let previous = NO_COMMIT;
    for (let number = 0; number < count; number++) {
      const inBuffer = number % READ_COMMITS;
      if (inBuffer === 0) {
        this.#work.counts[SYSTEM_CALLS]!++;
        const outcome = this.#disk.read(this.file, offsetOf(number), READ_COMMITS * COMMIT_BYTES, buffer);
        if (outcome !== 'ok') return outcome;
      }
      buffer.copyTo(record, 0, inBuffer * COMMIT_BYTES, (inBuffer + 1) * COMMIT_BYTES);
      const commit = decodeCommit(record, this.#digester);
      const where = `${this.file.name} (block ${number})`;
      if (commit === undefined) {
        if (number === count - 1 && rest === 0 && !strict) return undefined;
        return { where, what: 'a commit that does not have its digest' };
      }
      if (!follows(commit, previous)) return { where, what: 'a commit that does not follow the one before it' };
      yield commit;
      previous = commit;
    }
    if (count < limit && limit < Number.POSITIVE_INFINITY)
      return { where: this.file.name, what: `ends after ${count} commits` };
    if (strict && rest !== 0) return { where: this.file.name, what: `${rest} bytes behind the last commit` };
    return undefined;
  }

  /** Undefined where the record can't be read. */
  read(number: number): Uint8Array | undefined {
    const buffer = new SparseBuffer(COMMIT_BYTES);
    this.#work.counts[SYSTEM_CALLS]!++;
    if (this.#disk.read(this.file, offsetOf(number), COMMIT_BYTES, buffer) !== 'ok') return undefined;
    return buffer.length === COMMIT_BYTES ? buffer.toBytes() : undefined;
  }
}

function offsetOf(number: number): number {
  return HEADER_BYTES + number * COMMIT_BYTES;
}

function follows(commit: Commit, previous: Commit): boolean {
  return (
    commit.number === previous.number + 1 &&
    equalBytes(commit.previousDigest, previous.digest) &&
    commit.entries > previous.entries &&
    commit.journalEnd > previous.journalEnd &&
    commit.indexEnd >= previous.indexEnd
  );
}
