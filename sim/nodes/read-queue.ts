/**
 * Reads of one replica. A linearizable read waits until the leader has confirmed that it still leads
 * (ReadIndex, or its lease) and until the entry that was committed at that moment is applied here;
 * then it is answered from the local store. As in etcd one confirmation is under way at a time and
 * all reads that come meanwhile share the next. A serializable read is answered at once.
 *
 * Reads run on any free core, beside the apply thread. A read that meets what the engine cannot read ends the process:
 * what such a read shows is no answer.
 */

import type { Bugs } from '../bugs.ts';
import { Value } from '../bytes/value.ts';
import { type Duration, MILLISECOND, SECOND, type Time } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import { GET, WAITS } from '../rpc.ts';
import type { Work } from '../work.ts';
import type { ApplyThread } from './apply-thread.ts';
import type { StateMachine } from './kv/state-machine.ts';
import type { Machine } from './machine.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { Process } from './process.ts';
import type { ReadState } from './raft/messages.ts';
import type { RaftThread } from './raft-thread.ts';
import type { ReplySender } from './reply-sender.ts';

const SERVED = 1;
const RETRY = 2;
/** etcd: readIndexRetryTime, and the request time-out of 5 s plus two election time-outs. */
const RETRY_NS: Duration = 500 * MILLISECOND;
const GIVE_UP_NS: Duration = 7 * SECOND;
/** Reads answered by one event: they run one after the other on a core. */
const SERVE_MAX = 8;
/** Above it a read is refused: as many as a thousand clients with a hundred nodes could have. */
const WAITING_MAX = 100_000;

const RAFT_THREAD = WAITS.indexOf('raftThread');
const APPLY_QUEUE = WAITS.indexOf('applyQueue');
const ENGINE_CPU = WAITS.indexOf('engineCpu');
const DISK_QUEUE = WAITS.indexOf('diskQueue');

/** Reads confirmed together. */
interface Group {
  readonly reads: PendingRequest[];
  /** To be applied first; 0 until it is known. */
  index: number;
  confirmedAt: Time;
}

interface Serving {
  readonly reads: PendingRequest[];
  readonly values: (Value | undefined)[];
  readonly counts: number[];
  readonly revision: number;
  readonly confirmedAt: Time;
  readonly startedAt: Time;
  readonly computedAt: Time;
  /** Why the store cannot be relied on any more; '' if it can. */
  readonly failure: string;
}

export class ReadQueue implements Handler {
  readonly traceId: number;
  readonly diskThread: number;
  raft!: RaftThread;
  applyThread!: ApplyThread;
  stateMachine!: StateMachine;
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #loop: EventLoop;
  readonly #work: Work;
  readonly #replies: ReplySender;
  readonly #bugs: Bugs;
  #waiting: PendingRequest[] = [];
  /** Its confirmation is under way. */
  #asked: Group | undefined;
  #context = 0;
  #retryArmed = false;
  /** Confirmed; their index is not applied yet. Ascending by index. */
  #confirmed: Group[] = [];
  readonly #serving = new Map<number, Serving>();
  #servingCount = 0;
  readonly #scratch = new Value();

  constructor(
    machine: Machine,
    process: Process,
    work: Work,
    replies: ReplySender,
    traceId: number,
    diskThread: number,
    bugs: Bugs,
  ) {
    this.#machine = machine;
    this.#process = process;
    this.#loop = machine.loop;
    this.#work = work;
    this.#replies = replies;
    this.traceId = traceId;
    this.diskThread = diskThread;
    this.#bugs = bugs;
  }

  /** Reads wait for an entry to be applied. */
  get isWaiting(): boolean {
    return this.#confirmed.length > 0;
  }

