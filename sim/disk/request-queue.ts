/**
 * The device requests that one thread waits for, in the order in which it blocks on them.
 *
 * A request is queued, taken by the host, completed by the host: three positions in one ring.
 * Contiguous reads that nobody has taken yet become one request, and so do writes without a sync.
 * At `REQUESTS_MAX` waiting ones a further read or write joins the newest of its kind that can still
 * take it; a flush beyond that is asserted, because a thread blocks on each.
 */
import { assert } from '../assert.ts';
import { BLOCK_BYTES, type DeviceRequest, REQUEST_FLUSH, REQUEST_READ, REQUEST_WRITE } from './disk.ts';

const REQUESTS_MAX = 1 << 20;

export class RequestQueue {
  #kind = new Uint8Array(16);
  #bytes = new Float64Array(16);
  #operations = new Float64Array(16);
  /** The disk's sequence number when it was queued: what the thread did later waits for it. */
  #stamp = new Float64Array(16);
  /** FLUSH: which sync this is the end of; −1 none. */
  #sync = new Int32Array(16);
  // positions count up for ever; the ring index is position & mask
  #head = 0;
  #taken = 0;
  #tail = 0;
  #lastReadFile = -1;
  #lastReadBlock = -1;

  /** Requests neither completed nor discarded. */
  get length(): number {
    return this.#tail - this.#head;
  }

  /** The stamp of the oldest incomplete request; Infinity if there is none. */
  get barrier(): number {
    return this.#head === this.#tail ? Infinity : this.#stamp[this.#head & (this.#kind.length - 1)];
  }

  read(file: number, block: number, stamp: number): void {
    const newest = (this.#tail - 1) & (this.#kind.length - 1);
    const canJoin = this.#tail > this.#taken && this.#kind[newest] === REQUEST_READ;
    const isNext = file === this.#lastReadFile && block === this.#lastReadBlock + 1;
    this.#lastReadFile = file;
    this.#lastReadBlock = block;
    if (canJoin && (isNext || this.length >= REQUESTS_MAX)) {
      this.#bytes[newest] += BLOCK_BYTES;
      if (!isNext) this.#operations[newest]++;
      return;
    }
    this.#push(REQUEST_READ, BLOCK_BYTES, 1, stamp, -1);
  }

  write(bytes: number, operations: number, stamp: number): void {
    const newest = (this.#tail - 1) & (this.#kind.length - 1);
    if (this.#tail > this.#taken && this.#kind[newest] === REQUEST_WRITE) {
      this.#bytes[newest] += bytes;
      this.#operations[newest] += operations;
      return;
    }
    this.#push(REQUEST_WRITE, bytes, operations, stamp, -1);
  }

  flush(sync: number, stamp: number): void {
    this.#push(REQUEST_FLUSH, 0, 1, stamp, sync);
  }

  /** Of the request that `take` would give; −1 if there is none. */
  get nextKind(): number {
    return this.#taken === this.#tail ? -1 : this.#kind[this.#taken & (this.#kind.length - 1)];
  }

  take(into: DeviceRequest): boolean {
    if (this.#taken === this.#tail) return false;
    const i = this.#taken++ & (this.#kind.length - 1);
    into.kind = this.#kind[i];
    into.bytes = this.#bytes[i];
    into.operations = this.#operations[i];
    return true;
  }

  /** Forgets the oldest taken request; returns the sync that it ends, −1 if none. */
  complete(): number {
    assert(this.#head < this.#taken, 'disk: completed a request that was not taken');
    return this.#sync[this.#head++ & (this.#kind.length - 1)];
  }

  /** The syncs that the waiting flushes are the ends of. */
  *syncs(): Generator<number, void> {
    for (let position = this.#head; position < this.#tail; position++) {
      const sync = this.#sync[position & (this.#kind.length - 1)];
      if (sync >= 0) yield sync;
    }
  }

  clear(): void {
    this.#head = this.#tail;
    this.#taken = this.#tail;
    this.#lastReadFile = -1;
  }

  #push(kind: number, bytes: number, operations: number, stamp: number, sync: number): void {
    if (this.#tail - this.#head === this.#kind.length) this.#grow();
    assert(this.length < REQUESTS_MAX + 1024, 'disk: a thread has more than 2^20 requests waiting');
    const i = this.#tail++ & (this.#kind.length - 1);
    this.#kind[i] = kind;
    this.#bytes[i] = bytes;
    this.#operations[i] = operations;
    this.#stamp[i] = stamp;
    this.#sync[i] = sync;
  }

  #grow(): void {
    const old = this.#kind.length;
    const kind = new Uint8Array(old * 2);
    const bytes = new Float64Array(old * 2);
    const operations = new Float64Array(old * 2);
    const stamp = new Float64Array(old * 2);
    const sync = new Int32Array(old * 2);
    for (let position = this.#head; position < this.#tail; position++) {
      const from = position & (old - 1);
      const to = position & (old * 2 - 1);
      kind[to] = this.#kind[from];
      bytes[to] = this.#bytes[from];
      operations[to] = this.#operations[from];
      stamp[to] = this.#stamp[from];
      sync[to] = this.#sync[from];
    }
    this.#kind = kind;
    this.#bytes = bytes;
    this.#operations = operations;
    this.#stamp = stamp;
    this.#sync = sync;
  }
}
