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
  crc: number;
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
    this.#current = { replica, crc: 0, keys: 0 };
    this.#first ??= this.#current;
  }

  onKey(keyBytes: Uint8Array, keyFrom: number, keyTo: number, value: Value): void {
    const current = this.#current!;
    current.crc = value.crc32c(crc32c(current.crc, keyBytes, keyFrom, keyTo));
    current.keys++;
  }

  endState(): void {
    const a = this.#first!;
    const b = this.#current!;
    const index = a.replica.appliedIndex;
    if (b.replica.appliedIndex !== index || (a.crc === b.crc && a.keys === b.keys)) return;
    const name = ({ replica, keys }: Digest): string => `n${replica.node + 1} (${keys} keys)`;
    this.#report(this.name, `${name(a)} and ${name(b)} differ at applied index ${index}`);
  }
}
