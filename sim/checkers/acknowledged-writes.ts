/**
 * Durability: at the end, every replica holds for each key the acknowledged write that was applied
 * last, or a write of unknown outcome to that key; and no key that nobody wrote.
 *
 * Does not check reads made during the run (linearizability is a checker of its own), nor in which
 * order writes of unknown outcome took effect. Costs 8 bytes a key.
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

  constructor(report: Report, keys: KeySpace) {
    this.#report = report;
    this.#keys = keys;
    this.#appliedAt = new Uint32Array(keys.count);
    this.#written = new Uint32Array(keys.count);
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

  finish(replicas: readonly FinalReplica[]): void {
    if (this.#unknownCount > UNKNOWN_MAX) return;
    const seen = new Uint8Array(this.#keys.count);
    for (const replica of replicas) {
      if (!replica.up) continue;
      seen.fill(0);
      let clean = true;
      replica.scan((keyBytes, keyFrom, keyTo, value) => {
        const key = this.#keys.indexOf(keyBytes, keyFrom, keyTo);
        if (key < 0 || key >= this.#keys.count) {
          this.#report(this.name, `n${replica.node + 1} holds a key that nobody wrote`);
          clean = false;
        } else {
          seen[key] = 1;
          clean = this.#judge(replica.node, key, fingerprint(value));
        }
        return clean;
      });
      if (!clean) return;
      for (let key = 0; key < seen.length; key++) {
        if (seen[key] === 0 && !this.#judge(replica.node, key, 0)) return;
      }
    }
  }

  /** `found`: the fingerprint of what the replica holds, 0 for nothing. */
  #judge(node: number, key: number, found: number): boolean {
    const acknowledged = this.#appliedAt[key] !== 0;
    const expected = acknowledged ? this.#written[key]! : this.#keys.preloaded(key);
    if (found === expected || this.#unknown.get(key)?.includes(found)) return true;
    const what = found === 0 ? 'nothing' : 'another value';
    const instead = acknowledged ? 'the acknowledged write' : expected === 0 ? 'nothing' : 'the preloaded value';
    this.#report(
      this.name,
      `n${node + 1} holds ${what} for key ${key} instead of ${instead} (applied at ${this.#appliedAt[key]})`,
    );
    return false;
  }
}
