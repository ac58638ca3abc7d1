/**
 * Filling an empty ledger: what writing the records one by one would leave, block by block, without keeping
 * more than a block in memory.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { RecordSource, WriteOutcome } from '../../sim/storage-engine.ts';
import { BlockBuilder } from './block-builder.ts';
import { ENDS_BATCH } from './entry.ts';
import type { KeyIndex } from './key-index.ts';
import { prefixedKey } from './prover.ts';
import type { Store } from './store.ts';

/** Entries are appended when they are so many bytes; values are mostly fill and take none. */
const APPEND_BYTES = 1024 * 1024;

/** `keys`: the index in memory of form `chain`. */
export function bulkLoad(
  store: Store,
  table: number,
  records: RecordSource,
  timestamp: number,
  keys: KeyIndex | undefined,
): WriteOutcome {
  const { work } = store;
  const countsBefore = work.counts.slice();
  const outcome = load(store, table, records, timestamp, keys);
  work.counts.set(countsBefore); // nobody waits for it
  return outcome;
}

function load(
  store: Store,
  table: number,
  records: RecordSource,
  timestamp: number,
  keys: KeyIndex | undefined,
): WriteOutcome {
  const { journal, writer, index, accumulator, commits, digester, work, options } = store;
  const entries = new SparseBuffer(APPEND_BYTES);
  let position = journal.appendsAt;
  let builder: BlockBuilder | undefined;
  let inBlock = 0;
  for (let more = records.next(); more; ) {
    const { key, value } = records;
    const length = entries.length;
    writer.append(ENDS_BATCH, table, key, 0, key.length, value, timestamp, entries);
    const prefixed = prefixedKey(table, key);
    const entryLength = entries.length - length;
    builder ??= new BlockBuilder(store.commit, store.stores, digester, work);
    if (!builder.add(position, entryLength, ENDS_BATCH, writer.tip, prefixed, prefixed.length)) return 'io-error';
    keys?.set(prefixed, prefixed.length, position, entryLength, ENDS_BATCH);
    position += entryLength;
    more = records.next();
    const endsBlock = ++inBlock === options.blockSizeEntries || !more;
    if (entries.length >= APPEND_BYTES || endsBlock) {
      const outcome = journal.append(entries);
      if (outcome !== 'ok') return outcome;
      entries.reset();
      position = journal.appendsAt;
    }
    if (!endsBlock) continue;
    for (const _ of builder.finish(journal.end)); // in one go
    const outcome = commits.append(builder.commit, builder.record);
    if (outcome !== 'ok') return outcome;
    for (const offset of builder.replaced) index?.cache.drop(offset);
    store.commit = builder.commit;
    builder = undefined;
    inBlock = 0;
  }
  for (const part of [journal, index, accumulator, commits]) {
    const outcome = part?.sync() ?? 'ok';
    if (outcome !== 'ok') return outcome;
  }
  return 'ok';
}
