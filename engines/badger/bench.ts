/** What a benchmark of Badger shows beside the columns that every engine has. */
import type { EngineStats } from '../../sim/storage-engine.ts';
import type { EngineBench, PhaseMeasurement } from '../engine.ts';

const LEVELS_MAX = 7;

export const bench: EngineBench = {
  // A phase of the measurements opens the store, runs, waits for the compactions, and closes it.
  phaseEnd: 'close',
  columns(phase: PhaseMeasurement): Readonly<Record<string, number | string>> {
    const { writtenBytes, writeCalls, syncs, before, after, logicalBytes } = phase;
    const vlog = writtenBytes['value-log'] + writtenBytes.gc + writtenBytes['engine-wal'];
    const { flush, compaction, manifest } = writtenBytes;
    const total = vlog + flush + compaction + manifest;
    const growth = (name: string): number => (after.figures[name] ?? 0) - (before.figures[name] ?? 0);
    const vlogFsyncs = growth('valueLogFsyncs');
    const sstWrites = writeCalls.flush + writeCalls.compaction;
    const ratio = (bytes: number): number | string => (logicalBytes > 0 ? bytes / logicalBytes : '');
    return {
      total_write_bytes: total,
      vlog_bytes: vlog,
      flush_bytes: flush,
      compaction_bytes: compaction,
      manifest_bytes: manifest,
      close_bytes: total - phase.bytesBeforeClose,
      wa_total: ratio(total),
      wa_vlog: ratio(vlog),
      wa_flush: ratio(flush),
      wa_compaction: ratio(compaction),
      commits: phase.batches,
      vlog_writes: writeCalls['value-log'] + writeCalls.gc,
      sst_writes: sstWrites,
      dsync_writes: sstWrites + Math.max(0, syncs['value-log'] + syncs.gc - vlogFsyncs),
      fsync: phase.directorySyncs + syncs.manifest + vlogFsyncs,
      sync_detail: `fsync_dir=${phase.directorySyncs};fsync_manifest=${syncs.manifest};fsync_vlog=${vlogFsyncs}`,
      level_write_bytes: levelBytes(before, after),
      gc_files_rewritten: growth('collectedFiles'),
      end_file_bytes: after.fileBytes,
      end_sst_bytes: after.figures.tableBytes ?? 0,
      end_vlog_bytes: after.figures.valueLogBytes ?? 0,
    };
  },
};

function levelBytes(before: EngineStats, after: EngineStats): string {
  const parts: string[] = [];
  for (let level = 0; level < LEVELS_MAX; level++) {
    const name = `level${level}WrittenBytes`;
    const bytes = (after.figures[name] ?? 0) - (before.figures[name] ?? 0);
    if (bytes > 0) parts.push(`L${level}=${bytes}`);
  }
  return parts.join(';');
}
