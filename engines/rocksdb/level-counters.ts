/** By level of the output: what flushes and compactions have done since the engine was opened. */
import type { Duration } from '../../sim/clock.ts';

/** A compaction that took effect. */
export interface CompactionRecord {
  readonly outputLevel: number;
  /** From tables of the levels above the output's, and of the output level. */
  readonly upperBytes: number;
  readonly outputLevelBytes: number;
  readonly writtenBytes: number;
  readonly entriesIn: number;
  readonly entriesOut: number;
  readonly blobReadBytes: number;
  readonly blobWrittenBytes: number;
  readonly duration: Duration;
}

/** One level's row of RocksDB's compaction statistics. */
export class LevelCounters {
  upperReadBytes = 0;
  outputReadBytes = 0;
  writtenBytes = 0;
  movedBytes = 0;
  blobReadBytes = 0;
  /** Bytes of blob files, headers and footers included. */
  blobWrittenBytes = 0;
  /** Flushes in level 0, compactions below; moves don't count. */
  jobs = 0;
  entriesIn = 0;
  entriesDropped = 0;
  durationNs: Duration = 0;

  get readBytes(): number {
    return this.upperReadBytes + this.outputReadBytes;
  }
}

export class JobCounters {
  readonly levels: readonly LevelCounters[];
  flushes = 0;
  compactions = 0;
  trivialMoves = 0;
  entriesDropped = 0;
  blobFilesWritten = 0;
  blobFlushBytes = 0;
  blobCompactionBytes = 0;
  /** Blobs that garbage collection copied out of old files, and their bytes without keys and headers. */
  blobsRelocated = 0;
  blobRelocatedBytes = 0;

  constructor(levels: number) {
    this.levels = Array.from({ length: levels }, () => new LevelCounters());
  }

  flushed(tableBytes: number, blobBytes: number, entriesIn: number, entriesOut: number, duration: Duration): void {
    this.flushes++;
    this.entriesDropped += entriesIn - entriesOut;
    this.blobFlushBytes += blobBytes;
    const level = this.levels[0]!;
    level.jobs++;
    level.writtenBytes += tableBytes;
    level.blobWrittenBytes += blobBytes;
    level.durationNs += duration;
  }

  compacted(record: CompactionRecord): void {
    const dropped = record.entriesIn - record.entriesOut;
    this.compactions++;
    this.entriesDropped += dropped;
    this.blobCompactionBytes += record.blobWrittenBytes;
    const level = this.levels[record.outputLevel]!;
    level.jobs++;
    level.upperReadBytes += record.upperBytes;
    level.outputReadBytes += record.outputLevelBytes;
    level.writtenBytes += record.writtenBytes;
    level.blobReadBytes += record.blobReadBytes;
    level.blobWrittenBytes += record.blobWrittenBytes;
    level.entriesIn += record.entriesIn;
    level.entriesDropped += dropped;
    level.durationNs += record.duration;
  }

  moved(outputLevel: number, bytes: number): void {
    this.trivialMoves++;
    this.levels[outputLevel]!.movedBytes += bytes;
  }
}
