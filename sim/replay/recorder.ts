/**
 * A run recorded for people: messages, roles, what the disks took and what clients were told, as `explain` shows them.
 * Watches as a checker that never complains and as the observer of events and messages, so that a run without it pays
 * nothing, and the run with it is the same run.
 */
import type { Checker } from '../checkers/checker.ts';
import { CHECKERS } from '../checkers/index.ts';
import type { Time } from '../clock.ts';
import type { PreloadProgress } from '../cluster/preload-build.ts';
import { createRun, type Run } from '../cluster.ts';
import type { EventObserver } from '../loop.ts';
import type { Configuration, Entry } from '../nodes/raft/messages.ts';
import type { ReplayWindow } from '../replay.ts';
import type { ClientReply, ClientRequest, Outcome } from '../rpc.ts';
import type { RunSpec } from '../run-spec.ts';
import { Bins } from './bins.ts';
import { DiskLog } from './disk-log.ts';
import { MessageLog } from './message-log.ts';
import { NodeLog } from './node-log.ts';
import { OperationLog } from './operation-log.ts';

const WHOLE_RUN: ReplayWindow = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** Lanes of `Recorder.traffic`. */
export const MESSAGES_SENT = 0;
export const OPERATIONS_OK = 1;

export class Recorder implements Checker, EventObserver {
  readonly name = 'recorder';
  readonly run: Run;
  readonly messages: MessageLog;
  readonly nodes: NodeLog;
  readonly disks: DiskLog;
  readonly operations = new OperationLog();
  readonly traffic = new Bins(2);
  #time: Time = 0;

  /** Messages are kept of the window only, all else of the whole run. */
  constructor(spec: RunSpec, window: ReplayWindow = WHOLE_RUN, onPreload?: PreloadProgress) {
    // the nodes start with the run
    this.nodes = new NodeLog(spec.cluster.nodes + (spec.cluster.spares ?? 0));
    this.run = createRun(spec, onPreload, [() => this, ...CHECKERS]);
    const { loop, diskCounters } = this.run;
    this.messages = new MessageLog(loop, window, () => this.traffic.add(loop.now, MESSAGES_SENT, 1));
    this.disks = new DiskLog(diskCounters);
    this.run.messageObserver = this.messages;
    loop.observer = this;
  }

  /** What the event before this one has changed. */
  onEvent(time: Time): void {
    this.#look();
    this.#time = time;
  }

  /** After the run's last event. */
  close(): void {
    this.#look();
  }

  #look(): void {
    this.nodes.look(this.#time, this.run.protocols());
    this.disks.look(this.#time);
  }

  onLeader(node: number, term: number): void {
    this.#note(node, `elected leader of term ${term}`);
  }
  onDeposed(node: number): void {
    this.#note(node, 'does not lead any more');
  }
  onAppend(node: number, entry: Entry): void {
    // the first entries are there before the run is
    this.nodes.onAppend(this.run === undefined ? 0 : this.run.loop.now, node, entry.index, entry.term);
  }
  onApply(node: number, index: number): void {
    this.nodes.onApply(node, index);
  }
  onEffect(_node: number, index: number, session: number, sequence: number): void {
    this.operations.onEffect(index, session, sequence);
  }
  onRestore(node: number, index: number): void {
    this.nodes.onApply(node, index);
    this.#note(node, `installed a snapshot up to entry ${index}`);
  }
  onRestart(node: number, appliedIndex: number): void {
    this.nodes.onApply(node, appliedIndex);
    if (this.#time > 0) this.#note(node, `restarts with what its disk holds: applied up to entry ${appliedIndex}`);
  }
  onConfiguration(node: number, index: number, { voters }: Configuration): void {
    this.#note(node, `has a new configuration after entry ${index}: voters ${voters.join(' ')}`);
  }
  onInvoke(request: ClientRequest, key: number, now: Time): void {
    this.operations.onInvoke(request, key, now);
  }
  onOutcome(request: ClientRequest, _key: number, outcome: Outcome, reply: ClientReply | undefined, now: Time): void {
    this.operations.onOutcome(request, outcome, reply, now);
    if (outcome === 'ok') this.traffic.add(now, OPERATIONS_OK, 1);
  }

  #note(node: number, what: string): void {
    this.nodes.note(this.run.loop.now, node, what);
  }
}
