/**
 * The auditor: everything that a ledger's files hold is derived again from the journal and compared byte
 * for byte — headers, the chain of entries, every node of the accumulator, every record of the index, every
 * commit. It trusts nothing that it has not compared: the index it reads while it builds a block is what it
 * compared for the blocks before. The first difference ends it.
 *
 * What it cannot see by itself: that all files were replaced by those of another history. Whoever keeps a
 * digest passes it on, and it must be that of one of the blocks. In the last, unfinished block the chain alone
 * holds the entries.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import type { Work } from '../../sim/work.ts';
import { type NodeSink, Peaks } from './accumulator.ts';
import { BlockBuilder, type BlockStores } from './block-builder.ts';
import { CommitFile } from './commit-file.ts';
import { type Commit, NO_COMMIT } from './commit-record.ts';
import { ComparedBytes, ComparedIndex } from './compared-bytes.ts';
import { Digester } from './digester.ts';
import { ENDS_BATCH } from './entry.ts';
import {
  ACCUMULATOR,
  COMMITS,
  decodeHeader,
  equalBytes,
  FORM_CHAIN,
  FORM_LEDGER,
  HEADER_BYTES,
  INDEX,
  journalName,
  journalNumber,
  KIND_ACCUMULATOR,
  KIND_COMMITS,
  KIND_INDEX,
  KIND_JOURNAL,
  NEW_COMMITS,
} from './format.ts';
import { Journal } from './journal.ts';
import { JournalCursor } from './journal-cursor.ts';

const SLICE_ENTRIES = 64;

export interface AuditReport {
  readonly blocks: number;
  readonly entries: number;
  readonly faults: readonly Fault[];
}

export interface AuditScope {
  /** Digest of a block that somebody kept. */
  readonly trusted?: Uint8Array;
  /** Only so many blocks: the store is being written to, and more may stand behind them. */
  readonly blocks?: number;
}

/** Runs in slices of some tens of entries; the report is its result. */
export function* audit(
  disk: Disk,
  directory: string,
  chain: boolean,
  work: Work,
  scope: AuditScope = {},
): Generator<undefined, AuditReport> {
  const auditor = new Auditor(disk, directory, chain, work, scope);
  const fault = yield* auditor.run();
  auditor.close();
  return { blocks: auditor.blocks, entries: auditor.entries, faults: fault === undefined ? [] : [fault] };
}

class Auditor {
  blocks = 0;
  entries = 0;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #chain: boolean;
  readonly #work: Work;
  readonly #digester: Digester;
  readonly #scope: AuditScope;
  readonly #journal: Journal;
  readonly #opened: File[] = [];
  readonly #entriesRead = new SparseBuffer(4096);
  #nodes: ComparedBytes | undefined;
  #index: ComparedIndex | undefined;
  /** What is being derived, for the report of a difference. */
  #doing = '';
  #difference: Fault | undefined;

  constructor(disk: Disk, directory: string, chain: boolean, work: Work, scope: AuditScope) {
    this.#disk = disk;
    this.#directory = directory;
    this.#chain = chain;
    this.#work = work;
    this.#digester = new Digester(work);
    this.#scope = scope;
    this.#journal = new Journal(disk, directory, work, Number.MAX_SAFE_INTEGER, chain);
  }

