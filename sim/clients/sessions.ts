/**
 * Sessions: clients that have one request outstanding each, and what happens when no good answer comes.
 *
 * An attempt that times out, is refused, or loses its connection is made again, under the same
 * session and sequence, after an exponential back-off with jitter, at another node or where the
 * reply said that the leader is. No attempt begins later than `giveUpNs` after the first; then the operation ends: as `unknown` if it is a write
 * that some node may have accepted (the client then goes on under a new session), else as `failed`.
 *
 * Simplified: all clients of a machine share one connection to each node.
 */
import { assert } from '../assert.ts';
import type { Duration, Time } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { Network } from '../network/network.ts';
import type { Rng } from '../rng.ts';
import { type ClientReply, type ClientRequest, DELETE, type Outcome, PUT, WAITS } from '../rpc.ts';
import type { WorkloadSpec } from '../run-spec.ts';
import { Channel, type ChannelOwner } from './channel.ts';
import type { LatencyRecorder } from './latency-recorder.ts';
import type { LoadCounts } from './load-counts.ts';
import type { OperationObserver } from './observer.ts';
import { RequestSource } from './request-source.ts';

// Of the load's opcodes those that are the sessions'.
const TIMEOUT = 3;
const RETRY = 4;

// What a client is doing.
const IDLE = 0;
/** Its request waits for the connection. */
const WAITING = 1;
const SENT = 2;
const BACKING_OFF = 3;

/** Redirections that are followed at once; then a back-off, because the nodes don't agree. */
const REDIRECTIONS_MAX = 3;
/** In time-outs: how long after the first attempt another may begin. */
const GIVE_UP_TIMEOUTS = 4;
const CLIENT_QUEUE = WAITS.indexOf('clientQueue');
const NETWORK = WAITS.indexOf('network');
const RETRIES = WAITS.indexOf('retry');

export interface SessionsOptions {
  readonly workload: WorkloadSpec;
  /** Machines that clients run on; client i on number i modulo their count. */
  readonly clientMachines: readonly number[];
  /** Machine of each node. */
  readonly nodeMachines: readonly number[];
  /** The first so many of them are asked first; default: all. */
  readonly nodesAtStart?: number;
  readonly observer: OperationObserver;
  readonly recorder: LatencyRecorder;
  readonly traceId: number;
  /** How long after the first attempt another may begin; default: four time-outs. */
  readonly giveUpNs?: Duration;
}

export class Sessions implements Handler, ChannelOwner {
  readonly traceId: number;
  /** Clients with an operation under way. */
  busy = 0;
  readonly #loop: EventLoop;
  readonly #spec: WorkloadSpec;
  readonly #counts: LoadCounts;
  readonly #observer: OperationObserver;
  readonly #recorder: LatencyRecorder;
  /** Told when a client's operation is over. */
  readonly #onIdle: (client: number) => void;
  readonly #clients: number;
  readonly #nodes: number;
  readonly #machines: number;
  readonly #channels: Channel[] = [];
  /** Channels that were handed requests; the first `#dirtyCount` count. */
  readonly #dirty: Channel[] = [];
  #dirtyCount = 0;
  readonly #giveUpNs: Duration;
  readonly #backoffRng: Rng;
  readonly #source: RequestSource;

  // By client.
  readonly #state: Uint8Array;
  readonly #session: Float64Array;
  readonly #sequence: Float64Array;
  readonly #request: (ClientRequest | undefined)[];
  readonly #keyIndex: Float64Array;
  readonly #intendedStart: Float64Array;
  readonly #firstSend: Float64Array;
  readonly #attemptStart: Float64Array;
  readonly #attempt: Int32Array;
  readonly #deadline: Float64Array;
  readonly #hasTimer: Uint8Array;
  readonly #backoffNs: Float64Array;
  readonly #redirections: Uint8Array;
  /** Some node may have taken it. */
  readonly #isInDoubt: Uint8Array;
  readonly #target: Int32Array;
  /** Where the next operation starts. */
  readonly #home: Int32Array;
  readonly #waits = new Float64Array(WAITS.length);

