/** A phase of a benchmark in the columns of bbolt's measurements. */
import type { EngineBench, PhaseMeasurement } from '../engine.ts';

export const boltBench: EngineBench = {
  phaseEnd: 'nothing',
  alwaysSyncs: true,
  batchFigures: ['freelistPagesWritten'],
  columns(phase) {
    const { writtenBytes, logicalBytes, after, batchMax } = phase;
    const { page, freelist, meta } = writtenBytes;
    const { figures } = after;
    return {
      total_write_bytes: page + freelist + meta,
      data_page_bytes: page,
      freelist_bytes: freelist,
      meta_bytes: meta,
      wa_data_pages: page / logicalBytes,
      wa_freelist: freelist / logicalBytes,
      wa_meta: meta / logicalBytes,
      commits: grown(phase, 'commits'),
      fdatasync: 2 * grown(phase, 'commits'),
      grow_fsync: grown(phase, 'fileGrowths'),
      write_calls: grown(phase, 'pageWrites'),
      data_pages_per_commit: grown(phase, 'dataPagesWritten') / grown(phase, 'commits'),
      tx_page_count: grown(phase, 'pagesAllocated'),
      tx_node_count: grown(phase, 'nodesMaterialised'),
      tx_rebalance: grown(phase, 'rebalances'),
      tx_split: grown(phase, 'splits'),
      tx_spill: grown(phase, 'spills'),
      freelist_pages_max_per_commit: batchMax.freelistPagesWritten ?? 0,
      end_keys: after.liveKeys,
      end_depth: figures.tableDepth!,
      end_leaf_pages: figures.tableLeafPages!,
      end_leaf_overflow_pages: figures.tableLeafOverflowPages!,
      end_branch_pages: figures.tableBranchPages!,
      end_leaf_inuse_bytes: figures.tableLeafInUseBytes!,
      end_branch_inuse_bytes: figures.tableBranchInUseBytes!,
      end_free_pages: figures.freePages!,
      end_pending_pages: figures.pendingPages!,
      end_high_water_pages: figures.highWaterPages!,
      end_file_bytes: after.fileBytes,
      end_alloc_bytes: figures.highWaterPages! * figures.pageSize!,
    };
  },
};

function grown({ before, after }: PhaseMeasurement, name: string): number {
  return after.figures[name]! - before.figures[name]!;
}
