/**
 * Opening a ledger: what the files hold, or new ones.
 *
 * Up to the last commit everything must be there; what is behind it may be anything that a crash leaves,
 * and is taken as far as it verifies. See the end of FORMAT.md.
 */

import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Category, DiskOutcome, File } from '../../sim/disk/disk.ts';
import type { Fault, OpenOutcome } from '../../sim/storage-engine.ts';
import { SYSTEM_CALLS } from '../../sim/work.ts';
import { Accumulator } from './accumulator.ts';
import { CommitFile } from './commit-file.ts';
import type { Commit } from './commit-record.ts';
import type { Entry } from './entry.ts';
import { ENDS_BATCH } from './entry.ts';
import {
  ACCUMULATOR,
  bufferOf,
  COMMITS,
  decodeHeader,
  encodeHeader,
  equalBytes,
  FORM_CHAIN,
  FORM_LEDGER,
  HEADER_BYTES,
  type Header,
  INDEX,
  journalName,
  journalNumber,
  KIND_ACCUMULATOR,
  KIND_COMMITS,
  KIND_INDEX,
  KIND_JOURNAL,
  NEW_COMMITS,
  ZERO_HASH,
} from './format.ts';
import { IndexFile } from './index-file.ts';
import { encodeEdge } from './index-record.ts';
import { JournalCursor } from './journal-cursor.ts';
import type { Store } from './store.ts';

/** Given each entry that counts: in form `chain` all of them, in form `ledger` those behind the last commit. */
export type EntryVisitor = (entry: Entry, position: number) => void;

export function recover(store: Store, visit: EntryVisitor): OpenOutcome {
  const { disk, directory } = store;
  const names = disk.list(directory);
  if (!names.includes(directory + COMMITS)) return makeStore(store, names);
  if (names.includes(directory + NEW_COMMITS)) disk.remove(directory + NEW_COMMITS);
  const outcome = openFiles(store, names);
  if (outcome !== 'ok') return outcome;
  return store.options.chain ? readChain(store, visit) : readTail(store, visit);
}

type Outcome = 'ok' | 'corrupt' | 'io-error';

function corrupt(store: Store, fault: Fault): 'corrupt' {
  store.fault ??= fault;
  return 'corrupt';
}

// ——— a new store ———

function makeStore(store: Store, names: readonly string[]): OpenOutcome {
  const { disk, directory } = store;
  for (const name of names) {
    const isJournal = journalNumber(name.slice(directory.length)) > 0;
    const file = disk.open(name);
    const holdsEntries = isJournal && file !== undefined && file.length > HEADER_BYTES;
    if (file !== undefined) disk.close(file);
    if (holdsEntries) return corrupt(store, { where: directory + COMMITS, what: 'missing, but there are entries' });
  }
  for (const name of names) disk.remove(name);
  return writeNewFiles(store) === 'ok' ? 'fresh' : 'io-error';
}

function writeNewFiles(store: Store): DiskOutcome {
  const { disk, directory, journal, options, work, digester } = store;
  const begun = journal.begin();
  if (begun !== 'ok') return begun;
  const synced = journal.sync();
  if (synced !== 'ok') return synced;
  if (!options.chain) {
    const index = newFile(store, INDEX, KIND_INDEX, 'ledger-index');
    if (typeof index === 'string') return index;
    const accumulator = newFile(store, ACCUMULATOR, KIND_ACCUMULATOR, 'ledger-commit');
    if (typeof accumulator === 'string') return accumulator;
    store.index = new IndexFile(disk, index, work, digester, options.indexCacheBytes);
    store.accumulator = new Accumulator(disk, accumulator, work, digester);
  }
  const commits = newFile(store, NEW_COMMITS, KIND_COMMITS, 'ledger-commit');
  if (typeof commits === 'string') return commits;
  store.commits = new CommitFile(disk, commits, work, digester);
  const renamed = disk.rename(directory + NEW_COMMITS, directory + COMMITS);
  return renamed === 'ok' ? disk.syncDirectory(directory) : renamed;
}

