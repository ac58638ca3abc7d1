/**
 * Liveness: after the last fault has been lifted, a write is acknowledged within the bound while
 * clients want one, and at the end a node leads and all that are up have applied the same entries.
 *
 * Does not judge how quickly, beyond the bound, nor anything while a fault is in force; a run
 * whose clients had stopped before the last fault was lifted is judged by its replicas alone.
 */
import { type Duration, NEVER, type Time } from '../clock.ts';
import { type ClientReply, type ClientRequest, DELETE, type Outcome, PUT } from '../rpc.ts';
import type { Checker, FinalReplica, Report } from './checker.ts';

export class Progress implements Checker {
  readonly name = 'progress';
  readonly #report: Report;
  readonly #boundNs: Duration;
  #waitingSince: Time = NEVER;

  constructor(report: Report, boundNs: Duration) {
    this.#report = report;
    this.#boundNs = boundNs;
  }

  onHealed(now: Time): void {
    this.#waitingSince = now;
  }

  onOutcome(
    request: ClientRequest,
    _keyIndex: number,
    outcome: Outcome,
    _reply: ClientReply | undefined,
    now: Time,
  ): void {
    const isWrite = request.operation === PUT || request.operation === DELETE;
    if (isWrite && outcome === 'ok') this.#waitingSince = NEVER;
    else this.check(now, true);
  }

  /** The cluster calls it as time passes; `wanted`: clients have writes that are not answered. */
  check(now: Time, wanted: boolean): void {
    if (!wanted || now - this.#waitingSince <= this.#boundNs) return;
    const seconds = Math.round(this.#boundNs / 1e8) / 10;
    this.#report(this.name, `no write was acknowledged within ${seconds} s after the last fault was lifted`);
    this.#waitingSince = NEVER;
  }

  finish(replicas: readonly FinalReplica[]): void {
    const up = replicas.filter((replica) => replica.up);
    if (!replicas.some((replica) => replica.leads)) {
      this.#report(this.name, 'no node leads at the end, though all faults were lifted');
      return;
    }
    const most = up.reduce((highest, replica) => Math.max(highest, replica.appliedIndex), 0);
    for (const replica of up) {
      if (replica.appliedIndex < most) {
        this.#report(
          this.name,
          `n${replica.node + 1} stopped at applied index ${replica.appliedIndex}, others reached ${most}, though all faults were lifted`,
        );
        return;
      }
    }
  }
}
