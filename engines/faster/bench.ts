/** How a benchmark measures this engine, and the columns of its own. */
import { CATEGORIES } from '../../sim/disk/disk.ts';
import type { EngineBench, PhaseMeasurement } from '../engine.ts';

export const bench: EngineBench = {
  phaseEnd: 'flush',
  columns(phase: PhaseMeasurement): Readonly<Record<string, number | string>> {
    const { writtenBytes, syncs, logicalBytes, before, after } = phase;
    const total = CATEGORIES.reduce((sum, category) => sum + writtenBytes[category], 0);
    const grown = (figure: string): number => (after.figures[figure] ?? 0) - (before.figures[figure] ?? 0);
    return {
      total_write_bytes: total,
      log_bytes: writtenBytes.flush,
      checkpoint_bytes: writtenBytes.checkpoint,
      compacted_bytes: grown('compactedBytes'),
      wa_log: writtenBytes.flush / logicalBytes,
      wa_checkpoint: writtenBytes.checkpoint / logicalBytes,
      wa_compaction: grown('compactedBytes') / logicalBytes,
      wa_total: total / logicalBytes,
      fsync: syncs.flush + syncs.checkpoint,
      in_place_updates: grown('inPlaceUpdates'),
      appends: grown('appends'),
      tombstones: grown('tombstones'),
      checkpoints: grown('checkpoints'),
      compactions: grown('compactions'),
      disk_reads: grown('diskReads'),
      end_log_bytes: after.figures.logBytes ?? 0,
      end_file_bytes: after.fileBytes,
      end_keys: after.liveKeys,
    };
  },
};
