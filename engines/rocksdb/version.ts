/**
 * The levels: which tables there are, how large each level should be, how urgently each should
 * be compacted, and how many bytes of compaction are owed. Level 0 is newest first and may overlap;
 * deeper levels are ascending and disjoint. There is one version, changed in place: nothing reads
 * an old one, since scans do not outlive a call and jobs hold the tables that they need.
 */
import { assert } from '../../sim/assert.ts';
import { BlobFiles } from './blob-files.ts';
import type { Options } from './options.ts';
import { compareUserKeys, type TableFile, totalBytes } from './table-file.ts';

/** What a level's score is multiplied by once it is above 1, with dynamic level sizes. */
const SCORE_SCALE = 10;
const DELETION_WEIGHT = 2;
const NO_LIMIT = Number.POSITIVE_INFINITY;

export class Version {
  readonly #options: Options;
  readonly levels: TableFile[][];
  /** Kept in step with the tables by `add` and `remove`. */
  readonly blobs = new BlobFiles();
  /** Where level 0 is compacted to. */
  baseLevel = 1;
  /** Target bytes by level. */
  readonly levelBytesMax: Float64Array;
  /** Levels by urgency, and the score of each in the same order. */
  readonly scoreLevels: number[] = [];
  readonly scores: number[] = [];
  /** RocksDB's estimated_compaction_needed_bytes. */
  pendingBytes = 0;
  /** Sums over all tables that were ever added, those that are gone included. */
  #addedValues = 0;
  #addedBytes = 0;
  #addedRawKeyBytes = 0;
  #addedRawValueBytes = 0;

  constructor(options: Options) {
    this.#options = options;
    this.levels = Array.from({ length: options.levels }, () => []);
    this.levelBytesMax = new Float64Array(options.levels);
    this.update();
  }

