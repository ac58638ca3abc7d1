/**
 * At the end, replicas that have applied the same entries hold the same keys and values.
 *
 * Does not compare replicas at different applied indices, nor during the run; engine files may
 * differ byte for byte, only what a reader sees must agree.
 */
import { crc32c } from '../bytes/crc32c.ts';
import type { Value } from '../bytes/value.ts';
import type { Checker, FinalReplica, Report } from './checker.ts';

interface Digest {
  readonly replica: FinalReplica;
  /** Rolls over the checksums of keys and values. */
  hash: number;
  keys: number;
}

export class ReplicaEquality implements Checker {
  readonly name = 'replica-equality';
  readonly #report: Report;
  #first: Digest | undefined;
  #current: Digest | undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  beginState(replica: FinalReplica): void {
    this.#current = { replica, hash: 0, keys: 0 };
    this.#first ??= this.#current;
  }

  onKey(keyBytes: Uint8Array, keyFrom: number, keyTo: number, _value: Value, mark: number): void {
    const current = this.#current!;
    // the key's checksum goes on from the hash, and a product keeps it apart from the value's
    const withKey = Math.imul(crc32c(current.hash, keyBytes, keyFrom, keyTo), 0x9e3779b1);
    current.hash = (withKey ^ (withKey >>> 15) ^ mark) >>> 0;
    current.keys++;
  }

  endState(): void {
    const a = this.#first!;
    const b = this.#current!;
    const index = a.replica.appliedIndex;
    if (b.replica.appliedIndex !== index || (a.hash === b.hash && a.keys === b.keys)) return;
    const name = ({ replica, keys }: Digest): string => `n${replica.node + 1} (${keys} keys)`;
    this.#report(this.name, `${name(a)} and ${name(b)} differ at applied index ${index}`);
  }
}