  constructor(
    loop: EventLoop,
    network: Network,
    rng: Rng,
    options: SessionsOptions,
    counts: LoadCounts,
    onIdle: (client: number) => void,
  ) {
    const { workload } = options;
    this.#loop = loop;
    this.#spec = workload;
    this.traceId = options.traceId;
    this.#counts = counts;
    this.#observer = options.observer;
    this.#recorder = options.recorder;
    this.#onIdle = onIdle;
    this.#giveUpNs = options.giveUpNs ?? GIVE_UP_TIMEOUTS * workload.timeoutNs;
    const { clients } = workload;
    this.#clients = clients;
    this.#nodes = options.nodeMachines.length;
    this.#machines = options.clientMachines.length;
    this.#backoffRng = rng.fork('backoff');
    this.#source = new RequestSource(workload, rng);
    for (const [machine, from] of options.clientMachines.entries()) {
      for (const [node, to] of options.nodeMachines.entries()) {
        this.#channels.push(new Channel(this, network, { machine, node, from, to }, workload.backoff));
      }
    }
    this.#state = new Uint8Array(clients);
    this.#session = new Float64Array(clients);
    this.#sequence = new Float64Array(clients);
    this.#request = new Array<ClientRequest | undefined>(clients).fill(undefined);
    this.#keyIndex = new Float64Array(clients);
    this.#intendedStart = new Float64Array(clients);
    this.#firstSend = new Float64Array(clients);
    this.#attemptStart = new Float64Array(clients);
    this.#attempt = new Int32Array(clients);
    this.#deadline = new Float64Array(clients);
    this.#hasTimer = new Uint8Array(clients);
    this.#backoffNs = new Float64Array(clients);
    this.#redirections = new Uint8Array(clients);
    this.#isInDoubt = new Uint8Array(clients);
    this.#target = new Int32Array(clients);
    this.#home = new Int32Array(clients);
    for (let client = 0; client < clients; client++) {
      this.#session[client] = client + 1;
      this.#home[client] = client % (options.nodesAtStart ?? this.#nodes);
    }
  }

  handle(opcode: number, client: number, attempt: number): void {
    if (opcode === TIMEOUT) this.#onTimer(client);
    else if (this.#state[client] === BACKING_OFF && this.#attempt[client] === attempt) this.#tryAgain(client);
    this.flush();
  }

  describe(opcode: number, client: number): string {
    return this.say(client, opcode === TIMEOUT ? 'looks at its time-out' : 'tries again');
  }

  /** One line for people. */
  say(client: number, what: string): string {
    return `client ${client} ${what}, session ${this.#session[client]} sequence ${this.#sequence[client]}`;
  }

  /** The next operation of an idle client; `flush` must follow. */
  begin(client: number, intendedStart: Time): void {
    const { now } = this.#loop;
    this.busy++;
    const session = this.#session[client]!;
    const sequence = this.#sequence[client]! + 1;
    this.#sequence[client] = sequence;
    const request = this.#source.next(session, sequence);
    const index = this.#source.keyIndex;
    this.#request[client] = request;
    this.#keyIndex[client] = index;
    this.#intendedStart[client] = intendedStart;
    this.#firstSend[client] = now;
    this.#backoffNs[client] = this.#spec.backoff.initialNs;
    this.#redirections[client] = 0;
    this.#isInDoubt[client] = 0;
    this.#target[client] = this.#home[client]!;
    this.#counts.invoked++;
    this.#observer.onInvoke(session, sequence, request.operation, index, request, now);
    this.#tryOnce(client);
  }

  // ——— attempts ———

  #tryOnce(client: number): void {
    const { now } = this.#loop;
    const attempt = ++this.#attempt[client]!;
    this.#attemptStart[client] = now;
    this.#deadline[client] = now + this.#spec.timeoutNs;
    this.#state[client] = WAITING;
    const channel = this.#channels[(client % this.#machines) * this.#nodes + this.#target[client]!]!;
    if (!channel.submit(client, attempt, now)) {
      this.#moveOn(client);
      this.#backOff(client);
      return;
    }
    if (!channel.isDirty) {
      channel.isDirty = true;
      this.#dirty[this.#dirtyCount++] = channel;
    }
    if (this.#hasTimer[client] === 0) this.#setTimer(client, this.#deadline[client]!);
  }

  #tryAgain(client: number): void {
    this.#counts.retries++;
    this.#tryOnce(client);
  }