  /** What the level-0 triggers of the write controller count: with universal compaction every sorted run. */
  get delayTriggerRuns(): number {
    let runs = this.levels[0].length;
    if (!this.#options.universal) return runs;
    for (let level = 1; level < this.levels.length; level++) if (this.levels[level].length > 0) runs++;
    return runs;
  }

  get tables(): number {
    let count = 0;
    for (const level of this.levels) count += level.length;
    return count;
  }

  /** Puts `table` where its level's order wants it. Call `update` after the last change. */
  add(level: number, table: TableFile): void {
    const tables = this.levels[level];
    let at = 0;
    if (level === 0) {
      while (at < tables.length && newerFirst(tables[at], table) < 0) at++;
    } else {
      let high = tables.length;
      while (at < high) {
        const middle = (at + high) >>> 1;
        if (compareUserKeys(tables[middle].smallest, table.smallest) < 0) at = middle + 1;
        else high = middle;
      }
    }
    tables.splice(at, 0, table);
    const linked = this.blobs.link(table.number, table.oldestBlobFile);
    assert(linked, 'version: a table that refers to a blob file that is not there');
  }

  /** False: the level has no such table. */
  remove(level: number, number: number): boolean {
    const tables = this.levels[level];
    const at = tables.findIndex((table) => table.number === number);
    if (at < 0) return false;
    const [{ oldestBlobFile }] = tables.splice(at, 1);
    this.blobs.unlink(number, oldestBlobFile);
    return true;
  }

  /** Tables of `level` that overlap the user keys of [smallest, largest]; in level 0 also what overlaps those. */
  overlapping(level: number, smallest: Uint8Array, largest: Uint8Array): TableFile[] {
    const tables = this.levels[level];
    if (level > 0) {
      return tables.filter(
        (t) => compareUserKeys(t.largest, smallest) >= 0 && compareUserKeys(t.smallest, largest) <= 0,
      );
    }
    let low = smallest;
    let high = largest;
    for (;;) {
      const found = tables.filter(
        (t) => compareUserKeys(t.largest, low) >= 0 && compareUserKeys(t.smallest, high) <= 0,
      );
      let grew = false;
      for (const table of found) {
        if (compareUserKeys(table.smallest, low) < 0) {
          low = table.smallest;
          grew = true;
        }
        if (compareUserKeys(table.largest, high) > 0) {
          high = table.largest;
          grew = true;
        }
      }
      if (!grew) return found;
    }
  }

  /** Recomputes targets, sizes, scores and debt: after every change of tables. */
  update(): void {
    this.#updateTargets();
    this.#updateCompensatedBytes();
    this.updateScores();
  }

  /** Scores leave out what is being compacted: after a job has been picked, too. */
  updateScores(): void {
    const { levels } = this;
    const last = levels.length - 1;
    this.scoreLevels.length = 0;
    this.scores.length = 0;
    let comingDown = 0;
    for (let level = 0; level < last; level++) {
      let score: number;
      if (level === 0) {
        comingDown += totalBytes(levels[0]);
        score = this.#levelZeroScore();
      } else {
        let resting = 0;
        for (const table of levels[level]) if (!table.beingCompacted) resting += table.compensatedBytes;
        const target = this.levelBytesMax[level];
        if (!this.#options.dynamicLevelBytes || resting < target) score = resting / target;
        else score = (resting / (target + comingDown)) * SCORE_SCALE;
        const total = totalBytes(levels[level]);
        if (total > target) comingDown += total - target;
      }
      this.scores.push(score);
      this.scoreLevels.push(level);
    }
    this.#sortScores();
    this.#updatePendingBytes();
  }

  /** Highest first, by exchanges as RocksDB makes them: they decide the order among equals. */
  #sortScores(): void {
    const { scores, scoreLevels } = this;
    for (let i = 0; i < scores.length - 1; i++) {
      for (let j = i + 1; j < scores.length; j++) {
        if (scores[i] >= scores[j]) continue;
        [scores[i], scores[j]] = [scores[j], scores[i]];
        [scoreLevels[i], scoreLevels[j]] = [scoreLevels[j], scoreLevels[i]];
      }
    }
  }

  /** The most urgent score. */
  get score(): number {
    return this.scores[0] ?? 0;
  }

  #levelZeroScore(): number {
    const options = this.#options;
    let runs = 0;
    let bytes = 0;
    for (const table of this.levels[0]) {
      if (table.beingCompacted) continue;
      runs++;
      bytes += table.compensatedBytes;
    }
    if (options.universal) {
      // The score of the whole store: a level is a sorted run like a file of level 0.
      for (const tables of this.levels.slice(1)) if (tables.length > 0 && !tables[0].beingCompacted) runs++;
      return runs / options.level0CompactionTrigger;
    }
    let score = runs / options.level0CompactionTrigger;
    if (!options.dynamicLevelBytes) return Math.max(score, bytes / options.levelBaseBytes);
    if (bytes >= options.levelBaseBytes) score = Math.max(score, 1.01);
    const target = this.levelBytesMax[this.baseLevel];
    if (bytes > target) {
      let base = 0;
      for (const table of this.levels[this.baseLevel]) base += table.compensatedBytes;
      score = Math.max(score, bytes / Math.max(base, target));
    }
    return score > 1 ? score * SCORE_SCALE : score;
  }

