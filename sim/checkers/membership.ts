/**
 * Membership: whatever follows a change of the configuration is the same on every node, in memory as in what was applied;
 * and at the end every member has the same in force, and those are members that the operator wants.
 *
 * Does not judge the configurations themselves, nor how long a change takes before the end. A machine that is down at
 * the end, or where no member is, is not asked; while one is down, a change may wait for it.
 */
import type { Configuration } from '../nodes/raft/messages.ts';
import type { Checker, FinalReplica, Report } from './checker.ts';

/** Changes remembered: older ones are not applied anywhere any more. */
const CHANGES_MAX = 10_000;

export class Membership implements Checker {
  readonly name = 'membership';
  readonly #report: Report;
  /** By index of the change: what followed it. */
  readonly #byIndex = new Map<number, string>();

  constructor(report: Report) {
    this.#report = report;
  }

  onConfiguration(node: number, index: number, configuration: Configuration): void {
    const now = describeConfiguration(configuration);
    const known = this.#byIndex.get(index);
    if (known === undefined) {
      this.#byIndex.set(index, now);
      if (this.#byIndex.size > CHANGES_MAX) this.#byIndex.delete(this.#byIndex.keys().next().value!);
    } else if (known !== now) {
      this.#report(this.name, `n${node + 1} has ${now} in force after entry ${index}, another node ${known}`);
    }
  }

  finish(replicas: readonly FinalReplica[]): void {
    let first: FinalReplica | undefined;
    for (const replica of replicas) {
      if (!replica.up) continue;
      first ??= replica;
      const [expected, found] = [first, replica].map((each) => describeConfiguration(each.configuration!));
      if (expected !== found) {
        this.#report(this.name, `n${first.node + 1} has ${expected} in force, n${replica.node + 1} has ${found}`);
        return;
      }
    }
    if (first === undefined || replicas.some(({ isDown }) => isDown)) return;
    const wanted = replicas.flatMap(({ wantedMember }) => (wantedMember === 0 ? [] : [wantedMember]));
    const { configuration } = first;
    const missing = wanted.find((id) => !configuration!.voters.includes(id));
    const surplus = configuration!.voters.find((id) => !wanted.includes(id));
    if (missing === undefined && surplus === undefined) return;
    const what = missing === undefined ? `member ${surplus} is still there` : `member ${missing} is no voter yet`;
    this.#report(this.name, `${what}, though all faults were lifted: ${describeConfiguration(configuration!)}`);
  }
}

function describeConfiguration({ voters, votersOutgoing, learners, learnersNext }: Configuration): string {
  const parts = [`voters ${voters.join(' ')}`];
  if (votersOutgoing.length > 0) parts.push(`outgoing ${votersOutgoing.join(' ')}`);
  if (learners.length > 0) parts.push(`learners ${learners.join(' ')}`);
  if (learnersNext.length > 0) parts.push(`learners next ${learnersNext.join(' ')}`);
  return parts.join(', ');
}
