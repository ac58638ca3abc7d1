/** The first segment of a log that was not there before. */
import { assert } from '../../assert.ts';
import { BLOCK_BYTES, type DiskOutcome } from '../../disk/disk.ts';
import { SYSTEM_CALLS } from '../../work.ts';
import { IdentifierWriter, regionBytes } from './identifiers.ts';
import { PageWriter } from './page-writer.ts';
import { encodeSnapshotMark } from './protobuf.ts';
import { RECORD_CRC, RECORD_METADATA, RECORD_SNAPSHOT, RecordEncoder } from './record-encoder.ts';
import { segmentName } from './segment.ts';
import type { WalOptions } from './wal-options.ts';
import { NO_STATE } from './wal-position.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** Makes an empty log. A crash in between leaves none, or a whole one. */
export function createWriteAheadLog(options: WalOptions, metadata: Uint8Array): WriteAheadLog | DiskOutcome {
  assert(options.directory.endsWith('/'), 'wal: the directory must end in /');
  assert(options.segmentBytes >= BLOCK_BYTES, 'wal: a segment must hold at least a page');
  const { disk, directory, work } = options;
  const temporary = `${directory}create.tmp`;
  const file = disk.create(temporary, 'wal');
  const allocated = disk.truncate(file, options.segmentBytes);
  if (allocated !== 'ok') return allocated;
  const encoder = new RecordEncoder(0, work);
  const isRedundant = options.integrity === 'redundant';
  const region = regionBytes(options.segmentBytes);
  const writer = new PageWriter(disk, work, file, isRedundant ? region : 0);
  const identifiers = new IdentifierWriter(disk, work, region, 0);
  let records = 0;
  let before = 0;
  const identify = (type: number): void => {
    if (!isRedundant) return;
    const { offset, buffer } = writer;
    identifiers.add(type, 0, 0, 0, offset + before, buffer.length - before, encoder.crc);
    before = buffer.length;
    records++;
  };
  encoder.checksum(writer.buffer);
  identify(RECORD_CRC);
  encoder.blob(writer.buffer, RECORD_METADATA, metadata);
  identify(RECORD_METADATA);
  encoder.blob(writer.buffer, RECORD_SNAPSHOT, encodeSnapshotMark({ index: 0, term: 0 }));
  identify(RECORD_SNAPSHOT);
  let flushed = writer.flush();
  if (flushed === 'ok') flushed = identifiers.flush(file);
  if (flushed !== 'ok') return flushed;
  const synced = disk.sync(file);
  if (synced !== 'ok') return synced;
  const name = segmentName(directory, 0, 0);
  const renamed = disk.rename(temporary, name);
  if (renamed !== 'ok') return renamed;
  const named = disk.syncDirectory(directory);
  if (named !== 'ok') return named;
  work.counts[SYSTEM_CALLS] = work.counts[SYSTEM_CALLS]! + 5;
  return new WriteAheadLog(options, {
    metadata,
    state: NO_STATE,
    crc: encoder.crc,
    lastIndex: 0,
    segments: [{ name, sequence: 0, firstIndex: 0 }],
    tail: file,
    offset: writer.offset,
    records,
    damaged: [],
  });
}
