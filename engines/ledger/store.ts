/** What the engine, its recovery and its jobs share: the files, the last commit, and the error that ends writing. */
import type { Disk, DiskOutcome } from '../../sim/disk/disk.ts';
import type { Fault, WriteOutcome } from '../../sim/storage-engine.ts';
import type { Work } from '../../sim/work.ts';
import type { Accumulator } from './accumulator.ts';
import type { BlockStores } from './block-builder.ts';
import type { CommitFile } from './commit-file.ts';
import { type Commit, NO_COMMIT } from './commit-record.ts';
import { Digester } from './digester.ts';
import { EntryWriter } from './entry.ts';
import { ACCUMULATOR, COMMITS, INDEX } from './format.ts';
import type { IndexFile } from './index-file.ts';
import { Journal } from './journal.ts';
import type { Options } from './options.ts';

export class Store {
  readonly disk: Disk;
  readonly directory: string;
  readonly options: Options;
  readonly work: Work;
  readonly digester: Digester;
  readonly journal: Journal;
  readonly writer: EntryWriter;
  /** Made by recovery, before anything is read or written. */
  commits!: CommitFile;
  /** Undefined in form `chain`. */
  index: IndexFile | undefined;
  accumulator: Accumulator | undefined;
  /** The last one that is durable. */
  commit: Commit = NO_COMMIT;
  /** Once set, nothing is written any more; reads go on. */
  failure: Exclude<WriteOutcome, 'ok'> | undefined;
  fault: Fault | undefined;

  constructor(disk: Disk, directory: string, options: Options, work: Work) {
    this.disk = disk;
    this.directory = directory;
    this.options = options;
    this.work = work;
    this.digester = new Digester(work);
    this.journal = new Journal(disk, directory, work, options.journalFileBytes, options.chain);
    this.writer = new EntryWriter(this.digester, work);
  }

  get stores(): BlockStores | undefined {
    if (this.index === undefined || this.accumulator === undefined) return undefined;
    return { peaks: this.accumulator.peaks, index: this.index };
  }

  fail(outcome: DiskOutcome, what: string): void {
    if (outcome === 'ok') return;
    this.failure ??= outcome;
    this.fault ??= { where: this.directory, what: `${outcome}: ${what}` };
  }

  /** Index and accumulator go back to what the last commit counts; false if they don't hold it. */
  rewind(): boolean {
    const { index, accumulator, commit } = this;
    if (index === undefined || accumulator === undefined) return true;
    return index.restart(commit.indexEnd) && accumulator.restart(commit.entries, commit.treeRoot);
  }

  names(): string[] {
    const names = [this.directory + COMMITS];
    if (!this.options.chain) names.push(this.directory + ACCUMULATOR, this.directory + INDEX);
    for (const { name } of this.journal.files) names.push(name);
    return names;
  }

  get fileBytes(): number {
    const { index, accumulator, commits, journal } = this;
    // a store that did not open may lack any of them
    return journal.bytes + (commits?.file.length ?? 0) + (index?.file.length ?? 0) + (accumulator?.file.length ?? 0);
  }
}
