/**
 * The checkers of one run, and what reaches them: what nodes and clients let be seen is handed on to
 * whoever wants it. The first complaint is kept and ends the run, as a violation or, if facts excuse it, as excused.
 */
import type { Value } from '../bytes/value.ts';
import type { Checker, FinalReplica } from '../checkers/checker.ts';
import { fingerprint } from '../checkers/fingerprint.ts';
import type { CheckerMaker, CheckerSettings } from '../checkers/index.ts';
import { Progress } from '../checkers/progress.ts';
import type { Time } from '../clock.ts';
import type { EventLoop } from '../loop.ts';
import type { NodeObserver } from '../nodes/observer.ts';
import type { Configuration, Entry } from '../nodes/raft/messages.ts';
import type { Excuse, ExcusedViolation, Violation } from '../result.ts';
import type { ClientReply, ClientRequest, Outcome } from '../rpc.ts';

/** After the first, further ones are usually its consequences; some are kept for the reader. */
const VIOLATIONS_MAX = 10;

export type KeyVisitor = (keyBytes: Uint8Array, keyFrom: number, keyTo: number, value: Value) => void;

export interface WalkableReplica extends FinalReplica {
  walk(visit: KeyVisitor): void;
}

type Watching<K extends keyof Checker> = Checker & Required<Pick<Checker, K>>;

export class Checks implements NodeObserver {
  readonly violations: Violation[] = [];
  readonly excused: ExcusedViolation[] = [];
  /** Why it could not be otherwise; undefined: it is a violation. */
  excuse: (check: string) => Excuse | undefined = () => undefined;
  /** Told of elections, restarts and installed snapshots: conditions of the timeline. */
  onElected: (node: number, term: number) => void = () => {};
  onRestored: (node: number) => void = () => {};
  onRestarted: (node: number) => void = () => {};
  readonly #loop: EventLoop;
  readonly #reproduce: string;
  /** Told of nodes that stopped because of a disk that was made faulty. */
  onGaveUp: (node: number, reason: string) => void = () => {};
  /** Told of nodes that ended because they are no members any more. */
  onRemoved: (node: number) => void = () => {};
  hasFaultyDisk: (node: number) => boolean = () => false;
  /** What the nodes are at the moment. */
  roles: () => string = () => '';
  readonly #all: readonly Checker[];
  readonly #progress: Progress | undefined;
  readonly #leader: readonly Watching<'onLeader'>[];
  readonly #deposed: readonly Watching<'onDeposed'>[];
  readonly #append: readonly Watching<'onAppend'>[];
  readonly #commit: readonly Watching<'onCommit'>[];
  readonly #apply: readonly Watching<'onApply'>[];
  readonly #effect: readonly Watching<'onEffect'>[];
  readonly #restore: readonly Watching<'onRestore'>[];
  readonly #restart: readonly Watching<'onRestart'>[];
  readonly #configuration: readonly Watching<'onConfiguration'>[];
  readonly #invoke: readonly Watching<'onInvoke'>[];
  readonly #outcome: readonly Watching<'onOutcome'>[];
  readonly #healed: readonly Watching<'onHealed'>[];
  readonly #begin: readonly Watching<'beginState'>[];
  readonly #key: readonly Watching<'onKey'>[];
  readonly #end: readonly Watching<'endState'>[];
  readonly #store: readonly Watching<'onStore'>[];
  readonly #finish: readonly Watching<'finish'>[];

  constructor(loop: EventLoop, checkers: readonly CheckerMaker[], settings: CheckerSettings, reproduce: string) {
    this.#loop = loop;
    this.#reproduce = reproduce;
    const report = (check: string, what: string): void => this.#report(check, what);
    const all = checkers.map((make) => make(report, settings));
    this.#all = all;
    this.#progress = all.find((checker) => checker instanceof Progress);
    this.#leader = watching(all, 'onLeader');
    this.#deposed = watching(all, 'onDeposed');
    this.#append = watching(all, 'onAppend');
    this.#commit = watching(all, 'onCommit');
    this.#apply = watching(all, 'onApply');
    this.#effect = watching(all, 'onEffect');
    this.#restore = watching(all, 'onRestore');
    this.#restart = watching(all, 'onRestart');
    this.#configuration = watching(all, 'onConfiguration');
    this.#invoke = watching(all, 'onInvoke');
    this.#outcome = watching(all, 'onOutcome');
    this.#healed = watching(all, 'onHealed');
    this.#begin = watching(all, 'beginState');
    this.#key = watching(all, 'onKey');
    this.#end = watching(all, 'endState');
    this.#store = watching(all, 'onStore');
    this.#finish = watching(all, 'finish');
  }

