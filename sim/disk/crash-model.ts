/**
 * What a crash does to what was not durable: probabilities only; `crash.ts` carries it out.
 *
 * In the manner of FoundationDB's AsyncFileNonDurable: on a kill each page that was not synced is
 * written, dropped or damaged; a damaged one by 512-byte sector: one in four good, else a side of it or
 * all of it damaged, with or without garbage. Added: a page that was written several times since the
 * last sync may have reached the device in any of its states.
 */
export interface CrashModel {
  /** A whole block is kept, or lost, or else each of its sectors is decided by itself. */
  readonly blockKept: number;
  readonly blockLost: number;
  /** A sector decided by itself is kept, or lost, or else torn. */
  readonly sectorKept: number;
  readonly sectorLost: number;
  /** The damaged part of a torn sector holds garbage, or else what was there before. */
  readonly tornGarbage: number;
  /** Of a block with several unsynced writes, the newest state counts as written; or else any earlier one. */
  readonly newestState: number;
  /** A file keeps its newest length, or else any prefix of its length changes. The same for a directory and its names. */
  readonly newestLength: number;
  readonly newestNames: number;
}

export const TORN_SECTORS: CrashModel = {
  blockKept: 0.35,
  blockLost: 0.35,
  sectorKept: 0.25,
  sectorLost: 0.25,
  tornGarbage: 0.5,
  newestState: 0.75,
  newestLength: 0.5,
  newestNames: 0.5,
};

/**
 * A power cut as drives promise it: a sector is written whole or not at all, in any order. The default.
 * etcd's log relies on this: it takes a damaged last record for a torn one only if some sector of it is all zero.
 */
export const POWER_CUT: CrashModel = { ...TORN_SECTORS, sectorKept: 0.5, sectorLost: 0.5 };

/** Nothing is lost, as if all had been written back just before. The death of a process alone is `endProcess` of the disk. */
export const PROCESS_KILL: CrashModel = {
  blockKept: 1,
  blockLost: 0,
  sectorKept: 1,
  sectorLost: 0,
  tornGarbage: 0,
  newestState: 1,
  newestLength: 1,
  newestNames: 1,
};

/** By the name that a scenario gives. */
export const CRASH_MODELS: Readonly<Record<string, CrashModel>> = {
  'power-cut': POWER_CUT,
  'torn-sectors': TORN_SECTORS,
  'process-kill': PROCESS_KILL,
};
