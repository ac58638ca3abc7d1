/**
 * A handful of raft nodes, their disks and the messages between them, moved by the commands of
 * etcd's interaction tests. Prints what those print, except for log lines, which raftlab has not.
 * The state machine appends every payload to a string.
 */
import { Value } from '../../sim/bytes/value.ts';
import {
  ADD_LEARNER,
  ADD_NODE,
  type Change,
  type ConfChange,
  REMOVE_NODE,
  UPDATE_NODE,
} from '../../sim/nodes/raft/conf-change.ts';
import { describeEntry, describeMessage, describeProgress, describeReady } from '../../sim/nodes/raft/describe.ts';
import {
  type Configuration,
  ENTRY_NORMAL,
  type Entry,
  MESSAGE_NAMES,
  Message,
  MSG_SNAP,
  MSG_STORAGE_APPEND,
  type Snapshot,
} from '../../sim/nodes/raft/messages.ts';
import { type RaftConfig, RaftNode } from '../../sim/nodes/raft/ready.ts';
import { ROLE_NAMES } from '../../sim/nodes/raft/state.ts';
import { isVoter } from '../../sim/nodes/raft/tracker.ts';
import { argument, type Command, ids } from './datadriven.ts';

/** The durable log: what was saved, and no more. */
class SavedLog {
  offset: number;
  entries: Entry[] = [];
  constructor(offset: number) {
    this.offset = offset;
  }

  save(entries: readonly Entry[], snapshot: Snapshot | undefined): void {
    if (snapshot !== undefined) {
      this.offset = snapshot.index;
      this.entries = [];
    }
    if (entries.length === 0) return;
    this.entries.length = entries[0]!.index - this.offset - 1;
    this.entries.push(...entries);
  }

  compact(index: number): void {
    this.entries = this.entries.slice(index - this.offset);
    this.offset = index;
  }

  describe(): string {
    if (this.entries.length > 0) return `${this.entries.map(describeEntry).join('\n')}\n`;
    return `log is empty: first index=${this.offset + 1}, last index=${this.offset}`;
  }
}

interface Machine {
  readonly node: RaftNode;
  readonly saved: SavedLog;
  readonly isAsync: boolean;
  readonly images: Snapshot[];
  readonly appendWork: Message[];
  readonly applyWork: Message[];
}

const ELECTION_TICKS = 3;
const QUIET = 'NONE';

export class Interaction {
  readonly machines: Machine[] = [];
  messages: Message[] = [];
  #level = 'DEBUG';
  #output = '';

  /** What the command prints. */
  run(command: Command): string {
    this.#output = '';
    const error = this.#dispatch(command);
    if (this.#level === QUIET) return error === '' ? 'ok' : error;
    const text = this.#output + error;
    return text === '' ? 'ok' : text;
  }

  #dispatch(command: Command): string {
    const [first, second] = ids(command);
    const machine = (id: number | undefined): Machine => this.machines[id! - 1]!;
    switch (command.name) {
      case 'add-nodes':
        this.#addNodes(first!, command);
        return '';
      case 'campaign':
        machine(first).node.campaign();
        return '';
      case 'compact':
        machine(first).node.compact(second!);
        machine(first).saved.compact(second!);
        this.#output += machine(first).saved.describe();
        return '';
      case 'deliver-msgs':
        return this.#deliverCommand(command);
      case 'process-ready':
        return this.#forEach(command, 'handling Ready', (one) => this.#processReady(one));
      case 'process-append-thread':
        return this.#forEach(command, 'processing append thread', (one) => this.#processAppend(one));
      case 'process-apply-thread':
        return this.#forEach(command, 'processing apply thread', (one) => this.#processApply(one));
      case 'log-level':
        this.#level = command.arguments[0]!.key.toUpperCase();
        return '';
      case 'raft-log':
        this.#output += machine(first).saved.describe();
        return '';
      case 'raft-state':
        this.#describeStates();
        return '';
      case 'set-randomized-election-timeout':
        machine(first).node.state.randomizedElectionTimeout = Number(argument(command, 'timeout')[0]);
        return '';
      case 'stabilize':
        this.#stabilizeCommand(command);
        return '';
      case 'status':
        for (const one of machine(first).node.state.tracker.progress) {
          this.#output += `${one.id}: ${describeProgress(one)}\n`;
        }
        return '';
      case 'tick-election':
        for (let i = 0; i < ELECTION_TICKS; i++) machine(first).node.tick();
        return '';
      case 'tick-heartbeat':
        machine(first).node.tick();
        return '';
      case 'transfer-leadership':
        machine(Number(argument(command, 'from')[0])).node.transferLeader(Number(argument(command, 'to')[0]));
        return '';
      case 'forget-leader':
        machine(first).node.forgetLeader();
        return '';
      case 'send-snapshot':
        this.#sendSnapshot(first!, second!);
        return '';
      case 'propose': {
        const data = Value.of(new TextEncoder().encode(command.arguments[1]!.key));
        return proposed(machine(first).node.propose(data));
      }
      case 'propose-conf-change':
        return proposed(machine(first).node.proposeConfChange(parseConfChange(command)));
      case 'report-unreachable':
        machine(first).node.reportUnreachable(second!);
        return '';
      default:
        return 'unknown command';
    }
  }