  *run(): Generator<undefined, Fault | undefined> {
    const commits = this.#open(COMMITS, KIND_COMMITS);
    if (!isFile(commits)) return commits;
    const strange = this.#openJournal() ?? this.#openDerived();
    if (strange !== undefined) return strange;
    const stores = this.#stores();
    const ends = this.#journal.end;

    const walk = new CommitFile(this.#disk, commits, this.#work, this.#digester).walk(true, this.#scope.blocks);
    let previous = NO_COMMIT;
    let sawTrusted = this.#scope.trusted === undefined;
    let step = walk.next();
    for (; step.done !== true; step = walk.next()) {
      const commit = step.value;
      const fault = yield* this.#auditBlock(previous, commit, stores);
      if (fault !== undefined) return fault;
      sawTrusted ||= equalBytes(commit.digest, this.#scope.trusted!);
      this.blocks++;
      previous = commit;
    }
    if (step.value === 'io-error') return { where: commits.name, what: 'cannot be read' };
    if (step.value !== undefined) return step.value;
    const behind = yield* this.#auditTail(previous, ends);
    if (behind !== undefined) return behind;
    if (!sawTrusted) return { where: commits.name, what: 'no block has the digest that was kept' };
    return this.#scope.blocks !== undefined ? undefined : (this.#nodes?.atEnd() ?? this.#index?.bytes.atEnd());
  }

  close(): void {
    for (const file of this.#opened) this.#disk.close(file);
  }

  *#auditBlock(
    previous: Commit,
    commit: Commit,
    stores: BlockStores | undefined,
  ): Generator<undefined, Fault | undefined> {
    const { journalEnd, entries, number } = commit;
    const name = `block ${number}`;
    const { tipHash } = previous;
    const builder = new BlockBuilder(previous, stores, this.#digester, this.#work);
    const cursor = this.#cursor(previous, journalEnd, tipHash);
    for (let step = cursor.step(); step !== 'end'; step = cursor.step()) {
      if (step !== 'entry') return this.#badEntry(cursor, step, name);
      const { entry, position } = cursor;
      this.#doing = `${name}, entry ${entry.sequence}`;
      const added = builder.add(
        position,
        entry.length,
        entry.flags,
        cursor.tip,
        entry.prefixedKey,
        entry.keyLength + 1,
      );
      if (this.#difference !== undefined) return this.#difference;
      if (!added)
        return { where: `${this.#directory}${INDEX} (${this.#doing})`, what: 'an older record is not readable' };
      if (++this.entries % SLICE_ENTRIES === 0) yield;
    }
    const endsWell = cursor.sequence === entries && (cursor.entry.flags & ENDS_BATCH) !== 0;
    if (!endsWell)
      return { where: `${this.#directory}${COMMITS} (${name})`, what: 'does not end with a batch of its own' };
    this.#doing = `${name}, branches up to entry ${entries - 1}`;
    yield* builder.finish(journalEnd);
    if (this.#difference !== undefined) return this.#difference;
    if (equalBytes(builder.commit.digest, commit.digest)) return undefined;
    return { where: `${this.#directory}${COMMITS} (${name})`, what: 'not what its entries give' };
  }

  /** Entries that are in no block yet. */
  *#auditTail(last: Commit, end: number): Generator<undefined, Fault | undefined> {
    const cursor = this.#cursor(last, end, last.tipHash);
    let endsWell = true;
    for (let step = cursor.step(); step !== 'end'; step = cursor.step()) {
      if (step !== 'entry') return this.#badEntry(cursor, step, 'in no block');
      endsWell = (cursor.entry.flags & ENDS_BATCH) !== 0;
      if (++this.entries % SLICE_ENTRIES === 0) yield;
    }
    if (endsWell) return undefined;
    return {
      where: `${this.#directory} position ${end} (in no block, entry ${cursor.sequence})`,
      what: 'half a batch',
    };
  }

  #cursor(from: Commit, end: number, tip: Uint8Array): JournalCursor {
    const { journalEnd, entries } = from;
    const buffer = this.#entriesRead;
    return new JournalCursor(this.#journal, journalEnd, end, entries, tip, this.#work, this.#digester, buffer);
  }

  #badEntry(cursor: JournalCursor, step: 'bad' | 'io-error', block: string): Fault {
    const file = this.#journal.fileAt(cursor.position);
    const offset = cursor.position - (file?.base ?? 0);
    const where = `${file?.name ?? this.#directory} offset ${offset} (${block}, entry ${cursor.sequence})`;
    return { where, what: step === 'bad' ? cursor.reason : 'cannot be read' };
  }

  /** In form `ledger`, what builders of all blocks append to: what the files hold already. */
  #stores(): BlockStores | undefined {
    if (this.#nodes === undefined || this.#index === undefined) return undefined;
    const sink: NodeSink = { node: (hash) => this.#nodes?.expect(hash) };
    return { peaks: new Peaks(this.#digester, sink), index: this.#index };
  }

  #openDerived(): Fault | undefined {
    if (this.#chain) return undefined;
    const nodes = this.#open(ACCUMULATOR, KIND_ACCUMULATOR);
    if (!isFile(nodes)) return nodes;
    const index = this.#open(INDEX, KIND_INDEX);
    if (!isFile(index)) return index;
    const differs = (where: string, what: string): void => {
      this.#difference ??= { where: `${where} (${this.#doing})`, what };
    };
    this.#nodes = new ComparedBytes(this.#disk, nodes, differs);
    this.#index = new ComparedIndex(new ComparedBytes(this.#disk, index, differs), this.#disk, index, this.#digester);
    return undefined;
  }

  #openJournal(): Fault | undefined {
    const known = [COMMITS, ...(this.#chain ? [] : [ACCUMULATOR, INDEX]), NEW_COMMITS];
    const prefix = this.#directory.length;
    const names = this.#disk.list(this.#directory).map((name) => name.slice(prefix));
    const journals = names.filter((name) => journalNumber(name) > 0);
    const stranger = names.find((name) => journalNumber(name) === 0 && !known.includes(name));
    if (stranger !== undefined) return { where: this.#directory + stranger, what: 'not a file of a ledger' };
    if (journals.length === 0) return { where: this.#directory + journalName(1), what: 'missing' };
    for (let number = 1; number <= journals.length; number++) {
      const file = this.#open(journalName(number), KIND_JOURNAL);
      if (!isFile(file)) return file;
      this.#journal.adopt(number, this.#journal.end, file);
    }
    return undefined;
  }

  #open(name: string, kind: number): File | Fault {
    const where = this.#directory + name;
    const file = this.#disk.open(where);
    if (file === undefined) return { where, what: 'missing' };
    this.#opened.push(file);
    const buffer = new SparseBuffer(HEADER_BYTES);
    if (this.#disk.read(file, 0, HEADER_BYTES, buffer) !== 'ok') return { where, what: 'cannot be read' };
    const header = decodeHeader(buffer.toBytes(), kind);
    const form = this.#chain ? FORM_CHAIN : FORM_LEDGER;
    const number = kind === KIND_JOURNAL ? journalNumber(name) : 0;
    const base = kind === KIND_JOURNAL ? this.#journal.end : 0;
    const isRight = header?.form === form && header.number === number && header.base === base;
    return isRight ? file : { where, what: 'not the header that belongs there' };
  }
}

function isFile(found: File | Fault | undefined): found is File {
  return found !== undefined && 'length' in found;
}
