/** Clients against nodes that do what a test tells them: no Raft, no disk. */

import { LatencyRecorder } from '../../sim/clients/latency-recorder.ts';
import { Load, type LoadOptions } from '../../sim/clients/load.ts';
import type { OperationObserver } from '../../sim/clients/observer.ts';
import { MILLISECOND, SECOND, type Time } from '../../sim/clock.ts';
import { EventLoop, type Handler } from '../../sim/loop.ts';
import { ACCEPTOR, type Connection, type Endpoint, type Side } from '../../sim/network/connection.ts';
import { Network } from '../../sim/network/network.ts';
import { Rng } from '../../sim/rng.ts';
import type { Outcome } from '../../sim/rpc.ts';
import { type ClientReply, type ClientRequest, OPERATIONS, replyBytes } from '../../sim/rpc.ts';
import type { LinkSpec, WorkloadSpec } from '../../sim/run-spec.ts';
import { Trace } from '../../sim/trace.ts';

export const LINK: LinkSpec = {
  latencyNs: MILLISECOND,
  jitterNs: 0,
  bandwidthBytesPerS: Number.POSITIVE_INFINITY,
  queueBytes: 1e6,
};

export const WORKLOAD: WorkloadSpec = {
  clients: 1,
  load: { kind: 'closed', ratePerSMax: 0 },
  mix: { put: 1, get: 0, delete: 0, range: 0 },
  keys: { order: 'sequential', count: 1000, bytes: 8, zipfianExponent: 0.99 },
  value: { kind: 'fixed', bytes: 100 },
  rangeKeys: 10,
  serializableReads: false,
  target: 'leader',
  timeoutNs: SECOND,
  backoff: { initialNs: 100 * MILLISECOND, maxNs: SECOND },
  preloadKeys: 0,
};

/** What a node does with a request: answer now, after a delay, or (undefined) never. */
export type Script = (
  request: ClientRequest,
  node: number,
  now: Time,
) => { reply: Partial<ClientReply>; afterNs?: number } | undefined;

export const OK: Script = () => ({ reply: { status: 'ok' } });

export interface Ended {
  readonly session: number;
  readonly sequence: number;
  readonly operation: string;
  readonly key: number;
  readonly outcome: Outcome;
  readonly intendedMs: number;
  readonly endMs: number;
}

class FakeNode implements Handler, Endpoint {
  readonly traceId: number;
  readonly #bed: Bed;
  readonly #node: number;
  readonly #later: { connection: Connection; reply: ClientReply }[] = [];

  constructor(bed: Bed, node: number) {
    this.#bed = bed;
    this.#node = node;
    this.traceId = 10 + node;
  }
  handle(_opcode: number, slot: number): void {
    const { connection, reply } = this.#later[slot]!;
    connection.send(ACCEPTOR, reply, replyBytes(reply));
  }
  onMessage(connection: Connection, _side: Side, message: unknown): void {
    const requests = Array.isArray(message) ? (message as ClientRequest[]) : [message as ClientRequest];
    const replies: ClientReply[] = [];
    for (const request of requests) {
      this.#bed.received.push({ node: this.#node, request, atMs: this.#bed.loop.now / MILLISECOND });
      const answer = this.#bed.script(request, this.#node, this.#bed.loop.now);
      if (answer === undefined) continue;
      const reply: ClientReply = {
        kind: 'reply',
        session: request.session,
        sequence: request.sequence,
        status: 'ok',
        leader: this.#node,
        value: undefined,
        count: 0,
        revision: 0,
        waits: undefined,
        waitsFrom: 0,
        ...answer.reply,
      };
      if (answer.afterNs === undefined) replies.push(reply);
      else
        this.#bed.loop.schedule(
          this.#bed.loop.now + answer.afterNs,
          this,
          1,
          this.#later.push({ connection, reply }) - 1,
        );
    }
    if (replies.length === 1) connection.send(ACCEPTOR, replies[0], replyBytes(replies[0]!));
    else if (replies.length > 1) {
      connection.send(
        ACCEPTOR,
        replies,
        replies.reduce((sum, reply) => sum + replyBytes(reply), 0),
      );
    }
  }
  onClosed(): void {}
}

export class Bed implements OperationObserver {
  readonly loop = new EventLoop(new Trace());
  readonly network: Network;
  readonly recorder: LatencyRecorder;
  readonly load: Load;
  readonly received: { node: number; request: ClientRequest; atMs: number }[] = [];
  readonly invoked: { session: number; sequence: number; operation: string; key: number; atMs: number }[] = [];
  readonly ended: Ended[] = [];
  drainedMs: number | undefined;
  script: Script = OK;

  constructor(workload: Partial<WorkloadSpec>, options: Partial<LoadOptions> = {}, nodes = 3, link = LINK) {
    const rng = new Rng(1);
    this.network = new Network(this.loop, rng.fork('network'), { machines: nodes + 1, link, traceId: 1 });
    this.recorder = new LatencyRecorder(SECOND);
    for (let node = 0; node < nodes; node++) this.listen(node);
    this.load = new Load(this.loop, this.network, rng.fork('clients'), {
      workload: { ...WORKLOAD, ...workload },
      clientMachines: [nodes],
      nodeMachines: Array.from({ length: nodes }, (_, node) => node),
      observer: this,
      recorder: this.recorder,
      operationsMax: 0,
      traceId: 2,
      ...options,
    });
  }

  listen(node: number): void {
    const fake = new FakeNode(this, node);
    this.network.listen(node, { accept: () => fake });
  }

  runTo(milliseconds: number): void {
    const until = Math.round(milliseconds * MILLISECOND);
    this.loop.schedule(until, { traceId: 0, handle: () => {} }, 0);
    if (this.loop.run(until, 1e7) === 'budget') throw new Error('the event budget ran out');
  }

  onInvoke(session: number, sequence: number, operation: number, key: number): void {
    const atMs = this.loop.now / MILLISECOND;
    this.invoked.push({ session, sequence, operation: OPERATIONS[operation]!, key, atMs });
  }
  onReply(
    session: number,
    sequence: number,
    operation: number,
    key: number,
    _request: ClientRequest,
    outcome: Outcome,
    _reply: ClientReply | undefined,
    intendedStart: Time,
    now: Time,
  ): void {
    const [intendedMs, endMs] = [intendedStart / MILLISECOND, now / MILLISECOND];
    this.ended.push({ session, sequence, operation: OPERATIONS[operation]!, key, outcome, intendedMs, endMs });
  }
  onDrained(now: Time): void {
    this.drainedMs = now / MILLISECOND;
  }
}
