/**
 * The life of one process on a node, from start to kill.
 *
 * Fault model: `kill` (also at a power failure) ends it at an instant: its memory is gone, and events
 * that were meant for it find it dead. `pause` is SIGSTOP: memory, files and sockets stay, nothing
 * runs; what becomes due meanwhile runs at the resume, in the order in which it became due.
 */
import { assert } from '../assert.ts';
import type { Handler } from '../loop.ts';

/** A paused process has bounded timers and device requests, and messages up to its sockets' buffers. */
const DEFERRED_MAX = 1 << 20;

interface Deferred {
  readonly target: Handler;
  readonly opcode: number;
  readonly a: number;
  readonly b: number;
}

export class Process {
  alive = true;
  paused = false;
  #deferred: Deferred[] = [];
  readonly #onFailure: (reason: string) => void;
  readonly #onLeft: () => void;

  /** `onFailure` and `onLeft` end the process, from within whatever it was doing. */
  constructor(onFailure: (reason: string) => void = () => {}, onLeft: () => void = () => {}) {
    this.#onFailure = onFailure;
    this.#onLeft = onLeft;
  }

  /** It cannot go on: its disk fails, or holds what it must not. etcd panics there. */
  fail(reason: string): void {
    if (this.alive) this.#onFailure(reason);
  }

  /** It was removed from the cluster: it has no business there any more. */
  leave(): void {
    if (this.alive) this.#onLeft();
  }

  /** To be asked first by every handler of the process: false if the event is void, or has been put off. */
  admits(target: Handler, opcode: number, a: number, b: number): boolean {
    if (!this.alive) return false;
    if (!this.paused) return true;
    assert(this.#deferred.length < DEFERRED_MAX, 'process: too many events put off by a pause');
    this.#deferred.push({ target, opcode, a, b });
    return false;
  }

  kill(): void {
    this.alive = false;
    this.#deferred = [];
  }

  resume(): void {
    this.paused = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const { target, opcode, a, b } of deferred) target.handle(opcode, a, b);
  }
}
