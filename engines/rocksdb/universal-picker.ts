/**
 * Universal compaction, as 7.8 picks it. A *sorted run* is a file of level 0 or a whole deeper level; runs
 * are in order of age, newest first, and only neighbours are merged. Once there are as many runs as the
 * level-0 trigger says, three rules are tried in turn:
 *
 *   size amplification   all runs newer than the oldest hold more than so many per cent of its size: merge all
 *   size ratio           from some run on, each next one is no larger than those picked so far (plus a ratio)
 *   number of runs       too many runs are idle: merge the newest of them, whatever their sizes
 *
 * The output goes to the last level if the oldest run is in it, else to the level above the next older
 * run's, or back into level 0 if that run is a file of level 0.
 *
 * Not here: `incremental`, periodic compactions, compactions marked by collectors, ingestion behind.
 */
import { assert } from '../../sim/assert.ts';
import type { Options } from './options.ts';
import { type Compaction, type CompactionPicker, inputsByLevel, type LevelTables, type ManualPick } from './picker.ts';
import { compareInternalKeys, compareUserKeys, type TableFile } from './table-file.ts';
import type { Version } from './version.ts';

/** UINT_MAX: a ratio that no run exceeds. */
const RATIO_ANY = 4294967295;

/** One file of level 0, or all of a deeper level. */
interface SortedRun {
  readonly level: number;
  readonly tables: readonly TableFile[];
  readonly bytes: number;
  readonly compensatedBytes: number;
  readonly beingCompacted: boolean;
}

export class UniversalPicker implements CompactionPicker {
  readonly #options: Options;
  readonly #version: Version;
  readonly #running: Compaction[] = [];

  constructor(options: Options, version: Version) {
    this.#options = options;
    this.#version = version;
  }

  pick(): Compaction | undefined {
    if (this.#version.score < 1) return undefined;
    const runs = this.#sortedRuns();
    if (runs.length === 0 || runs.length < this.#options.level0CompactionTrigger) return undefined;
    const picked = this.#pickForSizeAmplification(runs) ?? this.#pickForSizeRatio(runs) ?? this.#pickForRunCount(runs);
    return picked === undefined ? undefined : this.#start(picked);
  }

  manualLevels(): number[] {
    return [0];
  }

  /** All sorted runs into the last level. */
  pickManual(): ManualPick | 'conflict' | undefined {
    const runs = this.#sortedRuns();
    if (runs.length === 0) return undefined;
    if (runs.some(({ beingCompacted }) => beingCompacted)) return 'conflict';
    const compaction = this.#build(runs, 0, runs.length);
    return compaction === undefined ? 'conflict' : { compaction: this.#start(compaction), next: undefined };
  }

  #start(compaction: Compaction): Compaction {
    for (const { tables } of inputsByLevel(compaction)) {
      for (const table of tables) {
        assert(!table.beingCompacted, 'universal picker: a table in two compactions');
        table.beingCompacted = true;
      }
    }
    this.#running.push(compaction);
    this.#version.updateScores();
    return compaction;
  }

  release(compaction: Compaction): void {
    const at = this.#running.indexOf(compaction);
    assert(at >= 0, 'universal picker: release of a compaction that does not run');
    this.#running.splice(at, 1);
    for (const { tables } of inputsByLevel(compaction)) for (const table of tables) table.beingCompacted = false;
    this.#version.updateScores();
  }

  #sortedRuns(): SortedRun[] {
    const { levels } = this.#version;
    const runs: SortedRun[] = levels[0].map((table) => sortedRun(0, [table]));
    for (let level = 1; level < levels.length; level++) {
      if (levels[level].length > 0) runs.push(sortedRun(level, levels[level].slice()));
    }
    return runs;
  }

  #pickForSizeAmplification(runs: readonly SortedRun[]): Compaction | undefined {
    const oldest = runs.length - 1;
    if (runs[oldest].beingCompacted) return undefined;
    const from = runs.findIndex(({ beingCompacted }) => !beingCompacted);
    if (from >= oldest) return undefined;
    let newerBytes = 0;
    for (let i = from; i < oldest; i++) {
      if (runs[i].beingCompacted) return undefined;
      newerBytes += runs[i].compensatedBytes;
    }
    if (newerBytes * 100 < this.#options.universalSizeAmplificationPercentMax * runs[oldest].bytes) return undefined;
    return this.#build(runs, from, runs.length);
  }

  #pickForSizeRatio(runs: readonly SortedRun[]): Compaction | undefined {
    return this.#pickNeighbours(runs, this.#options.universalSizeRatio, this.#options.universalMergeWidthMax);
  }

  /** So many of the newest runs that no more than the trigger less one and the output are left. */
  #pickForRunCount(runs: readonly SortedRun[]): Compaction | undefined {
    const idle = runs.filter(({ beingCompacted }) => !beingCompacted).length;
    const excess = idle - this.#options.level0CompactionTrigger;
    if (excess <= 0) return undefined;
    const widthMax = Math.min(this.#options.universalMergeWidthMax, excess + 1);
    return this.#pickNeighbours(runs, RATIO_ANY, widthMax);
  }