  /** Another node next time. */
  #moveOn(client: number): void {
    const next = this.#target[client]! + 1;
    const node = next < this.#nodes ? next : 0;
    this.#target[client] = node;
    this.#home[client] = node;
  }

  #backOff(client: number): void {
    const { now } = this.#loop;
    const longest = this.#backoffNs[client]!;
    this.#backoffNs[client] = Math.min(longest * 2, this.#spec.backoff.maxNs);
    const delayNs = Math.max(1, Math.round(longest / 2 + this.#backoffRng.float() * (longest / 2)));
    if (now + delayNs - this.#firstSend[client]! > this.#giveUpNs) {
      this.#giveUp(client);
      return;
    }
    this.#state[client] = BACKING_OFF;
    this.#loop.schedule(now + delayNs, this, RETRY, client, this.#attempt[client]!);
  }

  #setTimer(client: number, at: Time): void {
    this.#hasTimer[client] = 1;
    this.#loop.schedule(at, this, TIMEOUT, client);
  }

  /** One timer a client, set when it has none: an answer does not cancel it, it looks at the deadline that holds now. */
  #onTimer(client: number): void {
    this.#hasTimer[client] = 0;
    const state = this.#state[client];
    if (state !== SENT && state !== WAITING) return;
    const deadline = this.#deadline[client]!;
    if (deadline > this.#loop.now) {
      this.#setTimer(client, deadline);
      return;
    }
    this.#counts.timeouts++;
    if (state === SENT) this.#isInDoubt[client] = 1;
    this.#moveOn(client);
    this.#backOff(client);
  }

  // ——— the channels' side ———

  wanted(channel: Channel, client: number, attempt: number): ClientRequest | undefined {
    if (this.#attempt[client] !== attempt || this.#state[client] !== WAITING) return undefined;
    return this.#target[client] === channel.node ? this.#request[client] : undefined;
  }

  onSent(client: number): void {
    this.#state[client] = SENT;
  }

  onOpened(channel: Channel): void {
    channel.flush();
  }

  onReplies(channel: Channel, message: unknown): void {
    if (Array.isArray(message)) for (const reply of message) this.#onReply(reply as ClientReply, channel.node);
    else this.#onReply(message as ClientReply, channel.node);
    this.flush();
  }

  onLost(channel: Channel): void {
    this.#counts.connectionsLost++;
    for (let client = channel.machine; client < this.#clients; client += this.#machines) {
      const state = this.#state[client];
      if (this.#target[client] !== channel.node || (state !== SENT && state !== WAITING)) continue;
      if (state === SENT) this.#isInDoubt[client] = 1;
      this.#moveOn(client);
      this.#backOff(client);
    }
    this.flush();
  }

  /** Sends what was begun or tried again. */
  flush(): void {
    for (let i = 0; i < this.#dirtyCount; i++) {
      const channel = this.#dirty[i]!;
      channel.isDirty = false;
      channel.flush();
    }
    this.#dirtyCount = 0;
  }

  // ——— answers ———

  #onReply(reply: ClientReply, node: number): void {
    const client = (reply.session - 1) % this.#clients;
    const state = this.#state[client];
    const isCurrent =
      reply.session === this.#session[client] && reply.sequence === this.#sequence[client] && state >= WAITING;
    if (!isCurrent) {
      this.#counts.staleReplies++;
    } else if (reply.status === 'ok') {
      // Whichever attempt it answers: the operation is done.
      // a follower that forwarded the request says for whom
      if (this.#spec.target === 'leader')
        this.#home[client] = reply.leader >= 0 && reply.leader < this.#nodes ? reply.leader : node;
      this.#succeed(client, reply);
    } else if (state !== SENT || this.#target[client] !== node) {
      this.#counts.staleReplies++;
    } else {
      this.#onRefusal(client, reply);
    }
  }

  #onRefusal(client: number, reply: ClientReply): void {
    const { leader } = reply;
    switch (reply.status) {
      case 'no-space':
        this.#giveUp(client);
        return;
      case 'not-leader':
        if (leader >= 0 && leader < this.#nodes && leader !== this.#target[client]) {
          this.#counts.redirections++;
          this.#target[client] = leader;
          if (this.#spec.target === 'leader') this.#home[client] = leader;
          if (++this.#redirections[client]! <= REDIRECTIONS_MAX) {
            this.#tryAgain(client);
            return;
          }
          break;
        }
        this.#moveOn(client);
        break;
      case 'unknown':
        this.#isInDoubt[client] = 1;
        this.#moveOn(client);
        break;
      case 'too-many-requests':
        break;
      default:
        this.#moveOn(client);
    }
    this.#backOff(client);
  }

  #succeed(client: number, reply: ClientReply): void {
    const { now } = this.#loop;
    const request = this.#request[client]!;
    const { operation } = request;
    const intendedStart = this.#intendedStart[client]!;
    this.#counts.ok++;
    this.#splitWaits(client, reply, now);
    const bytes = request.key.length + (request.value === undefined ? 0 : request.value.length);
    this.#recorder.ok(operation, now - intendedStart, this.#waits, bytes, now);
    this.#end(client, 'ok', reply);
  }

  /** The node's waits, and what they leave of the latency: it adds up. */
  #splitWaits(client: number, reply: ClientReply, now: Time): void {
    const waits = this.#waits;
    let atNode = 0;
    if (reply.waits === undefined) waits.fill(0);
    else {
      for (let i = 0; i < waits.length; i++) {
        waits[i] = reply.waits[reply.waitsFrom + i]!;
        atNode += waits[i]!;
      }
    }
    const firstSend = this.#firstSend[client]!;
    let retriesNs = this.#attemptStart[client]! - firstSend;
    let networkNs = now - this.#attemptStart[client]! - atNode;
    if (networkNs < 0) {
      // The answer is to an earlier attempt: what is not the node's counts as retry.
      retriesNs += networkNs;
      networkNs = 0;
      if (retriesNs < 0) {
        networkNs = retriesNs;
        retriesNs = 0;
        this.#counts.waitsExceeded++;
      }
    }
    waits[CLIENT_QUEUE]! += firstSend - this.#intendedStart[client]!;
    waits[NETWORK]! += networkNs;
    waits[RETRIES]! += retriesNs;
  }

  #giveUp(client: number): void {
    const { operation } = this.#request[client]!;
    const isUnknown = this.#isInDoubt[client] === 1 && (operation === PUT || operation === DELETE);
    if (isUnknown) this.#counts.unknown++;
    else this.#counts.failed++;
    this.#recorder.failed(this.#loop.now);
    this.#end(client, isUnknown ? 'unknown' : 'failed', undefined);
  }

  #end(client: number, outcome: Outcome, reply: ClientReply | undefined): void {
    const { now } = this.#loop;
    const request = this.#request[client]!;
    const session = this.#session[client]!;
    const sequence = this.#sequence[client]!;
    this.#state[client] = IDLE;
    this.#request[client] = undefined;
    this.busy--;
    if (outcome === 'unknown') {
      // A late attempt must not meet a later sequence of its own session.
      this.#session[client] = session + this.#clients;
      this.#sequence[client] = 0;
      assert(this.#session[client]! < 4294967296, 'load: more than 2^32 sessions');
    }
    const intendedStart = this.#intendedStart[client]!;
    const { operation } = request;
    const index = this.#keyIndex[client]!;
    this.#observer.onReply(session, sequence, operation, index, request, outcome, reply, intendedStart, now);
    this.#onIdle(client);
  }
}
