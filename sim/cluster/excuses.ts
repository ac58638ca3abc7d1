/**
 * What excuses a violation: facts that leave a correct cluster no choice. Looked at when a check complains, never
 * before; that a fault was in force is no excuse by itself.
 *
 * Progress is excused if
 * - `no quorum`: as everybody sees it who is left, so many voters are gone that no majority is left: stopped by themselves, on
 *   disks that were made faulty, or taken away by the operator, who needs a majority to say so; or
 * - `entry lost on every copy`: no node holds a whole copy of some entry any more that one of them had, so that nobody
 *   may say whether it was committed (`sim/nodes/raft/repair.ts`). Nodes that are down as above count as without one; or
 * - `nobody may lead`: nodes wait for the store that their disks lost, nobody has one that reaches to where their logs
 *   begin, and the log of every other node is behind those of a majority, which will not vote for it.
 *
 * Everything else is excused if
 * - `disk forgot`: a disk had reported something as durable and did not have it any more when its node restarted. Raft
 *   allows for no node that has forgotten what it acknowledged; or
 * - `unchecked damage`: a disk showed a running node other bytes than were written, where nothing has checksums: the
 *   Raft log under integrity `none`, the store of an engine without them.
 *
 * Errs on the side of the excuse: what was lost need not be what the complaint is about.
 */
import type { Host } from '../nodes/host.ts';
import { machineOf } from '../nodes/member-id.ts';
import type { RaftLog } from '../nodes/raft/log.ts';
import type { Excuse } from '../result.ts';

export interface ExcuseRules {
  /** Whether the machine should hold a member. */
  readonly isMember: (node: number) => boolean;
  /** Whether the disk was ever made faulty. */
  readonly hasFaultyDisk: (node: number) => boolean;
  readonly engine: string;
  readonly storeHasChecksums: boolean;
  readonly logHasChecksums: boolean;
}

export class Excuses {
  readonly #hosts: readonly Host[];
  readonly #rules: ExcuseRules;
  /** By node: why it stopped by itself; '' while it has not. */
  readonly #stopped: string[];

  constructor(hosts: readonly Host[], rules: ExcuseRules) {
    this.#hosts = hosts;
    this.#rules = rules;
    this.#stopped = hosts.map(() => '');
  }

  onStopped(node: number, reason: string): void {
    this.#stopped[node] = reason;
  }

  onRestarted(node: number): void {
    this.#stopped[node] = '';
  }

  /** It stopped by itself, on a disk that was made faulty. */
  isLost(node: number): boolean {
    return this.#stopped[node] !== '' && this.#rules.hasFaultyDisk(node);
  }

  excuse(check: string): Excuse | undefined {
    return check === 'progress'
      ? (this.#noQuorum() ?? this.#entryLost() ?? this.#nobodyMayLead())
      : (this.#forgotten() ?? this.#unchecked());
  }

  #noQuorum(): Excuse | undefined {
    const configurations = this.#hosts
      .filter((host) => host.isUp && !this.isLost(host.node))
      .map((host) => host.replicas[0]!.raft.configuration.voters)
      .filter((voters) => voters.length > 0);
    // nobody left to ask: those that are wanted
    if (configurations.length === 0) configurations.push(this.#nodes(() => true).map(({ memberId }) => memberId));
    const goneOf = (voters: readonly number[]): number[] => voters.filter((id) => this.#isGone(id));
    if (configurations.some((voters) => 2 * goneOf(voters).length < voters.length)) return undefined;
    const [voters] = configurations;
    const gone = goneOf(voters!);
    const why = gone.map(
      (id) => `n${machineOf(id) + 1}: ${this.#stopped[machineOf(id)] || 'its member was taken away'}`,
    );
    return {
      reason: 'no quorum',
      because: `${gone.length} of ${voters!.length} nodes have stopped (${why.join('; ')})`,
    };
  }

  /** It will not come back: lost, or its machine holds another member, or none, and no majority can be asked to forget it. */
  #isGone(id: number): boolean {
    const host = this.#hosts[machineOf(id)]!;
    const isTakenAway = host.memberId !== id || !this.#rules.isMember(host.node);
    return this.isLost(host.node) || (isTakenAway && !host.isUp);
  }

  #entryLost(): Excuse | undefined {
    const alive = this.#nodes((host) => host.isUp && !this.isLost(host.node));
    if (alive.length < this.#nodes((host) => !this.isLost(host.node)).length) return undefined;
    const isWholeOn = (host: Host, index: number): boolean => {
      const log = logOf(host);
      if (index <= log.offset) return !log.needsImage;
      return log.entry(index) !== undefined && !log.damaged.includes(index);
    };
    // damage on a disk that nothing was done to is a defect of ours
    const struck = alive.filter(({ node }) => this.#rules.hasFaultyDisk(node));
    const sound = alive.filter((host) => !struck.includes(host));
    const damaged = struck.flatMap((host) => logOf(host).damaged);
    const lost = damaged.find(
      (index) =>
        !alive.some((host) => isWholeOn(host, index)) && !sound.some((host) => logOf(host).damaged.includes(index)),
    );
    if (lost === undefined) return undefined;
    return { reason: 'entry lost on every copy', because: `no node holds a whole copy of entry ${lost}` };
  }

  #nobodyMayLead(): Excuse | undefined {
    const voters = this.#nodes((host) => host.isUp && !this.isLost(host.node));
    const waiting = voters.filter((host) => logOf(host).needsImage && this.#rules.hasFaultyDisk(host.node));
    const isElectable = (candidate: Host): boolean => {
      const log = logOf(candidate);
      const supporters = voters.filter((voter) => logOf(voter).isUpToDate(log.lastTerm(), log.lastIndex()));
      return log.isWhole && 2 * supporters.length > this.#nodes(() => true).length;
    };
    if (waiting.length === 0 || voters.some(isElectable)) return undefined;
    const isGiven = (to: number): boolean => voters.some((voter) => logOf(voter).isWhole && logOf(voter).applied >= to);
    if (waiting.some((host) => isGiven(logOf(host).offset))) return undefined;
    const because = `${named(waiting)} wait for a store, nobody has one as new, and no other log is as far as a majority's`;
    return { reason: 'nobody may lead', because };
  }

  #forgotten(): Excuse | undefined {
    const forgetful = this.#nodes((host) => host.machine.disk.forgotten > 0);
    if (forgetful.length === 0) return undefined;
    return { reason: 'disk forgot', because: `${named(forgetful)} restarted without what syncs had said was durable` };
  }

  #unchecked(): Excuse | undefined {
    const { storeHasChecksums, logHasChecksums, engine } = this.#rules;
    const misled = this.#nodes(({ machine: { disk } }) => {
      const { wrongLogReads, wrongStoreReads } = disk.faults;
      return (!storeHasChecksums && wrongStoreReads > 0) || (!logHasChecksums && wrongLogReads > 0);
    });
    if (misled.length === 0) return undefined;
    const what = logHasChecksums ? `${engine} has no checksums` : 'the log is read unchecked';
    return { reason: 'unchecked damage', because: `${named(misled)} read other bytes than were written, and ${what}` };
  }

  /** Of the members. */
  #nodes(isSo: (host: Host) => boolean): readonly Host[] {
    return this.#hosts.filter((host) => this.#rules.isMember(host.node) && isSo(host));
  }
}

function logOf(host: Host): RaftLog {
  return host.replicas[0]!.raft.state.log;
}

function named(hosts: readonly Host[]): string {
  return hosts.map(({ node }) => `n${node + 1}`).join(', ');
}
