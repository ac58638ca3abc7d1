/**
 * Leveled compaction, as 7.8 picks it: the level with the highest score; level 0 whole into the base
 * level; below that the file that overlaps least in the next level for its size
 * (kMinOverlappingRatio), grown where that adds no file below, or up to four files at once where
 * nothing overlaps and they can just be moved. When level 0 is blocked by a running compaction its
 * newest files are merged among themselves.
 *
 * Not here: TTL, periodic compactions, round robin, range deletions.
 */
import { assert } from '../../sim/assert.ts';
import { tablesForForcedBlobGc } from './forced-blob-gc.ts';
import type { Options } from './options.ts';
import type { Compaction, CompactionPicker, ManualPick } from './picker.ts';
import { compareInternalKeys, compareUserKeys, type TableFile, totalBytes } from './table-file.ts';
import type { Version } from './version.ts';

const TRIVIAL_MOVE_FILES_MAX = 4;
const INTRA_LEVEL0_FILES_MIN = 4;
/** Level 0 must be this much above its trigger before its files are merged among themselves. */
const INTRA_LEVEL0_EXCESS = 2;
/** Only so many files of a level are ranked by overlap. */
const RANKED_FILES_MAX = 50;

export class LevelPicker implements CompactionPicker {
  readonly #options: Options;
  readonly #version: Version;
  readonly #running: Compaction[] = [];

  constructor(options: Options, version: Version) {
    this.#options = options;
    this.#version = version;
  }

  pick(): Compaction | undefined {
    const picked = this.#pick() ?? this.#pickForcedBlobGc();
    return picked === undefined ? undefined : this.#start(picked);
  }

  /** Of the last level that is used nothing is taken, unless it is level 0. */
  manualLevels(): number[] {
    const used = this.#version.levels.flatMap((tables, level) => (tables.length > 0 ? [level] : []));
    const first = used[0] ?? 0;
    const last = Math.max(1, used[used.length - 1] ?? 0);
    return Array.from({ length: last - first }, (_, i) => first + i);
  }

  pickManual(level: number, from: Uint8Array | undefined): ManualPick | 'conflict' | undefined {
    const outputLevel = level === 0 ? this.#version.baseLevel : level + 1;
    const tables = this.#version.levels[level].filter(
      (table) => from === undefined || compareUserKeys(table.largest, from) >= 0,
    );
    if (tables.length === 0) return undefined;
    const count = level === 0 ? tables.length : this.#manualCount(tables, outputLevel);
    const inputs = tables.slice(0, count);
    if (inputs.some(isBusy)) return 'conflict';
    if (level === 0 && this.#running.some((compaction) => compaction.startLevel === 0)) return 'conflict';
    const compaction = this.#complete(level, outputLevel, inputs, -1);
    return compaction === undefined
      ? 'conflict'
      : { compaction: this.#start(compaction), next: tables[count]?.smallest };
  }

  /** As many as with what they overlap stay below the limit on a compaction, and the one that reaches it. */
  #manualCount(tables: readonly TableFile[], outputLevel: number): number {
    let bytes = 0;
    for (let i = 0; i < tables.length; i++) {
      bytes += tables[i].bytes;
      const below = totalBytes(this.#version.overlapping(outputLevel, tables[0].smallest, tables[i].largest));
      if (bytes + below >= this.#options.compactionBytesMax) return i + 1;
    }
    return tables.length;
  }

  #start(compaction: Compaction): Compaction {
    for (const table of compaction.inputs) mark(table);
    for (const table of compaction.outputInputs) mark(table);
    this.#running.push(compaction);
    this.#version.updateScores();
    return compaction;
  }

  release(compaction: Compaction): void {
    const at = this.#running.indexOf(compaction);
    assert(at >= 0, 'level picker: release of a compaction that does not run');
    this.#running.splice(at, 1);
    for (const table of compaction.inputs) table.beingCompacted = false;
    for (const table of compaction.outputInputs) table.beingCompacted = false;
    this.#version.updateScores();
  }

  #pick(): Compaction | undefined {
    const version = this.#version;
    let skippedToBase = false;
    for (let i = 0; i < version.scores.length; i++) {
      const score = version.scores[i];
      const level = version.scoreLevels[i];
      if (score < 1) return undefined;
      // A base level that level 0 waits for starts nothing new, or level 0 might never get its turn.
      if (skippedToBase && level === version.baseLevel) continue;
      const outputLevel = level === 0 ? version.baseLevel : level + 1;
      const inputs = level === 0 ? this.#pickLevelZero(outputLevel) : this.#pickFile(level);
      if (inputs !== undefined) return this.#complete(level, outputLevel, inputs, score);
      if (level === 0) {
        skippedToBase = true;
        const merged = this.#pickIntraLevelZero();
        if (merged !== undefined) return this.#build(0, 0, merged, [], score, false);
      }
    }
    return undefined;
  }