  onLeader(node: number, term: number): void {
    for (const checker of this.#leader) checker.onLeader(node, term);
    this.onElected(node, term);
  }
  onDeposed(node: number): void {
    for (const checker of this.#deposed) checker.onDeposed(node);
  }
  onAppend(node: number, entry: Entry, previousTerm: number): void {
    for (let i = 0; i < this.#append.length; i++) this.#append[i]!.onAppend(node, entry, previousTerm);
  }
  onCommit(node: number, entry: Entry): void {
    for (let i = 0; i < this.#commit.length; i++) this.#commit[i]!.onCommit(node, entry);
  }
  onApply(node: number, index: number, hash: number): void {
    for (let i = 0; i < this.#apply.length; i++) this.#apply[i]!.onApply(node, index, hash);
  }
  onEffect(node: number, index: number, session: number, sequence: number): void {
    for (let i = 0; i < this.#effect.length; i++) this.#effect[i]!.onEffect(node, index, session, sequence);
  }
  onRestore(node: number, index: number, hash: number): void {
    for (const checker of this.#restore) checker.onRestore(node, index, hash);
    this.onRestored(node);
  }
  onRestart(node: number, appliedIndex: number): void {
    for (const checker of this.#restart) checker.onRestart(node, appliedIndex);
    this.onRestarted(node);
  }
  onConfiguration(node: number, index: number, configuration: Configuration): void {
    for (const checker of this.#configuration) checker.onConfiguration(node, index, configuration);
  }
  onLeft(node: number): void {
    this.onRemoved(node);
  }
  /** A node whose disk was made faulty may stop by itself: that is what a sound node does. */
  onFailure(node: number, reason: string): void {
    if (this.hasFaultyDisk(node)) {
      this.onGaveUp(node, reason);
      return;
    }
    this.#report('node-failure', `n${node + 1} stopped by itself: ${reason}`);
  }

  onInvoke(request: ClientRequest, keyIndex: number): void {
    const { now } = this.#loop;
    for (let i = 0; i < this.#invoke.length; i++) this.#invoke[i]!.onInvoke(request, keyIndex, now);
  }

  onOutcome(request: ClientRequest, keyIndex: number, outcome: Outcome, reply: ClientReply | undefined): void {
    const { now } = this.#loop;
    for (let i = 0; i < this.#outcome.length; i++) this.#outcome[i]!.onOutcome(request, keyIndex, outcome, reply, now);
  }

  /** Of objects, as the checkers themselves say at the end. */
  get unproven(): number {
    return this.#all.reduce((sum, checker) => sum + (checker.unproven ?? 0), 0);
  }

  get hasComplaints(): boolean {
    return this.violations.length > 0 || this.excused.length > 0;
  }

  healed(now: Time): void {
    for (const checker of this.#healed) checker.onHealed(now);
  }

  /** As time passes: clients that get no answer at all must be noticed too. */
  checkProgress(now: Time, wanted: boolean): void {
    this.#progress?.check(now, wanted);
  }

  /** Walks the state of each replica once; one that lags behind is reported as such, not for what it lacks. */
  finish(replicas: readonly WalkableReplica[], now: Time): void {
    for (const checker of this.#finish) checker.finish(replicas, now);
    if (this.hasComplaints) return;
    for (const replica of replicas) {
      if (!replica.up) continue;
      for (const checker of this.#begin) checker.beginState(replica);
      replica.walk((keyBytes, keyFrom, keyTo, value) => {
        const mark = fingerprint(value);
        for (let i = 0; i < this.#key.length; i++) this.#key[i]!.onKey(keyBytes, keyFrom, keyTo, value, mark);
      });
      for (const checker of this.#end) checker.endState();
      if (this.hasComplaints) return;
    }
  }

  /** After everything else, and after the figures of the run were taken: it reads the stores' files. */
  checkStores(replicas: readonly FinalReplica[]): void {
    if (this.hasComplaints) return;
    for (const replica of replicas) if (replica.up) for (const checker of this.#store) checker.onStore(replica);
  }

  #report(check: string, what: string): void {
    this.#loop.stop();
    if (this.violations.length + this.excused.length >= VIOLATIONS_MAX) return;
    const { now, eventCount } = this.#loop;
    const violation = {
      check,
      what,
      timeNs: now,
      event: eventCount,
      roles: this.roles(),
      reproduce: this.#reproduce,
    };
    const excuse = this.excuse(check);
    if (excuse === undefined) this.violations.push(violation);
    else this.excused.push({ ...violation, ...excuse });
  }
}

function watching<K extends keyof Checker>(all: readonly Checker[], hook: K): readonly Watching<K>[] {
  return all.filter((checker): checker is Watching<K> => checker[hook] !== undefined);
}