function newFile(store: Store, name: string, kind: number, category: Category): File | Exclude<DiskOutcome, 'ok'> {
  const { disk, directory, options, work } = store;
  const form = options.chain ? FORM_CHAIN : FORM_LEDGER;
  const file = disk.create(directory + name, category);
  work.counts[SYSTEM_CALLS]! += 3;
  const header = encodeHeader({ kind, form, number: 0, base: 0 });
  const written = disk.write(file, 0, bufferOf(header));
  const outcome = written === 'ok' ? disk.sync(file) : written;
  return outcome === 'ok' ? file : outcome;
}

// ——— files that are there ———

function openFiles(store: Store, names: readonly string[]): Outcome {
  const { disk, options, work, digester } = store;
  const commits = openFile(store, COMMITS, KIND_COMMITS);
  if (typeof commits === 'string') return commits;
  store.commits = new CommitFile(disk, commits, work, digester);
  const walk = store.commits.walk(false);
  let step = walk.next();
  for (; step.done !== true; step = walk.next()) store.commit = step.value;
  if (step.value === 'io-error') return 'io-error';
  if (step.value !== undefined) return corrupt(store, step.value);

  const journal = openJournal(store, names);
  if (journal !== 'ok') return journal;
  if (!options.chain) {
    const index = openFile(store, INDEX, KIND_INDEX);
    if (typeof index === 'string') return index;
    const accumulator = openFile(store, ACCUMULATOR, KIND_ACCUMULATOR);
    if (typeof accumulator === 'string') return accumulator;
    store.index = new IndexFile(disk, index, work, digester, options.indexCacheBytes);
    store.accumulator = new Accumulator(disk, accumulator, work, digester);
    const held = checkCommitted(store, store.commit);
    if (held !== 'ok') return held;
  }
  return store.commits.cutBehind(store.commit) === 'ok' ? 'ok' : 'io-error';
}

/** That index and accumulator hold what the commit says: lengths, the tree's root and edge, the trie's root. */
function checkCommitted(store: Store, commit: Commit): Outcome {
  const { index, accumulator } = store;
  if (index === undefined || accumulator === undefined) return 'ok';
  if (!index.restart(commit.indexEnd)) {
    return corrupt(store, { where: index.file.name, what: `shorter than block ${commit.number} says` });
  }
  if (!accumulator.restart(commit.entries, commit.treeRoot)) {
    return corrupt(store, { where: accumulator.file.name, what: `not the tree of block ${commit.number}` });
  }
  if (index.outcome !== 'ok' || accumulator.outcome !== 'ok') return 'io-error';
  if (commit.number < 0) return 'ok';
  const { root } = commit;
  if (root === undefined || index.read(root.offset, root.length, root.hash, 0) === undefined) {
    return corrupt(store, index.fault ?? { where: index.file.name, what: 'no root' });
  }
  const edge = encodeEdge(accumulator.peaks.edge());
  const found = index.readBytes(commit.edgeOffset, commit.edgeLength);
  if (found === undefined || !equalBytes(found, edge)) {
    return corrupt(store, {
      where: `${index.file.name} offset ${commit.edgeOffset}`,
      what: 'not the tree’s right edge',
    });
  }
  return 'ok';
}

function openFile(store: Store, name: string, kind: number): File | 'corrupt' | 'io-error' {
  const { disk, directory } = store;
  const file = disk.open(directory + name);
  if (file === undefined) return corrupt(store, { where: directory + name, what: 'missing' });
  const header = readHeader(store, file, kind);
  if (header === 'io-error') return header;
  if (header === undefined) return corrupt(store, { where: file.name, what: 'no header of such a file' });
  const form = store.options.chain ? FORM_CHAIN : FORM_LEDGER;
  if (header.form !== form) {
    return corrupt(store, {
      where: file.name,
      what: `made in form ${header.form === FORM_CHAIN ? 'chain' : 'ledger'}`,
    });
  }
  return file;
}

