/** What an engine's `stats` show of a database. */
import type { EngineStats } from '../../sim/storage-engine.ts';
import type { Database } from './database.ts';

const META_PAGES = 2;

export function databaseStats(database: Database): EngineStats {
  const { store, transaction, readers } = database;
  const { freelist, space, census, stats } = store;
  const { pageSize, highWater, txid } = store.meta;
  const { root, others } = census;
  // also known where the census is not, after opening a file that has its freelist: all but metas, free pages, freelist
  const treePages = highWater - META_PAGES - freelist.count - store.freelistPages;
  const unknown = Number.isNaN(census.keys) ? Number.NaN : 0;
  return {
    // beside the memory map, whose pages are the operating system's cache
    memoryBytes: { nodes: transaction.nodes.realBytes, freelist: freelist.realBytes },
    fileBytes: store.file.length,
    liveKeys: census.keys,
    figures: {
      pageSize,
      txid,
      highWaterPages: highWater,
      leafPages: unknown + root.leafPages + others.leafPages,
      leafOverflowPages: unknown + root.leafOverflowPages + others.leafOverflowPages,
      branchPages: unknown + root.branchPages + others.branchPages,
      branchOverflowPages: unknown + root.branchOverflowPages + others.branchOverflowPages,
      // of the tables, without the root bucket's own tree
      tableLeafPages: unknown + others.leafPages,
      tableLeafOverflowPages: unknown + others.leafOverflowPages,
      tableBranchPages: unknown + others.branchPages,
      tableLeafInUseBytes: unknown + others.leafInUseBytes,
      tableBranchInUseBytes: unknown + others.branchInUseBytes,
      tableDepth: transaction.tables.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
      treePages,
      freePages: freelist.pages.count,
      pendingPages: freelist.pendingCount,
      freelistPages: store.freelistPages,
      mapBytes: space.mapBytes,
      readers: readers.length,
      remapsUnderReaders: stats.remapsUnderReaders,
      commits: stats.commits,
      pagesAllocated: stats.pageCount,
      dataPagesWritten: stats.dataPages,
      freelistPagesWritten: stats.freelistPages,
      nodesMaterialised: stats.nodeCount,
      rebalances: stats.rebalance,
      splits: stats.split,
      spills: stats.spill,
      pageWrites: stats.writes,
      fileGrowths: stats.growths,
    },
  };
}
