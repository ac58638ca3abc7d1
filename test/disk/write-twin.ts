/** A twin of one file that keeps every write for ever, and what may be done to both. */
import fc from 'fast-check';
import type { File } from '../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { finishOne, run } from './bed.ts';

export interface Write {
  readonly sequence: number;
  readonly thread: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  isDurable: boolean;
}

export const FILE_BYTES = 12_288;
export const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      thread: fc.integer({ min: 0, max: 1 }),
      offset: fc.integer({ min: 0, max: FILE_BYTES - 1 }),
      length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 9000 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      thread: fc.integer({ min: 0, max: 1 }),
      length: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('sync' as const), thread: fc.integer({ min: 0, max: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('finish' as const), thread: fc.integer({ min: 0, max: 1 }) }) },
);

export type Action = typeof action extends fc.Arbitrary<infer Made> ? Made : never;

export class Twin {
  writes: Write[] = [];
  /** By thread: requests in order, with the number of calls made when each was queued. */
  waiting: { stamp: number; isFlush: boolean }[][] = [[], []];
  sequence = 0;

  barrier(thread: number): number {
    return this.waiting[thread][0]?.stamp ?? Infinity;
  }
  happened(write: Write): boolean {
    return write.isDurable || write.sequence <= this.barrier(write.thread);
  }
  finish(thread: number): void {
    const done = this.waiting[thread].shift();
    if (done === undefined || !done.isFlush) return;
    for (const write of this.writes) {
      if (write.sequence <= done.stamp && write.sequence <= this.barrier(write.thread)) write.isDurable = true;
    }
  }
  /** Every value that the byte may have after a crash. */
  allowed(at: number): Set<number> {
    let values = new Set([0]);
    for (const write of this.writes) {
      if (at < write.offset || at >= write.offset + write.bytes.length || !this.happened(write)) continue;
      if (write.isDurable) values = new Set();
      values.add(write.bytes[at - write.offset]);
    }
    return values;
  }

  /** The file as these writes make it. */
  replay(counts: (write: Write) => boolean): Uint8Array {
    const writes = this.writes.filter(counts);
    const bytes = new Uint8Array(Math.max(0, ...writes.map((write) => write.offset + write.bytes.length)));
    for (const write of writes) bytes.set(write.bytes, write.offset);
    return bytes;
  }
  endProcess(): void {
    this.writes = this.writes.filter((write) => this.happened(write));
    this.waiting = [[], []];
  }
}

/** The disk queues a WRITE before the FLUSH only if something is dirty: ask it by counting. */
function noteRequests(disk: SimulatedDisk, twin: Twin, thread: number): void {
  const known = twin.waiting[thread].length;
  const total = disk.waitingRequests(thread);
  for (let i = known; i < total; i++) twin.waiting[thread].push({ stamp: twin.sequence, isFlush: i === total - 1 });
}

/** Does it to both. */
export function act(disk: SimulatedDisk, file: File, twin: Twin, each: Action): void {
  const { thread } = each;
  if (each.kind === 'finish') {
    // the twin knows writes and flushes; a read of a page that is not cached does not occur here
    if (finishOne(disk, thread) >= 0) twin.finish(thread);
    return;
  }
  disk.thread = thread;
  if (each.kind === 'sync') {
    disk.sync(file);
    noteRequests(disk, twin, thread);
    return;
  }
  const offset = each.kind === 'write' ? each.offset : file.length;
  const sequence = ++twin.sequence;
  const value = (sequence % 250) + 1;
  disk.write(file, offset, run(value, each.length));
  const bytes = new Uint8Array(each.length).fill(value);
  twin.writes.push({ sequence, thread, offset, bytes, isDurable: false });
}

const whole = fc.integer({ min: 0, max: FILE_BYTES });
export const cutAction = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), offset: whole, length: whole }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('truncate' as const), length: whole }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish' as const) }) },
);
type CutAction = typeof cutAction extends fc.Arbitrary<infer Made> ? Made : never;

/** A twin of one file that one thread writes and cuts: its whole content after each call. */
export class StateTwin {
  states = [new Uint8Array(0)];
  /** Of each waiting request: the state in which it was queued. */
  waiting: { state: number; isFlush: boolean }[] = [];
  /** The state that the last finished sync covers. */
  durable = 0;
  #calls = 0;

  /** What has happened: calls behind a request that waits have not. */
  get happened(): Uint8Array<ArrayBuffer> {
    return this.states[this.waiting[0]?.state ?? this.states.length - 1];
  }

  act(disk: SimulatedDisk, file: File, each: CutAction): void {
    const now = this.states.at(-1)!;
    const value = (this.#calls++ % 250) + 1;
    if (each.kind === 'finish') {
      if (finishOne(disk, 0) < 0) return;
      const { state, isFlush } = this.waiting.shift()!;
      if (isFlush) this.durable = state;
    } else if (each.kind === 'sync') {
      disk.sync(file);
      const total = disk.waitingRequests(0);
      while (this.waiting.length < total)
        this.waiting.push({ state: this.states.length - 1, isFlush: this.waiting.length === total - 1 });
    } else if (each.kind === 'truncate') {
      disk.truncate(file, each.length);
      const cut = new Uint8Array(each.length);
      cut.set(now.subarray(0, each.length));
      this.states.push(cut);
    } else if (each.length > 0) {
      disk.write(file, each.offset, run(value, each.length));
      const grown = new Uint8Array(Math.max(now.length, each.offset + each.length));
      grown.set(now);
      grown.fill(value, each.offset, each.offset + each.length);
      this.states.push(grown);
    }
  }

  endProcess(): void {
    this.states = this.states.slice(0, this.states.indexOf(this.happened) + 1);
    this.waiting = [];
  }
}
