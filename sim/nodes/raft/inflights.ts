/**
 * The sliding window of appends that were sent to one follower and not yet acknowledged: a ring of
 * (last index, payload bytes), limited in messages and in bytes. The byte limit is soft: the message
 * that crosses it still goes out. Full means that only empty appends are sent.
 */
import { immerable } from 'immer';
import { assert } from '../../assert.ts';
import { type Bugs, NO_BUGS } from '../../bugs.ts';

export class Inflights {
  static readonly [immerable] = true;

  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly bugs: Bugs;
  count = 0;
  bytes = 0;
  /** Where the oldest stands; the ring grows up to `messagesMax` slots. */
  start = 0;
  capacity = 0;
  indexes: number[] = [];
  sizes: number[] = [];

  constructor(messagesMax: number, bytesMax: number, bugs: Bugs = NO_BUGS) {
    this.messagesMax = messagesMax;
    this.bytesMax = bytesMax;
    this.bugs = bugs;
  }

  full(): boolean {
    return this.count === this.messagesMax || this.bytes >= this.bytesMax;
  }

  /** Indexes must not decrease. */
  add(lastIndex: number, bytes: number): void {
    assert(!this.full(), 'inflights: added to a full window');
    if (this.count === this.capacity) this.grow();
    let at = this.start + this.count;
    if (at >= this.capacity) at -= this.capacity;
    this.indexes[at] = lastIndex;
    this.sizes[at] = bytes;
    this.count++;
    this.bytes += bytes;
  }

  /** Forgets the messages whose last index is at most `index`. */
  freeUpTo(index: number): void {
    while (this.count > 0 && this.indexes[this.start]! <= index) {
      this.bytes -= this.sizes[this.start]!;
      this.count--;
      if (++this.start === this.capacity) this.start = 0;
    }
    if (this.count === 0) this.start = 0;
  }

  reset(): void {
    this.start = 0;
    this.count = 0;
    if (!this.bugs['inflight-bytes-never-reset']) this.bytes = 0;
  }

  clone(): Inflights {
    const copy = new Inflights(this.messagesMax, this.bytesMax, this.bugs);
    copy.count = this.count;
    copy.bytes = this.bytes;
    copy.start = this.start;
    copy.capacity = this.capacity;
    copy.indexes = this.indexes.slice();
    copy.sizes = this.sizes.slice();
    return copy;
  }

  private grow(): void {
    const capacity = Math.min(this.messagesMax, Math.max(8, this.capacity * 2));
    const indexes: number[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < capacity; i++) {
      const from = i < this.count ? (this.start + i) % this.capacity : -1;
      indexes.push(from < 0 ? 0 : this.indexes[from]!);
      sizes.push(from < 0 ? 0 : this.sizes[from]!);
    }
    this.indexes = indexes;
    this.sizes = sizes;
    this.capacity = capacity;
    this.start = 0;
  }
}
