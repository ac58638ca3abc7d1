/**
 * The files of checkpoints: which there are, which count, and which are removed.
 *
 *     checkpoints/cpr-checkpoints/<token>/    info.dat.0, snapshot.dat.<n>
 *     checkpoints/index-checkpoints/<token>/  info.dat.0, ht.dat.<n>
 *
 * A checkpoint counts once its `info.dat` is whole; that is written last. Fault model: what a crash leaves of a
 * checkpoint under way has no whole `info.dat`, and recovery removes it.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome } from '../../sim/disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import {
  decodeIndexInfo,
  decodeLogInfo,
  encodeIndexInfo,
  encodeLogInfo,
  type IndexInfo,
  type LogInfo,
  tokenNumber,
} from './checkpoint-info.ts';

/** FASTER keeps two, since the newest index may have no later checkpoint of the log yet. */
const INDEX_CHECKPOINTS = 2;
const INFO_NAME = 'info.dat.0';

export class CheckpointFiles {
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #logs: string;
  readonly #indexes: string;
  readonly #buffer = new SparseBuffer(1024);
  /** Those that count, oldest first. */
  log: LogInfo | undefined;
  indexes: IndexInfo[] = [];

  constructor(disk: Disk, directory: string, work: Work) {
    this.#disk = disk;
    this.#work = work;
    this.#logs = `${directory}checkpoints/cpr-checkpoints/`;
    this.#indexes = `${directory}checkpoints/index-checkpoints/`;
  }

  snapshotName(token: string): string {
    return `${this.#logs}${token}/snapshot.dat.`;
  }
  indexName(token: string): string {
    return `${this.#indexes}${token}/ht.dat.`;
  }
  logInfoName(token: string): string {
    return `${this.#logs}${token}/${INFO_NAME}`;
  }

  // ——— writing ———

  /** Writes and syncs the metadata of a checkpoint of the log: then it counts, and the one before goes. */
  commitLog(info: LogInfo): DiskOutcome {
    encodeLogInfo(info, this.#buffer.reset());
    const outcome = this.#writeInfo(this.logInfoName(info.token));
    if (outcome !== 'ok') return outcome;
    const before = this.log;
    this.log = info;
    return before === undefined ? 'ok' : this.#removeAll(`${this.#logs}${before.token}/`);
  }

  /** The same for one of the index, without removing: its sync must have had its time first. */
  writeIndexInfo(info: IndexInfo): DiskOutcome {
    encodeIndexInfo(info, this.#buffer.reset());
    return this.#writeInfo(`${this.#indexes}${info.token}/${INFO_NAME}`);
  }

  commitIndex(info: IndexInfo): DiskOutcome {
    this.indexes.push(info);
    while (this.indexes.length > INDEX_CHECKPOINTS) {
      const outcome = this.#removeAll(`${this.#indexes}${this.indexes.shift()!.token}/`);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  #writeInfo(name: string): DiskOutcome {
    const file = this.#disk.create(name, 'checkpoint');
    this.#work.counts[SYSTEM_CALLS]! += 2;
    let outcome = this.#disk.write(file, 0, this.#buffer);
    if (outcome === 'ok') outcome = this.#disk.sync(file);
    this.#disk.close(file);
    return outcome;
  }

  #removeAll(prefix: string): DiskOutcome {
    for (const name of this.#disk.list(prefix)) {
      const outcome = this.#disk.remove(name);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  // ——— recovery ———

  /** Finds what counts. False: a file could not be read. */
  find(): boolean {
    for (const token of this.#tokens(this.#logs)) {
      if (!this.#read(this.logInfoName(token))) return false;
      const info = decodeLogInfo(this.#buffer);
      if (info?.token === token && (this.log === undefined || info.version > this.log.version)) this.log = info;
    }
    for (const token of this.#tokens(this.#indexes)) {
      if (!this.#read(`${this.#indexes}${token}/${INFO_NAME}`)) return false;
      const info = decodeIndexInfo(this.#buffer);
      if (info?.token === token) this.indexes.push(info);
    }
    this.indexes.sort((a, b) => tokenNumber(a.token) - tokenNumber(b.token));
    return true;
  }

  /** Whether there is a snapshot, also one that does not count. */
  get hasSnapshot(): boolean {
    return this.#disk.list(this.#logs).some((name) => name.includes('/snapshot.dat.'));
  }

  /**
   * Removes what does not count, and indexes that recovery did not use: they may be of a time that is lost. Their
   * names must be gone for good before the log grows past the address that would make them fit again.
   */
  purge(used: IndexInfo | undefined): DiskOutcome {
    this.indexes = used === undefined ? [] : [used];
    const kept = [this.log === undefined ? '' : `${this.#logs}${this.log.token}/`];
    if (used !== undefined) kept.push(`${this.#indexes}${used.token}/`);
    const touched = new Set<string>();
    for (const name of [...this.#disk.list(this.#logs), ...this.#disk.list(this.#indexes)]) {
      if (kept.some((prefix) => prefix !== '' && name.startsWith(prefix))) continue;
      const outcome = this.#disk.remove(name);
      if (outcome !== 'ok') return outcome;
      touched.add(name.slice(0, name.lastIndexOf('/') + 1));
    }
    for (const directory of touched) {
      const outcome = this.#disk.syncDirectory(directory);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  /** In ascending order. */
  #tokens(prefix: string): string[] {
    const tokens = new Set(this.#disk.list(prefix).map((name) => name.slice(prefix.length).split('/')[0]!));
    return [...tokens].filter((token) => tokenNumber(token) >= 0);
  }

  #read(name: string): boolean {
    this.#buffer.reset();
    const file = this.#disk.open(name);
    if (file === undefined) return true;
    this.#work.counts[SYSTEM_CALLS]!++;
    const outcome = this.#disk.read(file, 0, Math.min(file.length, 8192), this.#buffer);
    this.#disk.close(file);
    return outcome === 'ok';
  }

  // ——— looking ———

  /** The files of the checkpoints that count. */
  names(): string[] {
    const prefixes = this.indexes.map(({ token }) => `${this.#indexes}${token}/`);
    if (this.log !== undefined) prefixes.unshift(`${this.#logs}${this.log.token}/`);
    return prefixes.flatMap((prefix) => this.#disk.list(prefix));
  }

  /** Whether what is on the disk is what counts here. */
  isStored(info: LogInfo): boolean {
    if (!this.#read(this.logInfoName(info.token))) return false;
    const stored = decodeLogInfo(this.#buffer);
    return stored !== undefined && JSON.stringify(stored) === JSON.stringify(info);
  }

  isIndexStored(info: IndexInfo): boolean {
    if (!this.#read(`${this.#indexes}${info.token}/${INFO_NAME}`)) return false;
    const stored = decodeIndexInfo(this.#buffer);
    return stored !== undefined && JSON.stringify(stored) === JSON.stringify(info);
  }

  get bytes(): number {
    let sum = 0;
    for (const prefix of [this.#logs, this.#indexes]) {
      for (const name of this.#disk.list(prefix)) {
        const file = this.#disk.open(name);
        if (file === undefined) continue;
        sum += file.length;
        this.#disk.close(file);
      }
    }
    return sum;
  }
}
