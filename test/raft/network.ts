/**
 * A few nodes and an unreliable network between them in one process, driven choice by choice: messages
 * are delivered in any order, twice, or never; nodes crash between a Ready and its save, and start
 * again from what was saved. Watches the safety properties of Raft as it goes.
 *
 * Does not check: liveness, reads, client-visible order. Durable state is never damaged.
 */
import { Value } from '../../sim/bytes/value.ts';
import type { ConfChange } from '../../sim/nodes/raft/conf-change.ts';
import {
  type Configuration,
  ENTRY_NORMAL,
  type Entry,
  type Message,
  MSG_PRE_VOTE,
  MSG_SNAP,
  MSG_VOTE,
  type Snapshot,
} from '../../sim/nodes/raft/messages.ts';
import { type RaftConfig, RaftNode, type Ready } from '../../sim/nodes/raft/ready.ts';

interface Disk {
  term: number;
  vote: number;
  commit: number;
  snapshot: Snapshot;
  entries: Entry[];
}

interface Machine {
  readonly id: number;
  readonly disk: Disk;
  node: RaftNode;
  /** Taken, not yet saved. */
  ready: Ready | undefined;
  /** What the state machine holds, in order: data of entry i + 1. Kept by snapshots. */
  applied: string[];
  configuration: Configuration;
}

const MESSAGES_MAX = 100;

export type NetworkOptions = Omit<RaftConfig, 'id'>;

export class Network {
  readonly machines: Machine[] = [];
  messages: Message[] = [];
  /** The first violation; '' if there is none. */
  violation = '';
  proposals = 0;
  readonly #options: NetworkOptions;
  readonly #leaders = new Map<number, number>();
  /** What was first committed at each index. */
  readonly committed: string[] = [];