  /** Nothing else is due: a table whose oldest blob files are mostly garbage is written again, in its own level. */
  #pickForcedBlobGc(): Compaction | undefined {
    for (const { level, table } of tablesForForcedBlobGc(this.#version, this.#options)) {
      const isBlocked = this.#running.some(({ startLevel }) => level === 0 && startLevel === 0);
      if (isBlocked || (level > 0 && this.#overlapsRunning([table], level))) continue;
      return this.#build(level, level, [table], [], 0, false);
    }
    return undefined;
  }

  /** Files of level 0 to go down; `#complete` adds those that overlap them. */
  #pickLevelZero(outputLevel: number): TableFile[] | undefined {
    if (this.#running.some((compaction) => compaction.startLevel === 0)) return undefined;
    const moved = this.#levelZeroMove(outputLevel);
    if (moved !== undefined) return moved;
    const ranked = this.#ranked(0, outputLevel);
    for (const table of ranked) {
      if (!this.#overlapsRunning([table], outputLevel) && !this.#outputBusy([table], outputLevel)) return [table];
    }
    return undefined;
  }

  /** From the oldest file on, files that overlap neither each other nor the output level; two at least. */
  #levelZeroMove(outputLevel: number): TableFile[] | undefined {
    const tables = this.#version.levels[0];
    if (this.#version.levels[outputLevel].length === 0) return undefined;
    const moved: TableFile[] = [];
    let smallest: Uint8Array | undefined;
    let largest: Uint8Array | undefined;
    for (let i = tables.length - 1; i >= 0; i--) {
      const table = tables[i];
      if (smallest === undefined || largest === undefined) {
        smallest = table.smallest;
        largest = table.largest;
      } else if (compareInternalKeys(table.largest, smallest) < 0) smallest = table.smallest;
      else if (compareInternalKeys(table.smallest, largest) > 0) largest = table.largest;
      else break;
      if (this.#version.overlapping(outputLevel, smallest, largest).length > 0) break;
      moved.push(table);
    }
    if (moved.length === 0) return undefined;
    return moved.sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
  }

  #pickFile(level: number): TableFile[] | undefined {
    const outputLevel = level + 1;
    for (const table of this.#ranked(level, outputLevel)) {
      if (table.beingCompacted) continue;
      if (this.#overlapsRunning([table], outputLevel)) continue;
      const below = this.#version.overlapping(outputLevel, table.smallest, table.largest);
      if (below.length === 0) return this.#extendMove(level, table);
      if (below.some(isBusy)) continue;
      return [table];
    }
    return undefined;
  }

  /** Neighbours to the right that can be moved along. */
  #extendMove(level: number, table: TableFile): TableFile[] {
    const tables = this.#version.levels[level];
    const moved = [table];
    let bytes = table.bytes;
    for (let i = tables.indexOf(table) + 1; i < tables.length && moved.length < TRIVIAL_MOVE_FILES_MAX; i++) {
      const next = tables[i];
      if (next.beingCompacted) break;
      if (this.#version.overlapping(level + 1, table.smallest, next.largest).length > 0) break;
      bytes += next.bytes;
      if (bytes > this.#options.compactionBytesMax) break;
      moved.push(next);
    }
    return moved;
  }

  /** The newest files of level 0 while each more lowers the bytes written for each file that goes away. */
  #pickIntraLevelZero(): TableFile[] | undefined {
    const tables = this.#version.levels[0];
    if (tables.length < this.#options.level0CompactionTrigger + INTRA_LEVEL0_EXCESS || tables[0].beingCompacted) {
      return undefined;
    }
    let bytes = tables[0].bytes;
    let perFile = Number.POSITIVE_INFINITY;
    let count = 1;
    for (; count < tables.length; count++) {
      bytes += tables[count].bytes;
      const next = Math.floor(bytes / count);
      if (tables[count].beingCompacted || next > perFile || bytes > this.#options.compactionBytesMax) break;
      perFile = next;
    }
    return count >= INTRA_LEVEL0_FILES_MIN ? tables.slice(0, count) : undefined;
  }

  /** Tables of `level`, the least overlap below per own byte first, smaller keys first among equals. */
  #ranked(level: number, below: number): TableFile[] {
    const tables = this.#version.levels[level];
    const next = this.#version.levels[below];
    const ratio = new Map<TableFile, number>();
    let at = 0;
    for (const table of tables) {
      let bytes = 0;
      while (at < next.length && compareInternalKeys(next[at].largest, table.smallest) < 0) at++;
      while (at < next.length && compareInternalKeys(next[at].smallest, table.largest) < 0) {
        bytes += next[at].bytes;
        if (compareInternalKeys(next[at].largest, table.largest) > 0) break;
        at++;
      }
      ratio.set(table, Math.floor((bytes * 1024) / table.compensatedBytes));
    }
    return partlySorted(tables, RANKED_FILES_MAX, (a, b) => {
      const difference = ratio.get(a)! - ratio.get(b)!;
      return difference !== 0 ? difference : compareInternalKeys(a.smallest, b.smallest);
    });
  }

  #complete(level: number, outputLevel: number, picked: TableFile[], score: number): Compaction | undefined {
    const version = this.#version;
    let inputs = picked;
    let [smallest, largest] = range(inputs);
    const moves = version.overlapping(outputLevel, smallest, largest).length === 0;
    if (level === 0 && !(moves && this.#isLevelZeroMove(picked, outputLevel))) {
      inputs = version.overlapping(0, smallest, largest);
      [smallest, largest] = range(inputs);
      if (this.#outputBusy(inputs, outputLevel)) return undefined;
    }
    const below = version.overlapping(outputLevel, smallest, largest);
    if (below.some(isBusy)) return undefined;
    if (below.length > 0) inputs = this.#expand(level, outputLevel, inputs, below);
    const all = inputs.concat(below);
    if (this.#overlapsRunning(all, outputLevel)) return undefined;
    const apart = level > 0 || this.#levelZeroIsDisjoint() || this.#isLevelZeroMove(inputs, outputLevel);
    const trivial = below.length === 0 && apart;
    return this.#build(level, outputLevel, inputs, below, score, trivial && this.#mayMove(inputs, outputLevel));
  }

  #isLevelZeroMove(inputs: readonly TableFile[], outputLevel: number): boolean {
    const moved = this.#levelZeroMove(outputLevel);
    return moved !== undefined && moved.length === inputs.length && moved.every((table) => inputs.includes(table));
  }

  #levelZeroIsDisjoint(): boolean {
    const tables = this.#version.levels[0].slice();
    tables.sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
    return tables.every((table, i) => i === 0 || compareUserKeys(tables[i - 1].largest, table.smallest) < 0);
  }

  /** More files of the start level, if that needs no more below. */
  #expand(level: number, outputLevel: number, inputs: TableFile[], below: readonly TableFile[]): TableFile[] {
    const version = this.#version;
    const [allSmallest, allLargest] = range(inputs.concat(below));
    const wider = version.overlapping(level, allSmallest, allLargest);
    if (wider.length > inputs.length && !wider.some(isBusy)) {
      const [smallest, largest] = range(wider);
      if (version.overlapping(outputLevel, smallest, largest).length === below.length) return wider;
    }
    if (level === 0) return inputs;
    // Those that lie wholly within what is compacted anyway.
    const inside = version.levels[level].filter(
      (t) => compareUserKeys(t.smallest, allSmallest) >= 0 && compareUserKeys(t.largest, allLargest) <= 0,
    );
    return inside.length > inputs.length && !inside.some(isBusy) ? inside : inputs;
  }

  #build(
    startLevel: number,
    outputLevel: number,
    inputs: TableFile[],
    outputInputs: TableFile[],
    score: number,
    trivialMove: boolean,
  ): Compaction {
    const options = this.#options;
    const [smallest, largest] = range(inputs.concat(outputInputs));
    let grandparents: TableFile[] = [];
    if (outputLevel > 0) {
      for (let level = outputLevel + 1; level < options.levels && grandparents.length === 0; level++) {
        grandparents = this.#version.overlapping(level, smallest, largest);
      }
    }
    const bottommost = this.#isBottommost(outputLevel, inputs, smallest, largest);
    let targetFileBytes = options.targetFileBytes;
    const steps = outputLevel - 1 - (options.dynamicLevelBytes ? this.#version.baseLevel : 0);
    for (let i = 0; i < steps; i++) targetFileBytes *= options.targetFileMultiplier;
    if (outputLevel === 0) targetFileBytes = Number.POSITIVE_INFINITY;
    return {
      startLevel,
      outputLevel,
      inputs,
      between: [],
      outputInputs,
      grandparents,
      smallest,
      largest,
      score,
      trivialMove,
      bottommost,
      targetFileBytes,
      // Above others an output may grow to twice its target to end at one of their boundaries.
      outputFileBytesMax: bottommost || grandparents.length === 0 ? targetFileBytes : 2 * targetFileBytes,
    };
  }

  /** A file that overlaps very much two levels below is better rewritten, and so cut, than moved. */
  #mayMove(inputs: readonly TableFile[], outputLevel: number): boolean {
    if (outputLevel + 1 >= this.#options.levels) return true;
    return inputs.every((table) => {
      const overlap = totalBytes(this.#version.overlapping(outputLevel + 1, table.smallest, table.largest));
      return table.bytes + overlap <= this.#options.compactionBytesMax;
    });
  }

  #isBottommost(outputLevel: number, inputs: readonly TableFile[], smallest: Uint8Array, largest: Uint8Array): boolean {
    const { levels } = this.#version;
    if (outputLevel === 0) {
      const oldest = inputs[inputs.length - 1] === levels[0][levels[0].length - 1];
      return oldest && levels.every((tables, level) => level === 0 || tables.length === 0);
    }
    for (let level = outputLevel + 1; level < levels.length; level++) {
      if (this.#version.overlapping(level, smallest, largest).length > 0) return false;
    }
    return true;
  }

  /** A file of the output level within the inputs' range is being compacted. */
  #outputBusy(inputs: readonly TableFile[], outputLevel: number): boolean {
    const [smallest, largest] = range(inputs);
    return this.#version.overlapping(outputLevel, smallest, largest).some(isBusy);
  }

  /** A running compaction writes into the same level and range. */
  #overlapsRunning(inputs: readonly TableFile[], outputLevel: number): boolean {
    const [smallest, largest] = range(inputs);
    return this.#running.some(
      (compaction) =>
        compaction.outputLevel === outputLevel &&
        compareUserKeys(compaction.smallest, largest) <= 0 &&
        compareUserKeys(compaction.largest, smallest) >= 0,
    );
  }
}

/**
 * The `count` smallest in order, then the others as std::partial_sort leaves them: each that came to belong to the
 * smallest has left its place to the largest of those so far.
 */
function partlySorted(
  tables: readonly TableFile[],
  count: number,
  compare: (a: TableFile, b: TableFile) => number,
): TableFile[] {
  const first = tables.slice(0, count).sort(compare);
  const others = tables.slice(count);
  for (let i = 0; i < others.length; i++) {
    const table = others[i];
    const largest = first[count - 1];
    if (compare(table, largest) >= 0) continue;
    others[i] = largest;
    let at = count - 1;
    for (; at > 0 && compare(first[at - 1], table) > 0; at--) first[at] = first[at - 1];
    first[at] = table;
  }
  return first.concat(others);
}

function isBusy(table: TableFile): boolean {
  return table.beingCompacted;
}

function mark(table: TableFile): void {
  assert(!table.beingCompacted, 'level picker: a table in two compactions');
  table.beingCompacted = true;
}

function range(tables: readonly TableFile[]): [Uint8Array, Uint8Array] {
  let { smallest, largest } = tables[0];
  for (const table of tables) {
    if (compareInternalKeys(table.smallest, smallest) < 0) smallest = table.smallest;
    if (compareInternalKeys(table.largest, largest) > 0) largest = table.largest;
  }
  return [smallest, largest];
}
