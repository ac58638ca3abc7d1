/**
 * A device of FASTER: a growing file in segments of equal size, `<name><number>`. Reads and writes never cross the end
 * of a page, so never that of a segment.
 *
 * Fault model: the outcome of the disk, as it is. Segments are opened when first used and stay open.
 */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Category, Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';

export class LogSegments {
  readonly name: string;
  readonly segmentBytes: number;
  /** Why the last `read` failed. */
  reason = '';
  readonly #disk: Disk;
  readonly #category: Category;
  readonly #work: Work;
  readonly #files = new Map<number, File>();
  /** In ascending order. */
  #unsynced: number[] = [];
  #removedBelow = 0;

  constructor(disk: Disk, name: string, segmentBytes: number, category: Category, work: Work) {
    this.#disk = disk;
    this.name = name;
    this.segmentBytes = segmentBytes;
    this.#category = category;
    this.#work = work;
  }

  #open(segment: number, create: boolean): File | undefined {
    let file = this.#files.get(segment);
    if (file !== undefined) return file;
    const name = `${this.name}${segment}`;
    file = this.#disk.open(name) ?? (create ? this.#disk.create(name, this.#category) : undefined);
    if (file !== undefined) this.#files.set(segment, file);
    return file;
  }

  write(at: number, data: SparseBuffer, from: number, to: number): DiskOutcome {
    const segment = Math.floor(at / this.segmentBytes);
    const file = this.#open(segment, true)!;
    const { counts } = this.#work;
    counts[SYSTEM_CALLS]!++;
    counts[BYTES_COPIED]! += to - from;
    const outcome = this.#disk.write(file, at - segment * this.segmentBytes, data, from, to, this.#category);
    if (outcome === 'ok' && !this.#unsynced.includes(segment)) this.#unsynced.push(segment);
    return outcome;
  }

  /**
   * Syncs every segment written to since a checkpoint synced them. A job's own sync may not have finished when a
   * checkpoint is taken on another thread, so that only a checkpoint's counts as done.
   */
  sync(isCheckpoint: boolean): DiskOutcome {
    for (const segment of this.#unsynced) {
      this.#work.counts[SYSTEM_CALLS]!++;
      const outcome = this.#disk.sync(this.#open(segment, true)!);
      if (outcome !== 'ok') return outcome;
    }
    if (isCheckpoint) this.#unsynced = [];
    return 'ok';
  }

  /** False, and `reason`, if the device does not hold all of it. */
  read(at: number, length: number, into: SparseBuffer): boolean {
    const segment = Math.floor(at / this.segmentBytes);
    const file = this.#open(segment, false);
    if (file === undefined) {
      this.reason = `${this.name}${segment} is missing`;
      return false;
    }
    const offset = at - segment * this.segmentBytes;
    if (this.#disk.read(file, offset, length, into) !== 'ok') {
      this.reason = `${this.name}${segment} at ${offset}: I/O error`;
      return false;
    }
    if (into.length >= length) return true;
    this.reason = `${this.name}${segment} ends at ${offset + into.length}`;
    return false;
  }

  /** Removes the segments that lie wholly below the address. */
  removeBelow(address: number): DiskOutcome {
    const first = Math.floor(address / this.segmentBytes);
    if (first <= this.#removedBelow) return 'ok';
    for (const { name, segment } of this.list()) {
      if (segment >= first) break;
      const outcome = this.#disk.remove(name);
      if (outcome !== 'ok') return outcome;
      this.#close(segment);
    }
    this.#removedBelow = first;
    return 'ok';
  }

  removeAll(): DiskOutcome {
    const outcome = this.removeBelow(Number.MAX_SAFE_INTEGER);
    this.#removedBelow = 0;
    return outcome;
  }

  /** Those on the disk, by number. */
  list(): { readonly name: string; readonly segment: number }[] {
    return this.#disk
      .list(this.name)
      .map((name) => ({ name, segment: Number(name.slice(this.name.length)) }))
      .filter(({ segment }) => Number.isInteger(segment))
      .sort((a, b) => a.segment - b.segment);
  }

  #close(segment: number): void {
    const file = this.#files.get(segment);
    if (file !== undefined) this.#disk.close(file);
    this.#files.delete(segment);
    this.#unsynced = this.#unsynced.filter((other) => other !== segment);
  }

  close(): void {
    for (const file of this.#files.values()) this.#disk.close(file);
    this.#files.clear();
  }

  /** Bytes of all segments. */
  get bytes(): number {
    let sum = 0;
    for (const { segment } of this.list()) sum += this.#open(segment, false)?.length ?? 0;
    return sum;
  }
}
