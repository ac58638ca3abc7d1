/** A phase of a benchmark in the columns of RocksDB's measurements. */
import type { EngineBench, PhaseMeasurement } from '../engine.ts';
import { rocksDbStatsText } from './stats-text.ts';

export const rocksdbBench: EngineBench = {
  phaseEnd: 'flush',
  statsText: rocksDbStatsText,
  columns(phase) {
    const { writtenBytes, logicalBytes, syncs } = phase;
    const wal = writtenBytes['engine-wal'];
    const { flush, compaction, manifest } = writtenBytes;
    const total = wal + flush + compaction + manifest;
    const blobs = grown(phase, 'blobFlushBytes') + grown(phase, 'blobCompactionBytes');
    return {
      total_write_bytes: total,
      wal_bytes: wal,
      flush_bytes: flush,
      compaction_bytes: compaction,
      compaction_read_bytes: levels(phase).reduce((sum, level) => sum + grown(phase, `level${level}ReadBytes`), 0),
      sst_bytes: flush + compaction - blobs,
      blob_bytes: blobs,
      blob_gc_relocated_bytes: grown(phase, 'blobRelocatedBytes'),
      manifest_bytes: manifest,
      bytes_before_quiesce: phase.bytesBeforeEnd,
      wa_wal: wal / logicalBytes,
      wa_flush: flush / logicalBytes,
      wa_compaction: compaction / logicalBytes,
      ...(blobs > 0 ? { wa_blob: blobs / logicalBytes } : {}),
      wa_lsm: (flush + compaction) / logicalBytes,
      flush_wa_rocksdb: (flush + compaction) / flush,
      batches: phase.batches,
      wal_writes: phase.writeCalls['engine-wal'],
      wal_syncs: syncs['engine-wal'],
      // Each blob file is synced once, by the job that wrote it.
      sst_syncs: syncs.flush + syncs.compaction - grown(phase, 'blobFilesWritten'),
      manifest_syncs: syncs.manifest,
      file_syncs: Object.values(syncs).reduce((sum, count) => sum + count, 0),
      dir_fsyncs: phase.directorySyncs,
      level_write_bytes: byLevel(phase, (level) => grown(phase, `level${level}WrittenBytes`)),
      level_read_bytes: byLevel(phase, (level) => grown(phase, `level${level}ReadBytes`)),
      level_moved_bytes: byLevel(phase, (level) => grown(phase, `level${level}MovedBytes`)),
      level_end_size: byLevel(phase, (level) => {
        const { figures } = phase.after;
        return `${figures[`level${level}Bytes`]}/${figures[`level${level}Files`]}files`;
      }),
      end_blob_bytes: phase.after.figures.blobFileBytes ?? 0,
      end_sst_bytes: levels(phase).reduce((sum, level) => sum + phase.after.figures[`level${level}Bytes`]!, 0),
    };
  },
};

function grown({ before, after }: PhaseMeasurement, name: string): number {
  return (after.figures[name] ?? 0) - (before.figures[name] ?? 0);
}

/** Down to the last one that was ever written to or holds something. */
function levels({ after: { figures } }: PhaseMeasurement): number[] {
  let count = 1;
  for (let level = 1; `level${level}Bytes` in figures; level++) {
    if (figures[`level${level}Bytes`]! > 0 || figures[`level${level}WrittenBytes`]! > 0) count = level + 1;
  }
  return Array.from({ length: count }, (_, level) => level);
}

function byLevel(phase: PhaseMeasurement, figure: (level: number) => number | string): string {
  return levels(phase)
    .map((level) => `L${level}=${figure(level)}`)
    .join(';');
}
