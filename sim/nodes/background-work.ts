/**
 * Compaction, garbage collection and the like of one store: jobs that its source (a replica's engine and
 * state machine) hands out as generators. Each slice has its own processor and disk time, so that it
 * shares both with the foreground; up to `JOBS_MAX` jobs run at a time, each on a disk thread of its own.
 *
 * A crash drops the generators where they stand.
 */
import { assert } from '../assert.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { Job } from '../storage-engine.ts';
import type { Work } from '../work.ts';
import type { Machine } from './machine.ts';
import type { Process } from './process.ts';

const SLICE = 1;
const LAST_SLICE = 2;
const RESUME = 3;
/** The disk's part of a slice, and of the last. */
const PLAY = 4;
const PLAY_LAST = 5;
/** More than any engine's own limit on background jobs. */
export const JOBS_MAX = 8;

/** Whose jobs they are. */
export interface JobSource {
  /** The next job that is due. */
  nextJob(): Job | undefined;
  /** A slice has had its time: what a held-up writer waits for may be over. */
  onProgress(): void;
}

export class BackgroundWork implements Handler {
  readonly traceId: number;
  source!: JobSource;
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #loop: EventLoop;
  readonly #work: Work;
  readonly #firstDiskThread: number;
  readonly #jobs: (Job | undefined)[] = new Array(JOBS_MAX).fill(undefined);
  /** What the job's last slice ended with: how long it sleeps. */
  readonly #pausesNs: number[] = new Array(JOBS_MAX).fill(0);
  /** Handed out, and to be started by the next `kick`. */
  #prepared: Job | undefined;
  #running = 0;
  /** Counts restores: jobs of a store that was replaced are void. */
  #generation = 0;

  constructor(machine: Machine, process: Process, work: Work, traceId: number, firstDiskThread: number) {
    this.#machine = machine;
    this.#process = process;
    this.#loop = machine.loop;
    this.#work = work;
    this.traceId = traceId;
    this.#firstDiskThread = firstDiskThread;
  }

  /** Starts whatever is due. */
  kick(): void {
    for (let slot = 0; slot < JOBS_MAX; slot++) {
      if (this.#jobs[slot] !== undefined) continue;
      if (!this.#prepareOne()) return;
      this.#jobs[slot] = this.#prepared;
      this.#prepared = undefined;
      this.#running++;
      this.#slice(slot);
    }
  }

  /** Whether a `kick` would start something now. */
  prepare(): boolean {
    return this.#running < JOBS_MAX && this.#prepareOne();
  }

  #prepareOne(): boolean {
    if (this.#prepared !== undefined) return true;
    this.#prepared = this.source.nextJob();
    return this.#prepared !== undefined;
  }

  get hasRoom(): boolean {
    return this.#running < JOBS_MAX;
  }

  /** Starts a job that the source does not hand out by itself; needs a free slot. */
  start(job: Job): void {
    const slot = this.#jobs.indexOf(undefined);
    assert(slot >= 0, 'background work: no slot is free');
    this.#jobs[slot] = job;
    this.#running++;
    this.#slice(slot);
  }

  /** A stalled writer may wait for it. Starts what is due first. */
  isBusy(): boolean {
    this.kick();
    return this.#running > 0;
  }

  /** The store is replaced: its jobs end here. */
  abandon(): void {
    this.#jobs.fill(undefined);
    this.#prepared = undefined;
    this.#running = 0;
    this.#generation++;
  }

  handle(opcode: number, slot: number, generation: number): void {
    if (!this.#process.admits(this, opcode, slot, generation)) return;
    if (opcode !== RESUME) this.#machine.finish(this.#firstDiskThread + slot);
    if (opcode === PLAY || opcode === PLAY_LAST) {
      this.#play(slot, opcode, generation);
      return;
    }
    if (generation !== this.#generation) return;
    if (opcode === LAST_SLICE) {
      this.#jobs[slot] = undefined;
      this.#running--;
      this.source.onProgress();
      this.kick();
      return;
    }
    if (opcode === SLICE) this.source.onProgress();
    const pauseNs = this.#pausesNs[slot]!;
    if (opcode === SLICE && pauseNs > 0) this.#loop.schedule(this.#loop.now + pauseNs, this, RESUME, slot, generation);
    else this.#slice(slot);
  }

  describe(_opcode: number, slot: number): string {
    return `n${this.#machine.node + 1} background job ${slot}`;
  }

  #slice(slot: number): void {
    const thread = this.#firstDiskThread + slot;
    this.#machine.disk.thread = thread;
    const { done, value } = this.#jobs[slot]!.next();
    this.#pausesNs[slot] = value ?? 0;
    const computed = this.#machine.compute(this.#loop.now, this.#work);
    if (this.#machine.hasRequests(thread)) {
      this.#loop.schedule(computed, this, done ? PLAY_LAST : PLAY, slot, this.#generation);
    } else this.#loop.schedule(computed, this, done ? LAST_SLICE : SLICE, slot, this.#generation);
  }

  #play(slot: number, opcode: number, generation: number): void {
    const thread = this.#firstDiskThread + slot;
    const at = this.#machine.playSome(thread, this.#loop.now);
    const isOver = !this.#machine.hasRequests(thread);
    const after = opcode === PLAY ? SLICE : LAST_SLICE;
    this.#loop.schedule(at, this, isOver ? after : opcode, slot, generation);
  }
}
