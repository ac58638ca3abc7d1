/**
 * Durability: at the end, every replica holds for each key the acknowledged write that was applied
 * last, or a write of unknown outcome to that key; and no key that nobody wrote.
 *
 * Does not check reads made during the run (linearizability is a checker of its own), nor in which
 * order writes of unknown outcome took effect. Costs 9 bytes a key.
 */
import type { Value } from '../bytes/value.ts';
import { type ClientReply, type ClientRequest, DELETE, type Outcome, PUT } from '../rpc.ts';
import type { Checker, FinalReplica, KeySpace, Report } from './checker.ts';
import { fingerprint } from './fingerprint.ts';

/** Beyond so many writes of unknown outcome the run is not a test of durability any more. */
const UNKNOWN_MAX = 1_000_000;

export class AcknowledgedWrites implements Checker {
  readonly name = 'acknowledged-writes';
  readonly #report: Report;
  readonly #keys: KeySpace;
  /** By key: applied index of the newest acknowledged write, modulo 2^32 (0: none), and its fingerprint (0: a delete). */
  readonly #appliedAt: Uint32Array;
  readonly #written: Uint32Array;
  /** By key: fingerprints of writes that may or may not have taken effect; 0 stands for a delete. */
  readonly #unknown = new Map<number, number[]>();
  #unknownCount = 0;

  // the replica at hand
  #replica = 0;
  readonly #seen: Uint8Array;
  /** Until the first difference: the others are its consequences. */
  #isJudging = true;

  constructor(report: Report, keys: KeySpace) {
    this.#report = report;
    this.#keys = keys;
    this.#appliedAt = new Uint32Array(keys.count);
    this.#written = new Uint32Array(keys.count);
    this.#seen = new Uint8Array(keys.count);
  }

  onOutcome(request: ClientRequest, keyIndex: number, outcome: Outcome, reply: ClientReply | undefined): void {
    if (request.operation !== PUT && request.operation !== DELETE) return;
    if (outcome === 'failed') return;
    const mark = request.operation === DELETE ? 0 : fingerprint(request.value as Value);
    if (reply === undefined) this.#rememberUnknown(keyIndex, mark);
    else if (reply.revision >= this.#appliedAt[keyIndex]!) {
      this.#appliedAt[keyIndex] = reply.revision;
      this.#written[keyIndex] = mark;
    }
  }

  #rememberUnknown(keyIndex: number, mark: number): void {
    if (++this.#unknownCount > UNKNOWN_MAX) return;
    const marks = this.#unknown.get(keyIndex);
    if (marks === undefined) this.#unknown.set(keyIndex, [mark]);
    else marks.push(mark);
  }

  beginState(replica: FinalReplica): void {
    this.#replica = replica.node;
    this.#seen.fill(0);
    this.#isJudging = this.#unknownCount <= UNKNOWN_MAX;
  }

  onKey(keyBytes: Uint8Array, keyFrom: number, keyTo: number, _value: Value, mark: number): void {
    if (!this.#isJudging) return;
    const key = this.#keys.indexOf(keyBytes, keyFrom, keyTo);
    if (key < 0 || key >= this.#seen.length) {
      this.#report(this.name, `n${this.#replica + 1} holds a key that nobody wrote`);
      this.#isJudging = false;
      return;
    }
    this.#seen[key] = 1;
    this.#judge(key, mark);
  }

  endState(): void {
    for (let key = 0; key < this.#seen.length && this.#isJudging; key++) {
      if (this.#seen[key] === 0) this.#judge(key, 0);
    }
  }

  /** `found`: the fingerprint of what the replica holds, 0 for nothing. */
  #judge(key: number, found: number): void {
    const acknowledged = this.#appliedAt[key] !== 0;
    const expected = acknowledged ? this.#written[key]! : this.#keys.preloaded(key);
    if (found === expected || this.#unknown.get(key)?.includes(found)) return;
    const what = found === 0 ? 'nothing' : 'another value';
    const instead = acknowledged ? 'the acknowledged write' : expected === 0 ? 'nothing' : 'the preloaded value';
    this.#report(
      this.name,
      `n${this.#replica + 1} holds ${what} for key ${key} instead of ${instead} (applied at ${this.#appliedAt[key]})`,
    );
    this.#isJudging = false;
  }
}
