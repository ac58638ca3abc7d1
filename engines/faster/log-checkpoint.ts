/**
 * Taking a checkpoint of the log: fold-over or snapshot.
 *
 * It is taken between two batches by the thread that writes, so that no record is of the version before and after at
 * once: start and final address are the same. The requests it leaves are in the order in which they must
 * become durable: log or snapshot, sync, metadata, sync, removal of what it replaces.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome } from '../../sim/disk/disk.ts';
import type { Work } from '../../sim/work.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';
import { type LogInfo, makeToken } from './checkpoint-info.ts';
import type { HybridLog } from './hybrid-log.ts';
import { LogSegments } from './log-segments.ts';

const buffer = new SparseBuffer(4096);

export function takeCheckpoint(
  log: HybridLog,
  files: CheckpointFiles,
  version: number,
  isSnapshot: boolean,
  disk: Disk,
  work: Work,
): DiskOutcome {
  const token = makeToken(version, 1);
  const snapshotStart = isSnapshot ? log.flushed : 0;
  let outcome: DiskOutcome;
  if (isSnapshot)
    outcome = writeSnapshot(
      log,
      new LogSegments(disk, files.snapshotName(token), log.segments.segmentBytes, 'checkpoint', work),
    );
  else outcome = log.writeAll();
  if (outcome !== 'ok') return outcome;
  outcome = log.segments.sync(true);
  if (outcome !== 'ok') return outcome;
  if (!isSnapshot) log.flushed = log.written;
  const info: LogInfo = {
    token,
    isSnapshot,
    version,
    nextVersion: version + 1,
    flushedLogicalAddress: snapshotStart,
    snapshotStartFlushedLogicalAddress: snapshotStart,
    startLogicalAddress: log.tail,
    finalLogicalAddress: log.tail,
    snapshotFinalLogicalAddress: isSnapshot ? log.tail : 0,
    headAddress: log.head,
    beginAddress: log.begin,
  };
  outcome = files.commitLog(info);
  if (outcome !== 'ok') return outcome;
  return log.segments.removeBelow(log.begin);
}

/** The pages from the first that is not wholly in the log's file, each at its place from the start of the snapshot. */
function writeSnapshot(log: HybridLog, device: LogSegments): DiskOutcome {
  const first = log.pageNumber(log.flushed);
  let outcome = device.removeAll();
  for (let number = first; outcome === 'ok' && number * log.pageBytes < log.tail; number++) {
    log.encodePage(number, log.tail, buffer.reset());
    outcome = device.write((number - first) * log.pageBytes, buffer, 0, buffer.length);
  }
  if (outcome === 'ok') outcome = device.sync(true);
  device.close();
  return outcome;
}