  #updateTargets(): void {
    const { levelBaseBytes, levelMultiplier, dynamicLevelBytes } = this.#options;
    const targets = this.levelBytesMax;
    if (!dynamicLevelBytes) {
      this.baseLevel = 1;
      for (let level = 0; level < targets.length; level++) {
        targets[level] = level > 1 ? Math.floor(targets[level - 1] * levelMultiplier) : levelBaseBytes;
      }
      return;
    }
    let largest = 0;
    let firstUsed = -1;
    for (let level = 1; level < targets.length; level++) {
      const bytes = totalBytes(this.levels[level]);
      if (bytes > 0 && firstUsed < 0) firstUsed = level;
      largest = Math.max(largest, bytes);
    }
    targets.fill(NO_LIMIT);
    if (largest === 0) {
      this.baseLevel = targets.length - 1;
      return;
    }
    let size = largest;
    for (let level = targets.length - 2; level >= firstUsed; level--) size = Math.floor(size / levelMultiplier);
    const baseBytesMin = Math.floor(levelBaseBytes / levelMultiplier);
    this.baseLevel = firstUsed;
    let baseBytes: number;
    if (size <= baseBytesMin) {
      baseBytes = baseBytesMin + 1;
    } else {
      while (this.baseLevel > 1 && size > levelBaseBytes) {
        this.baseLevel--;
        size = Math.floor(size / levelMultiplier);
      }
      baseBytes = Math.min(size, levelBaseBytes);
    }
    let target = baseBytes;
    for (let level = this.baseLevel; level < targets.length; level++) {
      if (level > this.baseLevel) target = Math.floor(target * levelMultiplier);
      // No level's target is below the base: else deeper levels would be preferred to a full level 0.
      targets[level] = Math.max(target, levelBaseBytes);
    }
  }

  /**
   * A table's deletions count for values of average size where they are most of its entries. The average is that of
   * all tables so far, as stored; a table keeps the size that it got with the average of its day.
   */
  #updateCompensatedBytes(): void {
    const added: TableFile[] = [];
    for (const level of this.levels) {
      for (const table of level) if (table.compensatedBytes === 0) added.push(table);
    }
    for (const table of added) {
      this.#addedValues += table.entries - table.deletions;
      this.#addedBytes += table.bytes;
      this.#addedRawKeyBytes += table.rawKeyBytes;
      this.#addedRawValueBytes += table.rawValueBytes;
    }
    const average = this.#averageValueBytes();
    for (const table of added) {
      const excess = Math.max(0, table.deletions * 2 - table.entries);
      table.compensatedBytes = table.bytes + excess * average * DELETION_WEIGHT;
    }
  }

  /** Whole bytes at each step, as RocksDB divides. */
  #averageValueBytes(): number {
    if (this.#addedValues === 0) return 0;
    const raw = this.#addedRawKeyBytes + this.#addedRawValueBytes;
    return Math.floor((Math.floor(this.#addedRawValueBytes / this.#addedValues) * this.#addedBytes) / raw);
  }

  /** What it would take to bring every level to its target, level by level. */
  #updatePendingBytes(): void {
    const { levels } = this;
    this.pendingBytes = 0;
    if (this.#options.universal) return; // RocksDB estimates it for leveled compaction only
    const { level0CompactionTrigger, levelBaseBytes } = this.#options;
    const zeroBytes = totalBytes(levels[0]);
    const triggered = levels[0].length >= level0CompactionTrigger || zeroBytes >= levelBaseBytes;
    let pending = triggered ? zeroBytes : 0;
    let comingDown = pending;
    for (let level = this.baseLevel; level < levels.length - 1; level++) {
      let bytes = totalBytes(levels[level]);
      if (level === this.baseLevel && triggered) pending += bytes;
      bytes += comingDown;
      comingDown = 0;
      const target = this.levelBytesMax[level];
      if (bytes <= target) continue;
      comingDown = bytes - target;
      const below = totalBytes(levels[level + 1]);
      if (below > 0) pending += Math.floor(comingDown * (below / bytes + 1));
    }
    this.pendingBytes = pending;
  }
}

/** Order within level 0. */
function newerFirst(a: TableFile, b: TableFile): number {
  if (a.largestSequence !== b.largestSequence) return b.largestSequence - a.largestSequence;
  if (a.smallestSequence !== b.smallestSequence) return b.smallestSequence - a.smallestSequence;
  assert(a.number !== b.number, 'version: a table twice');
  return b.number - a.number;
}