  /** The first series of idle neighbours in which none is larger than those before it, `ratio` per cent allowed. */
  #pickNeighbours(runs: readonly SortedRun[], ratio: number, widthMax: number): Compaction | undefined {
    const { universalMergeWidthMin, universalSimilarSize } = this.#options;
    for (let from = 0; from < runs.length; from++) {
      if (runs[from].beingCompacted) continue;
      let to = from + 1;
      let size = runs[from].compensatedBytes;
      for (; to - from < widthMax && to < runs.length && !runs[to].beingCompacted; to++) {
        const next = runs[to];
        if ((size * (100 + ratio)) / 100 < next.bytes) break;
        if (!universalSimilarSize) size += next.compensatedBytes;
        else if ((next.bytes * (100 + ratio)) / 100 < size) break;
        else size = next.compensatedBytes;
      }
      if (to - from >= Math.max(2, universalMergeWidthMin)) return this.#build(runs, from, to);
    }
    return undefined;
  }

  /** Merges runs[from, to); undefined if a running compaction writes into the same place. */
  #build(runs: readonly SortedRun[], from: number, to: number): Compaction | undefined {
    const { levels } = this.#version;
    const last = levels.length - 1;
    const outputLevel = to === runs.length ? last : Math.max(0, runs[to].level - 1);
    const startLevel = runs[from].level;
    const inputs: TableFile[] = [];
    const between: LevelTables[] = [];
    let outputInputs: readonly TableFile[] = [];
    for (const { level, tables } of runs.slice(from, to)) {
      if (level === startLevel) inputs.push(...tables);
      else if (level === outputLevel) outputInputs = tables;
      else between.push({ level, tables });
    }
    const all = [...inputs, ...between.flatMap(({ tables }) => tables), ...outputInputs];
    const [smallest, largest] = rangeOf(all);
    if (outputLevel > 0 && this.#overlapsRunning(smallest, largest, outputLevel)) return undefined;
    const targetFileBytes = this.#targetFileBytes(outputLevel);
    return {
      startLevel,
      outputLevel,
      inputs,
      between,
      outputInputs,
      grandparents: [],
      smallest,
      largest,
      score: this.#version.score,
      trivialMove: this.#options.universalTrivialMove && outputLevel > 0 && areDisjoint(all),
      bottommost: this.#isBottommost(inputs, outputLevel, smallest, largest),
      targetFileBytes,
      outputFileBytesMax: targetFileBytes,
    };
  }

  /** A file of level 0 is a whole run, however large. */
  #targetFileBytes(level: number): number {
    if (level === 0) return Number.POSITIVE_INFINITY;
    let bytes = this.#options.targetFileBytes;
    for (let i = 1; i < level; i++) bytes *= this.#options.targetFileMultiplier;
    return bytes;
  }

  /** Can nothing older than the inputs hold any of their keys? In level 0 any file that is older counts. */
  #isBottommost(inputs: readonly TableFile[], level: number, smallest: Uint8Array, largest: Uint8Array): boolean {
    const { levels } = this.#version;
    if (level === 0 && inputs[inputs.length - 1] !== levels[0][levels[0].length - 1]) return false;
    for (let below = level + 1; below < levels.length; below++) {
      if (level === 0 && levels[below].length > 0) return false;
      if (this.#version.overlapping(below, smallest, largest).length > 0) return false;
    }
    return true;
  }

  #overlapsRunning(smallest: Uint8Array, largest: Uint8Array, outputLevel: number): boolean {
    return this.#running.some(
      (compaction) =>
        compaction.outputLevel === outputLevel &&
        compareUserKeys(compaction.smallest, largest) <= 0 &&
        compareUserKeys(compaction.largest, smallest) >= 0,
    );
  }
}

function sortedRun(level: number, tables: readonly TableFile[]): SortedRun {
  let bytes = 0;
  let compensatedBytes = 0;
  let beingCompacted = false;
  for (const table of tables) {
    bytes += table.bytes;
    compensatedBytes += table.compensatedBytes;
    beingCompacted ||= table.beingCompacted;
  }
  return { level, tables, bytes, compensatedBytes, beingCompacted };
}

function rangeOf(tables: readonly TableFile[]): [Uint8Array, Uint8Array] {
  let { smallest, largest } = tables[0];
  for (const table of tables) {
    if (compareInternalKeys(table.smallest, smallest) < 0) smallest = table.smallest;
    if (compareInternalKeys(table.largest, largest) > 0) largest = table.largest;
  }
  return [smallest, largest];
}

/** Does no table overlap another? */
function areDisjoint(tables: readonly TableFile[]): boolean {
  const sorted = tables.slice().sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
  return sorted.every((table, i) => i === 0 || compareUserKeys(sorted[i - 1].largest, table.smallest) < 0);
}