  constructor(voters: number, others: number, options: NetworkOptions) {
    this.#options = options;
    const ids = Array.from({ length: voters }, (_, i) => i + 1);
    const configuration = { voters: ids, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    for (let id = 1; id <= voters + others; id++) {
      const snapshot: Snapshot = { index: 0, term: 0, configuration, data: [] };
      const disk: Disk = { term: 0, vote: 0, commit: 0, snapshot, entries: [] };
      this.machines.push({
        id,
        disk,
        node: undefined as unknown as RaftNode,
        ready: undefined,
        applied: [],
        configuration,
      });
      this.#boot(this.machine(id));
    }
  }

  machine(id: number): Machine {
    return this.machines[id - 1]!;
  }

  // ——— choices ———

  /** Delivers one of the waiting messages; `keep` leaves a copy behind. */
  deliver(choice: number, keep: boolean): void {
    if (this.messages.length === 0) return;
    const at = choice % this.messages.length;
    const message = keep ? this.messages[at]! : this.messages.splice(at, 1)[0]!;
    const machine = this.machine(message.to);
    // whatever the stopwatch says must be safe; a lease is a matter of liveness except for lease reads
    if (message.type === MSG_VOTE || message.type === MSG_PRE_VOTE) machine.node.electionElapsed = choice % 20;
    machine.node.step(message);
    if (message.type === MSG_SNAP && !keep)
      this.machine(message.from).node.reportSnapshot(message.to, choice % 3 !== 0);
    this.#watch(machine);
  }

  drop(choice: number): void {
    if (this.messages.length === 0) return;
    const [message] = this.messages.splice(choice % this.messages.length, 1);
    if (message!.type === MSG_SNAP) this.machine(message!.from).node.reportSnapshot(message!.to, false);
  }

  propose(id: number): void {
    this.proposals++;
    this.machine(id).node.propose(Value.of(new TextEncoder().encode(`p${this.proposals}`)));
  }

  proposeConfChange(id: number, change: ConfChange): void {
    this.machine(id).node.proposeConfChange(change);
  }

  timeout(id: number, kind: 'election' | 'heartbeat' | 'quorum'): void {
    const { node } = this.machine(id);
    if (kind === 'election') node.electionTimeout();
    else if (kind === 'heartbeat') node.heartbeatTimeout();
    else node.checkQuorumTimeout();
    this.#watch(this.machine(id));
  }

  /** One half of the host's work: takes a Ready, or finishes the one that was taken. */
  work(id: number): void {
    const machine = this.machine(id);
    if (machine.ready !== undefined) this.#save(machine);
    else if (machine.node.hasReady()) {
      machine.ready = machine.node.ready();
      this.#send(machine.ready.messages);
    }
    this.#watch(machine);
  }

  /** Everything that was not saved is gone. */
  crash(id: number): void {
    this.#boot(this.machine(id));
  }

  compact(id: number): void {
    const { node, disk, configuration, applied } = this.machine(id);
    const index = Math.min(applied.length, node.state.log.applied, node.state.log.stable);
    if (index <= disk.snapshot.index) return;
    const term = node.state.log.term(index);
    // only what is applied by now belongs into the image, and the configuration is the one at its end
    if (index !== applied.length || node.state.log.snapshot !== undefined) return;
    disk.entries = disk.entries.filter((entry) => entry.index > index);
    disk.snapshot = { index, term, configuration, data: applied.slice() };
    node.compact(index);
  }

  // ——— the machines ———

  #boot(machine: Machine): void {
    const { disk, id } = machine;
    const { snapshot } = disk;
    machine.ready = undefined;
    machine.applied = [...(snapshot.data as string[])];
    machine.configuration = snapshot.configuration;
    const recovered = {
      term: disk.term,
      vote: disk.vote,
      commit: Math.max(disk.commit, snapshot.index),
      snapshotIndex: snapshot.index,
      snapshotTerm: snapshot.term,
      configuration: snapshot.configuration,
      entries: disk.entries,
    };
    const images = (): Snapshot | undefined => (disk.snapshot.index === 0 ? undefined : disk.snapshot);
    machine.node = new RaftNode({ ...this.#options, id }, recovered, images);
  }

  #save(machine: Machine): void {
    const ready = machine.ready!;
    const { disk, node } = machine;
    machine.ready = undefined;
    if (ready.hardStateChanged) {
      disk.term = ready.term;
      disk.vote = ready.vote;
      disk.commit = ready.commit;
    }
    if (ready.snapshot !== undefined) {
      disk.snapshot = ready.snapshot;
      disk.entries = [];
      machine.applied = [...(ready.snapshot.data as string[])];
      machine.configuration = ready.snapshot.configuration;
    }
    if (ready.entries.length > 0) {
      const first = ready.entries[0]!.index;
      disk.entries = [...disk.entries.filter((entry) => entry.index < first), ...ready.entries];
    }
    this.#send(ready.messagesAfterSave);
    for (const entry of ready.committed) this.#apply(machine, entry);
    node.advance();
  }

  #apply(machine: Machine, entry: Entry): void {
    if (entry.index !== machine.applied.length + 1) this.#violate(`${machine.id} applies out of order`);
    const text = `${entry.term}/${entry.index} ${describe(entry)}`;
    const known = this.committed[entry.index];
    if (known === undefined) this.committed[entry.index] = text;
    else if (known !== text) this.#violate(`committed ${known}, then ${text}`);
    machine.applied.push(text);
    if (entry.type === ENTRY_NORMAL) return;
    machine.node.applyConfChangeEntry(entry);
    machine.configuration = machine.node.configuration;
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      // a full network loses what comes next
      if (this.messages.length < MESSAGES_MAX && message.to <= this.machines.length) this.messages.push(message);
    }
  }

  // ——— safety ———

  #watch(machine: Machine): void {
    const { node, id } = machine;
    if (node.fatal !== '') this.#violate(`${id}: ${node.fatal}`);
    if (!node.isLeader) return;
    const other = this.#leaders.get(node.term);
    if (other !== undefined && other !== id) this.#violate(`${other} and ${id} lead term ${node.term}`);
    if (other !== undefined) return;
    this.#leaders.set(node.term, id);
    // leader completeness: whatever was committed before is in a new leader's log
    const { log } = node.state;
    for (let index = log.firstIndex(); index < this.committed.length; index++) {
      const entry = log.entry(index);
      const text = entry === undefined ? 'nothing' : `${entry.term}/${entry.index} ${describe(entry)}`;
      const want = this.committed[index];
      if (want !== undefined && text !== want) this.#violate(`leader ${id} has ${text} instead of ${want}`);
    }
  }

  /** Log matching: equal index and term mean equal entries up to there. */
  checkLogs(): void {
    for (const a of this.machines) {
      for (const b of this.machines) {
        if (a.id >= b.id) continue;
        const logs = [a.node.state.log, b.node.state.log] as const;
        const first = Math.max(logs[0].firstIndex(), logs[1].firstIndex());
        let agreed = false;
        for (let index = Math.min(logs[0].lastIndex(), logs[1].lastIndex()); index >= first; index--) {
          const [x, y] = [logs[0].entry(index)!, logs[1].entry(index)!];
          if (x.term === y.term && describe(x) !== describe(y)) this.#violate(`two entries ${x.term}/${index}`);
          if (agreed && x.term !== y.term) this.#violate(`logs of ${a.id} and ${b.id} part before ${index}`);
          agreed ||= x.term === y.term;
        }
      }
    }
  }

  #violate(what: string): void {
    if (this.violation === '') this.violation = what;
  }

  /** Delivers and saves until nothing happens any more, or `rounds` are over. */
  settle(rounds = 200): void {
    for (let round = 0; round < rounds; round++) {
      let busy = false;
      for (const { id, node, ready } of this.machines) {
        if (ready === undefined && !node.hasReady()) continue;
        busy = true;
        this.work(id);
      }
      while (this.messages.length > 0) {
        busy = true;
        this.deliver(0, false);
      }
      if (!busy) return;
    }
  }
}

function describe(entry: Entry): string {
  const text = new TextDecoder('latin1').decode(entry.data.toBytes());
  return `${entry.type}:${text}`;
}
