/**
 * The write-ahead logs that are still needed, one a memtable: the newest is written to, an older one goes
 * when all its batches are in tables. A sync covers all of them, and their names.
 */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import { RecordLogWriter } from './record-log.ts';
import { logName, type Store } from './store.ts';

interface Log {
  readonly number: number;
  readonly writer: RecordLogWriter;
  /** Something was appended after its last sync. */
  unsynced: boolean;
}

export class WriteAheadLogs {
  readonly #store: Store;
  /** Oldest first. */
  readonly #logs: Log[] = [];
  #directoryUnsynced = false;

  constructor(store: Store) {
    this.#store = store;
  }

  get numbers(): number[] {
    return this.#logs.map(({ number }) => number);
  }
  get bytes(): number {
    return this.#logs.reduce((sum, { writer }) => sum + writer.length, 0);
  }

  /** Takes on a log that is there already, as the newest. */
  add(number: number, writer: RecordLogWriter): void {
    this.#logs.push({ number, writer, unsynced: false });
    this.#directoryUnsynced = true;
  }

  /** A new log; returns its number. */
  start(): number {
    const store = this.#store;
    const number = store.newFileNumber();
    const file = store.disk.create(logName(store.directory, number), 'engine-wal');
    this.add(number, new RecordLogWriter(store.disk, file, store.work));
    return number;
  }

  append(record: SparseBuffer): DiskOutcome {
    const log = this.#logs[this.#logs.length - 1];
    log.unsynced = true;
    return log.writer.append(record);
  }

  sync(): DiskOutcome {
    const store = this.#store;
    const newest = this.#logs[this.#logs.length - 1];
    for (const log of this.#logs) {
      if (!log.unsynced || (store.bugs['rocksdb-newest-wal-synced'] && log !== newest)) continue;
      const outcome = store.sync(log.writer);
      if (outcome !== 'ok') return outcome;
      log.unsynced = false;
    }
    if (!this.#directoryUnsynced) return 'ok';
    const outcome = store.disk.syncDirectory(store.directory);
    if (outcome === 'ok') this.#directoryUnsynced = false;
    return outcome;
  }

  /** Logs below `needed` have all their batches in tables. */
  removeBelow(needed: number): void {
    const store = this.#store;
    store.logNumber = needed;
    while (this.#logs.length > 1 && this.#logs[0].number < needed) {
      const log = this.#logs.shift();
      if (log === undefined) return;
      store.disk.remove(logName(store.directory, log.number));
      store.disk.close(log.writer.file);
    }
  }

  close(): void {
    for (const { writer } of this.#logs) this.#store.disk.close(writer.file);
  }
}
