/** What a compaction style is: something that picks the next compaction from the levels. */
import type { TableFile } from './table-file.ts';

/** Tables of one level. */
export interface LevelTables {
  readonly level: number;
  readonly tables: readonly TableFile[];
}

export interface Compaction {
  readonly startLevel: number;
  readonly outputLevel: number;
  /** Of the start level; of level 0 newest first. */
  readonly inputs: readonly TableFile[];
  /** Of the levels in between, upper level first: universal compaction takes several. */
  readonly between: readonly LevelTables[];
  /** Of the output level, ascending. */
  readonly outputInputs: readonly TableFile[];
  /** Of the first deeper level that overlaps: outputs are cut at their boundaries. */
  readonly grandparents: readonly TableFile[];
  /** User keys, as internal keys, that bound all inputs. */
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  readonly score: number;
  /** Inputs are moved down as they are. */
  readonly trivialMove: boolean;
  /** Nothing older than the inputs can exist for any of their keys. */
  readonly bottommost: boolean;
  readonly targetFileBytes: number;
  readonly outputFileBytesMax: number;
}

/** All tables that a compaction takes in, with their levels. */
export function inputsByLevel(compaction: Compaction): LevelTables[] {
  const { startLevel, inputs, between, outputLevel, outputInputs } = compaction;
  const all: LevelTables[] = [{ level: startLevel, tables: inputs }, ...between];
  if (outputInputs.length > 0) all.push({ level: outputLevel, tables: outputInputs });
  return all;
}

/** A compaction that an operator asked for; `next` is where the following one goes on, undefined: it was the last. */
export interface ManualPick {
  readonly compaction: Compaction;
  readonly next: Uint8Array | undefined;
}

export interface CompactionPicker {
  /** The next compaction, its inputs marked; undefined if none is due or possible beside those running. */
  pick(): Compaction | undefined;
  /** The levels that a compaction of the whole store goes through, in order. */
  manualLevels(): number[];
  /**
   * All of `level`, or from the key `from` on as much of it as one compaction may take in, its inputs marked.
   * `conflict`: a running compaction is in the way. Undefined: there is nothing there.
   */
  pickManual(level: number, from: Uint8Array | undefined): ManualPick | 'conflict' | undefined;
  /** The compaction has ended: its inputs are free. */
  release(compaction: Compaction): void;
}
