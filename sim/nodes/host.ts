/**
 * A node of the cluster: a machine, and on it one process that holds a member of each Raft group.
 *
 * Fault model. `crash` is a power failure: the process and its connections are gone, and the disk decides
 * what of its unsynced content survives. `kill` takes only the process: what it had written stays. `restart` starts a process that knows only the disk; until it
 * has read what it needs it takes no connections. `pause` stops the process with all it has. A node
 * whose disk fails, or holds what no crash explains, stays down and says why.
 */
import type { Duration, Time } from '../clock.ts';
import { WRITE_BACK_THREAD } from '../disk/simulated-disk.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { CloseReason, Connection, Endpoint, Listener, Side } from '../network/connection.ts';
import type { Network } from '../network/network.ts';
import type { OptionValues } from '../parameters.ts';
import type { ClientRequest, RequestMessage } from '../rpc.ts';
import { REQUESTS_HANDLED, Work } from '../work.ts';
import type { Machine } from './machine.ts';
import type { NodeObserver } from './observer.ts';
import { PEER_TAG, type PeerBundle, SNAPSHOT_TAG } from './peer-streams.ts';
import { Process } from './process.ts';
import { Replica, type ReplicaBlueprint } from './replica.ts';

const BOOTED = 1;
const REQUESTS_READY = 2;
const WRITE_BACK = 3;
const WRITTEN_BACK = 4;
const OPCODES = ['', 'started', 'requests decoded', 'page cache write-back', 'page cache written back'];

/** Linux writes back pages that have been dirty for a while: looked at every 5 s. */
const WRITE_BACK_NS = 5_000_000_000;

/** A message from clients whose decoding takes its time. */
class Decoding {
  message: RequestMessage | undefined;
  connection: Connection | undefined;
  side: Side = 0;
  arrivedAt: Time = 0;
}

export class Host implements Handler, Listener, Endpoint {
  readonly traceId: number;
  readonly machine: Machine;
  replicas: Replica[] = [];
  /** Running and past its recovery. */
  isUp = false;
  restarts = 0;
  /** As whom a process without a log starts; 0: the machine has none to start. */
  memberId: number;
  #process = new Process();
  readonly #loop: EventLoop;
  readonly #network: Network;
  readonly #observer: NodeObserver;
  #blueprints: readonly ReplicaBlueprint[];
  readonly #work = new Work();
  readonly #decoding: Decoding[] = [];
  readonly #freeDecodings: number[] = [];
  #boot = 0;
  #powerCuts = 0;

  constructor(
    machine: Machine,
    network: Network,
    observer: NodeObserver,
    blueprints: readonly ReplicaBlueprint[],
    memberId = machine.node + 1,
  ) {
    this.machine = machine;
    this.memberId = memberId;
    this.#loop = machine.loop;
    this.#network = network;
    this.#observer = observer;
    this.#blueprints = blueprints;
    this.traceId = machine.node + 100;
    this.#loop.schedule(this.#loop.now + WRITE_BACK_NS, this, WRITE_BACK);
  }

  get node(): number {
    return this.machine.node;
  }

  /** There is a process, though it may not be past its recovery. */
  get isAlive(): boolean {
    return this.#process.alive;
  }

  get isPaused(): boolean {
    return this.#process.paused;
  }

