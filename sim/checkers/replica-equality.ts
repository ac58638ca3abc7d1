/**
 * At the end, replicas that have applied the same entries hold the same keys and values.
 *
 * Does not compare replicas at different applied indices, nor during the run; engine files may
 * differ byte for byte, only what a reader sees must agree.
 */
import { crc32c } from '../bytes/crc32c.ts';
import type { Checker, FinalReplica, Report } from './checker.ts';

export class ReplicaEquality implements Checker {
  readonly name = 'replica-equality';
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  finish(replicas: readonly FinalReplica[]): void {
    let first: { node: number; appliedIndex: number; digest: number; keys: number } | undefined;
    for (const replica of replicas) {
      if (!replica.up) continue;
      let digest = 0;
      let keys = 0;
      replica.scan((keyBytes, keyFrom, keyTo, value) => {
        digest = value.crc32c(crc32c(digest, keyBytes, keyFrom, keyTo));
        keys++;
        return true;
      });
      if (first === undefined) first = { node: replica.node, appliedIndex: replica.appliedIndex, digest, keys };
      else if (replica.appliedIndex === first.appliedIndex && (digest !== first.digest || keys !== first.keys)) {
        this.#report(
          this.name,
          `n${first.node + 1} (${first.keys} keys) and n${replica.node + 1} (${keys} keys) differ at applied index ${first.appliedIndex}`,
        );
        return;
      }
    }
  }
}
