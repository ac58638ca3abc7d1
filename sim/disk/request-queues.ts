/** The request queues of all threads of one disk, made when a thread first needs one. */
import { assert } from '../assert.ts';
import type { DeviceRequest } from './disk.ts';
import { RequestQueue } from './request-queue.ts';
import type { Barriers } from './undo-log.ts';

const THREADS_MAX = 256;

export class RequestQueues implements Barriers {
  readonly #byThread: (RequestQueue | undefined)[] = new Array(THREADS_MAX).fill(undefined);
  /** Those that have a queue, in the order of their first request. */
  readonly threads: number[] = [];

  of(thread: number): RequestQueue {
    const known = this.#byThread[thread];
    if (known !== undefined) return known;
    assert(thread >= 0 && thread < THREADS_MAX, 'disk: thread numbers are 0 to 255');
    const queue = new RequestQueue();
    this.#byThread[thread] = queue;
    this.threads.push(thread);
    return queue;
  }

  nextKind(thread: number): number {
    return this.#byThread[thread]?.nextKind ?? -1;
  }

  take(thread: number, into: DeviceRequest): boolean {
    const queue = this.#byThread[thread];
    return queue === undefined ? false : queue.take(into);
  }

  waiting(thread: number): number {
    return this.#byThread[thread]?.length ?? 0;
  }

  /** The sequence number after which the thread's calls have not happened yet; Infinity if it waits for nothing. */
  barrier(thread: number): number {
    const queue = this.#byThread[thread];
    return queue === undefined ? Infinity : queue.barrier;
  }

  clear(): void {
    for (const thread of this.threads) this.of(thread).clear();
  }
}