function readHeader(store: Store, file: File, kind: number): Header | 'io-error' | undefined {
  const buffer = new SparseBuffer(HEADER_BYTES);
  store.work.counts[SYSTEM_CALLS]! += 2;
  if (store.disk.read(file, 0, HEADER_BYTES, buffer) !== 'ok') return 'io-error';
  return decodeHeader(buffer.toBytes(), kind);
}

/** Adopts journal files as long as each goes on where the last one ended; the rest is tail, or something is missing. */
function openJournal(store: Store, names: readonly string[]): Outcome {
  const { disk, directory, journal, commit } = store;
  const numbers = names.map((name) => journalNumber(name.slice(directory.length))).filter((number) => number > 0);
  let problem = 'missing';
  for (let number = 1; numbers.includes(number); number++) {
    const file = disk.open(directory + journalName(number));
    if (file === undefined) break;
    const header = readHeader(store, file, KIND_JOURNAL);
    if (header === 'io-error') return header;
    if (header === undefined) problem = 'no header of a journal';
    else if (header.number !== number || header.base !== journal.end) problem = 'does not follow the file before it';
    else {
      journal.adopt(number, header.base, file);
      continue;
    }
    disk.close(file);
    break;
  }
  const adopted = journal.files.length;
  if (adopted === 0 || journal.end < commit.journalEnd) {
    const name = directory + journalName(adopted === 0 || numbers.length > adopted ? adopted + 1 : adopted);
    const what = adopted > 0 && numbers.length === adopted ? `shorter than block ${commit.number} says` : problem;
    return corrupt(store, { where: name, what });
  }
  for (const number of numbers) if (number > adopted) disk.remove(directory + journalName(number));
  return 'ok';
}

// ——— entries ———

/** Form `chain`: every entry is read and verified; up to the last commit none may be wrong. */
function readChain(store: Store, visit: EntryVisitor): OpenOutcome {
  const { journal, commit, work, digester } = store;
  const cursor = new JournalCursor(journal, HEADER_BYTES, commit.journalEnd, 0, ZERO_HASH, work, digester);
  let step = cursor.step();
  for (; step === 'entry'; step = cursor.step()) visit(cursor.entry, cursor.position);
  if (step === 'io-error') return step;
  if (step === 'bad' || cursor.sequence !== commit.entries || !equalBytes(cursor.tip, commit.tipHash)) {
    const name = journal.fileAt(cursor.position)?.name ?? store.directory;
    const what = step === 'bad' ? cursor.reason : 'not the tip of the last block';
    return corrupt(store, { where: `${name} position ${cursor.position} (entry ${cursor.sequence})`, what });
  }
  return readTail(store, visit);
}

/** Entries behind the last commit, in whole batches; what doesn't verify and everything after it is cut off. */
function readTail(store: Store, visit: EntryVisitor): OpenOutcome {
  const { journal, commit, writer, work, digester } = store;
  const { entries, journalEnd, tipHash } = commit;
  const cursor = new JournalCursor(journal, journalEnd, journal.end, entries, tipHash, work, digester);
  writer.restart(entries, tipHash);
  let end = journalEnd;
  for (let step = cursor.step(); step !== 'end'; step = cursor.step()) {
    if (step === 'io-error') return step;
    if (step === 'bad') break;
    if ((cursor.entry.flags & ENDS_BATCH) === 0) continue;
    writer.restart(cursor.sequence, cursor.tip);
    end = cursor.next;
  }
  const again = new JournalCursor(journal, journalEnd, end, entries, tipHash, work);
  for (let step = again.step(); step !== 'end'; step = again.step()) {
    if (step !== 'entry') return 'io-error';
    visit(again.entry, again.position);
  }
  return journal.truncate(end) === 'ok' ? 'recovered' : 'io-error';
}
