/**
 * What the clients of a run were told, as a history that `raftlab check` reads (model `register`): a process is a client's
 * session, `called` and `returned` are virtual ns, and a value is the CRC-32C of its bytes, which tells the writes apart.
 *
 * Left out: ranges, reads that were allowed to be stale, reads without an answer, and writes that had no effect. What a
 * key held before the run appears as a write before time 0, by a process of its own, once the key is used.
 */
import type { Value } from '../sim/bytes/value.ts';
import { fingerprint } from '../sim/checkers/fingerprint.ts';
import type { OperationObserver } from '../sim/clients/observer.ts';
import type { Time } from '../sim/clock.ts';
import { type ClientReply, type ClientRequest, DELETE, GET, type Outcome, RANGE } from '../sim/rpc.ts';

export class HistoryRecorder implements OperationObserver {
  readonly #addLine: (line: string) => void;
  readonly #preloaded: (key: number) => number;
  /** By session: when the operation at hand was called. */
  readonly #open = new Map<number, { readonly request: ClientRequest; readonly key: number; readonly called: Time }>();
  readonly #seen = new Set<number>();

  /** `preloaded`: the mark of what a key held before the run; 0: nothing. */
  constructor(addLine: (line: string) => void, preloaded: (key: number) => number) {
    this.#addLine = addLine;
    this.#preloaded = preloaded;
  }

  onInvoke(
    session: number,
    _sequence: number,
    operation: number,
    key: number,
    request: ClientRequest,
    now: Time,
  ): void {
    if (operation === RANGE || request.serializable) return;
    if (!this.#seen.has(key)) this.#begin(key);
    this.#open.set(session, { request, key, called: now });
  }

  onReply(
    session: number,
    _sequence: number,
    _operation: number,
    _key: number,
    _request: ClientRequest,
    outcome: Outcome,
    reply: ClientReply | undefined,
    _intendedStart: Time,
    now: Time,
  ): void {
    const begun = this.#open.get(session);
    if (begun === undefined) return;
    this.#open.delete(session);
    if (outcome !== 'failed') this.#end(session, begun, reply, now);
  }

  /** The run is over: what has not returned may or may not have happened. */
  finish(): void {
    for (const [session, begun] of this.#open) this.#end(session, begun, undefined, 0);
    this.#open.clear();
  }

  #begin(key: number): void {
    this.#seen.add(key);
    const before = this.#preloaded(key);
    if (before === 0) return;
    const process = `preload ${key}`;
    const times = { called: -2, returned: -1 };
    this.#addLine(JSON.stringify({ process, key: keyName(key), kind: 'write', argument: text(before), ...times }));
  }

  #end(
    session: number,
    { request, key, called }: { readonly request: ClientRequest; readonly key: number; readonly called: Time },
    reply: ClientReply | undefined,
    now: Time,
  ): void {
    const { operation, value } = request;
    const isRead = operation === GET;
    if (isRead && reply === undefined) return;
    this.#addLine(
      JSON.stringify({
        process: String(session),
        key: keyName(key),
        kind: isRead ? 'read' : operation === DELETE ? 'delete' : 'write',
        ...(value !== undefined && { argument: mark(value) }),
        ...(reply?.value !== undefined && { result: mark(reply.value) }),
        called,
        ...(reply !== undefined && { returned: now }),
      }),
    );
  }
}

function keyName(key: number): string {
  return `k${key}`;
}

function mark(value: Value): string {
  return text(fingerprint(value));
}

function text(fingerprintOfValue: number): string {
  return fingerprintOfValue.toString(16).padStart(8, '0');
}
