/**
 * Fills an empty table with a finished tree, without the versions of it that a load by ordinary commits leaves behind.
 *
 * Leaves and branches hold what they would after the same records were put in ascending order in one transaction;
 * commits in between move a cut only where a page's last records were too few for it. What differs: page
 * numbers (a branch stands behind the last of its children), no page is free but the few of the store's creation, and
 * the file is grown once. Few records are put as usual, since their bucket may be inline.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { RecordSource, WriteOutcome } from '../../sim/storage-engine.ts';
import type { Bucket } from './bucket.ts';
import type { Database } from './database.ts';
import { PageWriter } from './page-writer.ts';
import { TreeBuilder } from './tree-builder.ts';

/** More than fit into a quarter of the largest page. */
const PUT_RECORDS = 1024;

/** Into a table that is empty and inline. Costs no CPU work. */
export function bulkLoad(database: Database, table: Bucket, records: RecordSource): WriteOutcome {
  const { work } = database.store;
  const before = work.counts.slice();
  const outcome = records.count <= PUT_RECORDS ? putAll(database, table, records) : build(database, table, records);
  work.counts.set(before);
  return outcome;
}

function putAll(database: Database, table: Bucket, records: RecordSource): WriteOutcome {
  database.begin();
  while (records.next()) {
    if (table.put(records.key, records.value) === 'ok') continue;
    database.stop();
    return 'io-error';
  }
  return database.commit();
}

function build(database: Database, table: Bucket, records: RecordSource): WriteOutcome {
  const transaction = database.begin();
  const { store } = database;
  const writer = new PageWriter(store, transaction.txid, new SparseBuffer(65536));
  const builder = new TreeBuilder(writer, store.pageSize, table.fillPercent);
  while (records.next()) if (!builder.add(records.key, records.value)) break;
  const root = writer.outcome === 'ok' ? builder.finish() : 0;
  store.space.remapped = false;
  if (root === 0) return database.fail(writer.outcome);
  table.root = root;
  table.depth = builder.depth;
  table.inline = undefined;
  store.census.keys += records.count;
  store.pages.highWater = store.space.highWater;
  if (!transaction.writeHeader(transaction.root, table)) {
    database.stop();
    return 'io-error';
  }
  return database.commit();
}