  #addNodes(count: number, command: Command): void {
    const numbers = (key: string): number[] => argument(command, key).map(Number);
    const flag = (key: string): boolean => argument(command, key)[0] === 'true';
    const index = numbers('index')[0] ?? 0;
    const configuration: Configuration = {
      voters: numbers('voters'),
      votersOutgoing: [],
      learners: numbers('learners'),
      learnersNext: [],
      autoLeave: false,
    };
    for (let i = 0; i < count; i++) {
      const id = this.machines.length + 1;
      const images: Snapshot[] = [
        { index, term: index === 0 ? 0 : 1, configuration, data: argument(command, 'content')[0] ?? '' },
      ];
      const size = argument(command, 'max-committed-size-per-ready')[0];
      const config: RaftConfig = {
        id,
        electionTimeout: ELECTION_TICKS,
        heartbeatTimeout: 1,
        preVote: flag('prevote'),
        checkQuorum: flag('checkquorum'),
        maxInflightMessages: numbers('inflight')[0] ?? 2 ** 31 - 1,
        asyncStorageWrites: flag('async-storage-writes'),
        disableConfChangeValidation: flag('disable-conf-change-validation'),
        stepDownOnRemoval: flag('step-down-on-removal'),
        readOnly: argument(command, 'read-only')[0] === 'lease-based' ? 'lease-based' : 'safe',
        ...(size === undefined ? {} : { maxCommittedSizePerReady: Number(size) }),
      };
      const recovered = {
        term: 0,
        vote: 0,
        commit: 0,
        snapshotIndex: index,
        snapshotTerm: images[0]!.term,
        configuration,
        entries: [],
      };
      this.machines.push({
        node: new RaftNode(config, recovered, () => images[images.length - 1]),
        saved: new SavedLog(index),
        isAsync: flag('async-storage-writes'),
        images,
        appendWork: [],
        applyWork: [],
      });
    }
  }

  #forEach(command: Command, what: string, work: (machine: Machine) => void): string {
    const chosen = ids(command);
    for (const id of chosen) {
      const machine = this.machines[id - 1]!;
      if (chosen.length === 1) work(machine);
      else this.#indented(`> ${id} ${what}\n`, () => work(machine));
    }
    return '';
  }

  #indented(title: string, work: () => void): void {
    const before = this.#output;
    this.#output = '';
    work();
    const lines = this.#output.split('\n');
    if (lines[lines.length - 1] === '') lines.pop();
    this.#output = before + title + lines.map((line) => `  ${line}\n`).join('');
  }

  #processReady(machine: Machine): void {
    const { node } = machine;
    const ready = node.ready();
    this.#output += describeReady(ready);
    if (machine.isAsync) {
      for (const message of ready.messages) {
        if (message.to > 0) this.messages.push(message);
        else if (message.type === MSG_STORAGE_APPEND) machine.appendWork.push(message);
        else machine.applyWork.push(message);
      }
      return;
    }
    machine.saved.save(ready.entries, ready.snapshot);
    this.#apply(machine, ready.committed);
    this.messages.push(...ready.messages, ...ready.messagesAfterSave);
    node.advance();
  }

  #processAppend(machine: Machine): void {
    this.#processWork(machine.appendWork, 'append', (message) => {
      machine.saved.save(message.entries, message.snapshot);
    });
  }

  #processApply(machine: Machine): void {
    this.#processWork(machine.applyWork, 'apply', (message) => {
      this.#apply(machine, message.entries);
    });
  }

  #processWork(queue: Message[], name: string, work: (message: Message) => void): void {
    const message = queue.shift();
    if (message === undefined) {
      this.#output += `no ${name} work to perform`;
      return;
    }
    const { responses } = message;
    message.responses = [];
    this.#output += `Processing:\n${describeMessage(message)}\n`;
    work(message);
    this.#output += `Responses:\n${responses.map((one) => `${describeMessage(one)}\n`).join('')}`;
    this.messages.push(...responses);
  }

  #apply(machine: Machine, entries: readonly Entry[]): void {
    const { images, node } = machine;
    for (const entry of entries) {
      const last = images[images.length - 1]!;
      let { configuration } = last;
      let data = String(last.data);
      if (entry.type === ENTRY_NORMAL) data += new TextDecoder().decode(entry.data.toBytes());
      else {
        node.applyConfChangeEntry(entry);
        configuration = node.configuration;
      }
      images.push({ index: entry.index, term: entry.term, configuration, data });
    }
  }

  #deliverCommand(command: Command): string {
    const name = argument(command, 'type')[0];
    const type = name === undefined ? -1 : MESSAGE_NAMES.indexOf(name);
    let count = 0;
    for (const { key, values } of command.arguments) {
      if (values.length === 0) count += this.#deliver(Number(key), type, false);
      else if (key === 'drop') for (const id of values) count += this.#deliver(Number(id), type, true);
    }
    if (count === 0) this.#output += 'no messages\n';
    return '';
  }

  #deliver(to: number, type: number, drop: boolean): number {
    const isLocal = (one: Message): boolean => one.from === one.to || one.from < 0 || one.to < 0;
    const wanted = (one: Message): boolean =>
      one.to === to && !(drop && isLocal(one)) && (type < 0 || one.type === type);
    const chosen = this.messages.filter(wanted);
    this.messages = this.messages.filter((one) => !wanted(one));
    for (const message of chosen) {
      this.#output += `${drop ? 'dropped: ' : ''}${describeMessage(message)}\n`;
      if (drop) continue;
      const outcome = this.machines[to - 1]!.node.step(message);
      if (outcome === 'unknown-peer') this.#output += 'raft: cannot step as peer not found\n';
      if (outcome === 'local-message') this.#output += 'raft: cannot step raft local message\n';
      if (outcome === 'dropped') this.#output += 'raft proposal dropped\n';
    }
    return chosen.length;
  }

  #stabilizeCommand(command: Command): void {
    const level = this.#level;
    const wanted = argument(command, 'log-level')[0];
    const chosen = ids(command);
    this.#stabilize(chosen.length === 0 ? this.machines : chosen.map((id) => this.machines[id - 1]!));
    // the level holds while the command runs, so the output of a quiet one is thrown away here
    if (wanted?.toUpperCase() === QUIET && level !== QUIET) this.#output = '';
  }

  #stabilize(machines: readonly Machine[]): void {
    for (let done = false; !done; ) {
      done = true;
      for (const machine of machines) {
        if (!machine.node.hasReady()) continue;
        done = false;
        this.#indented(`> ${machine.node.id} handling Ready\n`, () => this.#processReady(machine));
      }
      for (const { node } of machines) {
        if (!this.messages.some((one) => one.to === node.id)) continue;
        done = false;
        this.#indented(`> ${node.id} receiving messages\n`, () => this.#deliver(node.id, -1, false));
      }
      for (const machine of machines) {
        if (machine.appendWork.length === 0) continue;
        done = false;
        this.#output += `> ${machine.node.id} processing append thread\n`;
        while (machine.appendWork.length > 0) this.#indented('', () => this.#processAppend(machine));
      }
      for (const machine of machines) {
        if (machine.applyWork.length === 0) continue;
        done = false;
        this.#output += `> ${machine.node.id} processing apply thread\n`;
        while (machine.applyWork.length > 0) this.#indented('', () => this.#processApply(machine));
      }
    }
  }

  #sendSnapshot(from: number, to: number): void {
    const { images, node } = this.machines[from - 1]!;
    const message = new Message(MSG_SNAP, to, from, node.term);
    message.snapshot = images[images.length - 1];
    this.messages.push(message);
    this.#output += describeMessage(message);
  }

  #describeStates(): void {
    for (const { node } of this.machines) {
      const voter = isVoter(node.configuration, node.id) ? '(Voter)' : '(Non-Voter)';
      this.#output += `${node.id}: ${ROLE_NAMES[node.state.role]} ${voter} Term:${node.term} Lead:${node.leader}\n`;
    }
  }
}

function proposed(outcome: 'ok' | 'dropped'): string {
  return outcome === 'ok' ? '' : 'raft proposal dropped';
}

const CHANGE_TYPES: Record<string, number> = { v: ADD_NODE, l: ADD_LEARNER, r: REMOVE_NODE, u: UPDATE_NODE };

/** `v1 l2 r3` */
export function parseChanges(text: string): Change[] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => ({ type: CHANGE_TYPES[word[0]!]!, nodeId: Number(word.slice(1)) }));
}

function parseConfChange(command: Command): ConfChange {
  const transition = ['auto', 'implicit', 'explicit'].indexOf(argument(command, 'transition')[0] ?? 'auto');
  const isV1 = argument(command, 'v1')[0] === 'true';
  return { version: isV1 ? 1 : 2, transition, changes: parseChanges(command.input) };
}