  /** A process on whatever the disk holds. */
  start(): void {
    const process = new Process(
      (reason) => this.fail(reason),
      () => this.leave(),
    );
    this.#process = process;
    this.#boot++;
    this.replicas = this.#blueprints.map(
      (blueprint) => new Replica(this.machine, process, this.#network, blueprint, this.memberId),
    );
    let ready = this.#loop.now;
    for (const replica of this.replicas) {
      if (!replica.recover()) {
        this.fail(replica.failure);
        return;
      }
      const computed = this.machine.compute(this.#loop.now, replica.work);
      ready = Math.max(ready, this.machine.play(replica.raftThread.diskThread, computed));
      ready = Math.max(ready, this.machine.play(replica.applyThread.diskThread, computed));
    }
    this.#loop.schedule(ready, this, BOOTED, this.#boot);
  }

  /** The process ends by its own decision. */
  fail(reason: string): void {
    this.#end();
    this.#observer.onFailure(this.node, reason);
  }

  /** The process ends because its member was removed. */
  leave(): void {
    this.#end();
    this.#observer.onLeft(this.node);
  }

  /** The machine is emptied, to be started as another member. */
  assign(memberId: number): void {
    this.wipe();
    this.memberId = memberId;
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.crash();
    this.machine.disk.wipe();
  }

  crash(): void {
    this.#end();
    this.#powerCuts++;
    this.machine.disk.crash();
    this.machine.forget();
  }

  kill(): void {
    this.#end();
    this.#endOnMachine();
  }

  restart(): void {
    if (this.memberId === 0 || (this.#process.alive && this.replicas.length > 0)) return;
    this.restarts++;
    // one that ended by itself did so in the middle of its calls
    this.#endOnMachine();
    this.start();
  }

  /** In place of those that its engines had, from the next process on. */
  setEngineOptions(options: OptionValues): void {
    this.#blueprints = this.#blueprints.map((blueprint) => {
      const { spec } = blueprint;
      const engine = { ...spec.engine, options: { ...spec.engine.options, ...options } };
      return { ...blueprint, spec: { ...spec, engine } };
    });
  }

  /** Starts a maintenance task of the engine, in each group; false if there is nothing to start. */
  maintain(task: string, argument: number | undefined): boolean {
    let hasStarted = false;
    if (this.isUp) for (const replica of this.replicas) hasStarted = replica.maintain(task, argument) || hasStarted;
    return hasStarted;
  }

  changeClock(driftPpm: number, jumpNs: Duration): void {
    this.machine.clock.change(this.#loop.now, driftPpm, jumpNs);
    if (this.isUp) for (const replica of this.replicas) replica.raftThread.onClockChange();
  }

  pause(): void {
    this.#process.paused = true;
  }

  resume(): void {
    if (!this.#process.paused) return;
    this.#process.resume();
    for (const replica of this.replicas) replica.raftThread.resume();
  }

  #end(): void {
    this.#process.kill();
    this.isUp = false;
    for (const replica of this.replicas) replica.snapshots.abandon();
    this.replicas = [];
    this.#network.resetMachine(this.node);
  }

  /** The machine goes on. Of what has ended nothing is left to do. */
  #endOnMachine(): void {
    this.machine.disk.endProcess();
    this.machine.endProcess();
  }

  handle(opcode: number, a: number, b: number): void {
    if (opcode === WRITE_BACK) {
      this.#writeBack();
      return;
    }
    if (opcode === WRITTEN_BACK) {
      if (a === this.#powerCuts) this.machine.finish(WRITE_BACK_THREAD);
      return;
    }
    if (opcode === BOOTED && a !== this.#boot) return;
    if (opcode === REQUESTS_READY && b !== this.#boot) {
      this.#release(a);
      return;
    }
    if (!this.#process.admits(this, opcode, a, b)) return;
    if (opcode === BOOTED) this.#booted();
    else this.#deliver(a);
  }

  describe(opcode: number): string {
    return `n${this.node + 1}: ${OPCODES[opcode]}`;
  }

  #booted(): void {
    for (const replica of this.replicas) {
      this.machine.finish(replica.raftThread.diskThread);
      this.machine.finish(replica.applyThread.diskThread);
    }
    this.isUp = true;
    this.#network.listen(this.node, this);
    for (const replica of this.replicas) replica.start();
  }

  /** The operating system's doing: it goes on while the process is paused or gone. */
  #writeBack(): void {
    const { machine } = this;
    const { now } = this.#loop;
    machine.disk.writeBack();
    this.#loop.schedule(machine.play(WRITE_BACK_THREAD, now), this, WRITTEN_BACK, this.#powerCuts);
    this.#loop.schedule(now + WRITE_BACK_NS, this, WRITE_BACK);
  }

  // ——— network ———

  accept(): Endpoint | undefined {
    return this.isUp ? this : undefined;
  }

  onMessage(connection: Connection, side: Side, message: unknown): void {
    if (connection.tag === PEER_TAG || connection.tag === SNAPSHOT_TAG) {
      const bundle = message as PeerBundle;
      this.replicas[bundle.group]!.receive(bundle, connection, side);
      return;
    }
    const count = Array.isArray(message) ? message.length : 1;
    this.#work.counts[REQUESTS_HANDLED] = this.#work.counts[REQUESTS_HANDLED]! + count;
    const arrivedAt = this.#loop.now;
    let slot = this.#decoding.length;
    if (this.#freeDecodings.length > 0) slot = this.#freeDecodings.pop()!;
    else this.#decoding.push(new Decoding());
    const decoding = this.#decoding[slot]!;
    decoding.message = message as RequestMessage;
    decoding.connection = connection;
    decoding.side = side;
    decoding.arrivedAt = arrivedAt;
    this.#loop.schedule(this.machine.compute(arrivedAt, this.#work), this, REQUESTS_READY, slot, this.#boot);
  }

  onClosed(_connection: Connection, _side: Side, _reason: CloseReason): void {
    // peers dial again; clients' pending requests are answered into the void
  }

  #release(slot: number): void {
    this.#decoding[slot]!.message = undefined;
    this.#decoding[slot]!.connection = undefined;
    this.#freeDecodings.push(slot);
  }

  #deliver(slot: number): void {
    const { message, connection, side, arrivedAt } = this.#decoding[slot]!;
    this.#release(slot);
    const replica = this.replicas[0]!; // one group a cluster until partitioned clusters route by key
    if (Array.isArray(message)) {
      for (let i = 0; i < message.length; i++) replica.request(message[i]!, connection!, side, arrivedAt);
    } else replica.request(message as ClientRequest, connection!, side, arrivedAt);
    replica.raftThread.wake();
  }
}
