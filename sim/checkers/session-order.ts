/**
 * Monotonic sessions: the revisions that a client is told never go back from one answer to the next, so that it reads
 * its own writes and never an older state than it has seen.
 *
 * Does not check reads that were allowed to be stale, nor one client against another (linearizability does), nor
 * whether a revision's content is right.
 */
import { type ClientReply, type ClientRequest, GET, type Outcome, RANGE } from '../rpc.ts';
import type { Checker, Report } from './checker.ts';

export class SessionOrder implements Checker {
  readonly name = 'session-order';
  readonly #report: Report;
  /** By session: the highest revision that it was told. Sessions are clients, and one more after each unknown outcome. */
  readonly #told = new Map<number, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  onOutcome(request: ClientRequest, _key: number, _outcome: Outcome, reply: ClientReply | undefined): void {
    if (reply === undefined) return;
    const { operation, session, serializable } = request;
    if (serializable && (operation === GET || operation === RANGE)) return;
    const told = this.#told.get(session) ?? 0;
    if (reply.revision > told) this.#told.set(session, reply.revision);
    else if (reply.revision < told) {
      this.#report(
        this.name,
        `session ${session} was told revision ${reply.revision} (request ${request.sequence}) after revision ${told}`,
      );
    }
  }
}
