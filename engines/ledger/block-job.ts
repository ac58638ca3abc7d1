/**
 * Building the block that is due, in the background: read its entries from the journal, put them into
 * accumulator and index, sync both, then write the commit and sync that. Until the last sync has had its
 * time nothing of it counts.
 */
import type { Job } from '../../sim/storage-engine.ts';
import { BlockBuilder } from './block-builder.ts';
import { JournalCursor } from './journal-cursor.ts';
import type { Store } from './store.ts';

/** Entries put in in one slice. */
const SLICE_ENTRIES = 64;

/** Everything up to `end`, where a batch ends. Calls `committed` when the block is durable. */
export function* buildBlock(store: Store, end: number, committed: () => void): Job {
  const { journal, commits, index, accumulator, commit, work, digester } = store;
  const failed = (outcome: Parameters<Store['fail']>[0], what: string): boolean => {
    store.fail(outcome, what);
    return outcome !== 'ok';
  };
  if (failed(journal.sync(), 'sync of the journal')) return;
  yield;
  const builder = new BlockBuilder(commit, store.stores, digester, work);
  const cursor = new JournalCursor(journal, commit.journalEnd, end, commit.entries, commit.tipHash, work);
  let inSlice = 0;
  for (let step = cursor.step(); step !== 'end'; step = cursor.step()) {
    if (step !== 'entry') {
      store.fault ??= { where: `journal position ${cursor.position}`, what: cursor.reason || 'cannot be read' };
      store.fail('io-error', 'an entry of a new block');
      return;
    }
    const { entry, position } = cursor;
    if (!builder.add(position, entry.length, entry.flags, cursor.tip, entry.prefixedKey, entry.keyLength + 1)) {
      store.fault ??= index?.fault;
      store.fail('io-error', 'a record of the index');
      return;
    }
    if (++inSlice === SLICE_ENTRIES) {
      inSlice = 0;
      yield;
    }
  }
  yield* builder.finish(end);
  if (index !== undefined && failed(index.sync(), 'sync of the index')) return;
  if (accumulator !== undefined && failed(accumulator.sync(), 'sync of the accumulator')) return;
  yield;
  if (failed(commits.append(builder.commit, builder.record), 'a commit')) return;
  if (failed(commits.sync(), 'sync of the commits')) return;
  yield;
  for (const offset of builder.replaced) index?.cache.drop(offset);
  store.commit = builder.commit;
  committed();
}
