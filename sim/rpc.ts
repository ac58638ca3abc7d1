/**
 * What clients and nodes say to each other: types only, because clients and nodes are
 * siblings that don't import one another. Objects travel through the simulated network by
 * reference and are never changed after sending; `…Bytes` give their size on the wire.
 */
import type { Value } from './bytes/value.ts';

export const OPERATIONS = ['put', 'get', 'delete', 'range'] as const;
export type OperationName = (typeof OPERATIONS)[number];
export const PUT = 0;
export const GET = 1;
export const DELETE = 2;
export const RANGE = 3;

export interface ClientRequest {
  readonly kind: 'request';
  /** Names the client for ever; with `sequence` it names the request, so that a retry is not applied twice. */
  readonly session: number;
  /** Counts up from 1 within a session; a session has one request outstanding. */
  readonly sequence: number;
  readonly operation: number;
  readonly key: Uint8Array;
  /** RANGE: exclusive end. */
  readonly keyEnd: Uint8Array | undefined;
  /** RANGE: at most so many. */
  readonly limit: number;
  /** PUT. */
  readonly value: Value | undefined;
  /** Reads: false goes through ReadIndex or the lease, true answers from the node's own state. */
  readonly serializable: boolean;
}

/**
 * `ok`: done, durable, applied. `not-leader`: not done; try `leader`. `too-many-requests`, `no-leader`,
 * `no-space`, `unavailable`: not done. `unknown`: accepted, then lost sight of (leader changed): may or may not take effect.
 */
export type ReplyStatus =
  | 'ok'
  | 'not-leader'
  | 'no-leader'
  | 'too-many-requests'
  | 'no-space'
  | 'unavailable'
  | 'unknown';

/** Where an operation's latency was spent inside the node that answered, ns, indexed as `WAITS`. */
export const WAITS = [
  'clientQueue', // intended start to first send (open loop)
  'network',
  'raftThread', // waiting for and being handled by the Raft loop
  'walSync',
  'replication', // local sync done, quorum not yet
  'applyQueue',
  'engineCpu',
  'engineStall',
  'diskQueue', // reads from the device, commits in the way
  'retry', // earlier attempts and back-off
] as const;

/**
 * How an operation ended for its client. `ok`: acknowledged. `failed`: certainly without effect, or a read
 * without an answer. `unknown`: a write that may or may not take effect, now or later.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

export interface ClientReply {
  readonly kind: 'reply';
  readonly session: number;
  readonly sequence: number;
  readonly status: ReplyStatus;
  /** Node number of the leader as far as the replier knows; −1 unknown. */
  readonly leader: number;
  /** GET: undefined if the key is not there. */
  readonly value: Value | undefined;
  /** RANGE: keys returned. */
  readonly count: number;
  /** mvcc: the revision of the answer; raw: the applied index. */
  readonly revision: number;
  /** ns by `WAITS` from element `waitsFrom` on, in a block that replies share; undefined where nothing was done. */
  readonly waits: Float64Array | undefined;
  readonly waitsFrom: number;
}

/** One message on a connection between client and node: what was ready at the same instant may share one. */
export type RequestMessage = ClientRequest | readonly ClientRequest[];
export type ReplyMessage = ClientReply | readonly ClientReply[];

export function requestBytes(request: ClientRequest): number {
  return 48 + request.key.length + (request.keyEnd?.length ?? 0) + (request.value?.length ?? 0);
}
export function replyBytes(reply: ClientReply): number {
  return 40 + (reply.value?.length ?? 0) + reply.count * 64;
}