  read(pending: PendingRequest): void {
    if (pending.request.serializable) {
      pending.steppedAt = this.#loop.now;
      this.#serve([pending], this.#loop.now);
    } else if (this.#waiting.length >= WAITING_MAX) this.#replies.refuse(pending, 'too-many-requests');
    else {
      this.#waiting.push(pending);
      this.#ask();
    }
  }

  /** Nobody takes care of the confirmation: there is no leader. */
  onDropped(context: number): void {
    if (this.#asked === undefined || context !== this.#context) return;
    this.#armRetry();
  }

  onReadState(state: ReadState): void {
    const group = this.#asked;
    if (group === undefined || state.context !== this.#context) return; // an answer to an earlier attempt
    this.#asked = undefined;
    group.index = state.index;
    group.confirmedAt = this.#loop.now;
    if (this.applyThread.appliedIndex >= group.index) this.#serveGroup(group);
    else {
      this.#confirmed.push(group);
      this.applyThread.announceEnd();
    }
    this.#ask();
  }

  onApplied(index: number): void {
    while (this.#confirmed.length > 0 && this.#confirmed[0]!.index <= index) this.#serveGroup(this.#confirmed.shift()!);
  }

  handle(opcode: number, a: number, b: number): void {
    if (!this.#process.admits(this, opcode, a, b)) return;
    if (opcode === SERVED) this.#served(a);
    else this.#retry();
  }

  describe(opcode: number): string {
    return `n${this.#machine.node + 1} reads: ${opcode === SERVED ? 'served' : 'asks again'}`;
  }

  #ask(keepsContext = false): void {
    if (this.#asked !== undefined || this.#waiting.length === 0) return;
    this.#asked = { reads: this.#waiting, index: 0, confirmedAt: 0 };
    this.#waiting = [];
    if (!keepsContext) this.#context++;
    this.raft.readIndex(this.#context);
    this.#armRetry();
  }

  #armRetry(): void {
    if (this.#retryArmed) return;
    this.#retryArmed = true;
    this.#loop.schedule(this.#loop.now + RETRY_NS, this, RETRY);
  }

  /** A new context each time: an answer to an older question must not confirm a younger read. */
  #retry(): void {
    this.#retryArmed = false;
    const group = this.#asked;
    if (group === undefined) return;
    const { now } = this.#loop;
    const kept: PendingRequest[] = [];
    for (const pending of group.reads) {
      if (now - pending.arrivedAt < GIVE_UP_NS) kept.push(pending);
      else this.#replies.add(pending, 'no-leader', undefined, 0, 0, false);
    }
    this.#replies.flush();
    this.#asked = undefined;
    this.#waiting = kept.concat(this.#waiting);
    this.#ask(this.#bugs['read-index-context-reused']);
  }

  #serveGroup(group: Group): void {
    const { reads } = group;
    for (let from = 0; from < reads.length; from += SERVE_MAX) {
      this.#serve(reads.length <= SERVE_MAX ? reads : reads.slice(from, from + SERVE_MAX), group.confirmedAt);
    }
  }

  #serve(reads: PendingRequest[], confirmedAt: Time): void {
    const { stateMachine } = this;
    const { now } = this.#loop;
    const values: (Value | undefined)[] = [];
    const counts: number[] = [];
    this.#machine.disk.thread = this.diskThread;
    for (let i = 0; i < reads.length; i++) {
      const { request } = reads[i]!;
      if (request.operation === GET) {
        const found = stateMachine.get(request.key, 0, this.#scratch);
        values.push(found ? this.#scratch.copy() : undefined);
        counts.push(found ? 1 : 0);
      } else {
        values.push(undefined);
        counts.push(stateMachine.range(request.key, request.keyEnd, 0, request.limit, keepGoing));
      }
    }
    const { corruption } = stateMachine;
    const failure = corruption === undefined ? '' : `storage engine: ${corruption.where}: ${corruption.what}`;
    const computedAt = this.#machine.compute(now, this.#work);
    const done = this.#machine.play(this.diskThread, computedAt);
    const id = this.#servingCount++;
    this.#serving.set(id, {
      reads,
      values,
      counts,
      revision: stateMachine.revision,
      confirmedAt,
      startedAt: now,
      computedAt,
      failure,
    });
    this.#loop.schedule(done, this, SERVED, id);
  }

  #served(id: number): void {
    const serving = this.#serving.get(id)!;
    this.#serving.delete(id);
    this.#machine.finish(this.diskThread);
    if (serving.failure !== '') {
      this.#process.fail(serving.failure);
      return;
    }
    const { now } = this.#loop;
    serving.reads.forEach((pending, i) => {
      const from = this.#replies.nextWaits();
      const { waits } = this.#replies;
      waits[from + RAFT_THREAD] = serving.confirmedAt - pending.arrivedAt;
      waits[from + APPLY_QUEUE] = serving.startedAt - serving.confirmedAt;
      waits[from + ENGINE_CPU] = serving.computedAt - serving.startedAt;
      waits[from + DISK_QUEUE] = now - serving.computedAt;
      this.#replies.add(pending, 'ok', serving.values[i], serving.counts[i]!, serving.revision, true);
    });
    this.#replies.flush();
  }
}

function keepGoing(): boolean {
  return true;
}
