/** Who watches what clients ask and are told: checkers, metrics. Must change nothing in what is simulated. */
import type { Time } from '../clock.ts';
import type { ClientReply, ClientRequest, Outcome } from '../rpc.ts';

export interface OperationObserver {
  /** An operation begins; its first attempt is about to be sent. */
  onInvoke(
    session: number,
    sequence: number,
    operation: number,
    keyIndex: number,
    request: ClientRequest,
    now: Time,
  ): void;
  /** It has ended. `reply` is there if and only if the outcome is `ok`. */
  onReply(
    session: number,
    sequence: number,
    operation: number,
    keyIndex: number,
    request: ClientRequest,
    outcome: Outcome,
    reply: ClientReply | undefined,
    intendedStart: Time,
    now: Time,
  ): void;
  /** No operation will begin any more and none is outstanding. */
  onDrained?(now: Time): void;
}
