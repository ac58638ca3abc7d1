/** What a node answers to those whose disks have lost something, and when a damaged entry may be dropped. */
import { describe, expect, it } from 'vitest';
import { Value } from '../../sim/bytes/value.ts';
import { describeMessage } from '../../sim/nodes/raft/describe.ts';
import {
  EMPTY_DATA,
  ENTRY_NORMAL,
  Entry,
  Message,
  MSG_HEARTBEAT,
  MSG_REPAIR,
  MSG_REPAIR_RESP,
  MSG_SNAP,
  MSG_VOTE_RESP,
  type Snapshot,
} from '../../sim/nodes/raft/messages.ts';
import { RaftNode, type RecoveredState } from '../../sim/nodes/raft/ready.ts';

const configuration = { voters: [1, 2, 3], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

const entry = (term: number, index: number): Entry =>
  new Entry(term, index, ENTRY_NORMAL, Value.of(new TextEncoder().encode(`e${index}`)));
const lost = (term: number, index: number): Entry => new Entry(term, index, ENTRY_NORMAL, EMPTY_DATA);

/** Node 1 of three, with a log of 1/1 to 1/4 but for the changes. */
function node(changes: Partial<RecoveredState> = {}): RaftNode {
  const entries = [1, 2, 3, 4].map((index) => entry(1, index));
  const base = { term: 1, vote: 0, commit: 2, snapshotIndex: 0, snapshotTerm: 0, configuration, entries };
  const image = (): Snapshot => ({ index: 3, term: 1, configuration, data: [] });
  return new RaftNode({ id: 1 }, { ...base, ...changes }, image);
}

/** From entry 3 on; what was before is in the snapshot. */
const COMPACTED = { snapshotIndex: 2, snapshotTerm: 1, commit: 3, entries: [entry(1, 3), entry(1, 4)] };

/** Does its work; what it sent, a line a message. */
function work(raft: RaftNode): string[] {
  const sent: string[] = [];
  while (raft.hasReady()) {
    const ready = raft.ready();
    sent.push(...[...ready.messages, ...ready.messagesAfterSave].map((message) => describeMessage(message)));
    raft.advance();
  }
  return sent.map((line) => line.replace(/ ConfState.*/, '').replace(/\s+/g, ' '));
}

/** Node 2 asks for these; `image`: and for a store. */
function ask(raft: RaftNode, entries: readonly Entry[], image = false): string[] {
  work(raft);
  const message = new Message(MSG_REPAIR, 1, 2, 0);
  message.entries = entries;
  message.reject = image;
  raft.step(message);
  return work(raft);
}

describe('asked for entries', () => {
  it.each<[string, RaftNode, Entry, string]>([
    ['it has', node(), lost(1, 3), '1->2 MsgRepairResp Term:0 Log:1/3 Entries:[1/3 EntryNormal "e3"]'],
    ['it has of another term', node(), lost(2, 3), '1->2 MsgRepairResp Term:0 Log:2/3 Rejected (Hint: 0)'],
    ['behind its end', node(), lost(1, 5), '1->2 MsgRepairResp Term:0 Log:1/5 Rejected (Hint: 0)'],
    ['damaged here too', node({ damaged: [3] }), lost(1, 3), '1->2 MsgRepairResp Term:0 Log:1/3'],
  ])('%s', (_, raft, wanted, answer) => {
    expect(ask(raft, [wanted])).toEqual([answer]);
  });

  it('that it has compacted it gives its store for', () => {
    expect(ask(node(COMPACTED), [lost(1, 2)])).toEqual([
      '1->2 MsgSnap Term:0 Log:0/0 Snapshot: Index:3 Term:1',
      '1->2 MsgRepairResp Term:0 Log:1/2',
    ]);
  });
});

describe('asked for a store', () => {
  const GIVEN = '1->2 MsgSnap Term:0 Log:0/0 Snapshot: Index:3 Term:1';

  it('a leader sends its own, as it would to anybody who is behind', () => {
    const raft = node();
    raft.campaign();
    work(raft);
    const vote = new Message(MSG_VOTE_RESP, 1, 2, raft.term);
    raft.step(vote);
    expect(raft.isLeader).toBe(true);
    expect(ask(raft, [], true)).toEqual(['1->2 MsgSnap Term:2 Log:0/0 Snapshot: Index:3 Term:1']);
  });

  it('somebody who has a leader leaves it to that one', () => {
    const raft = node();
    raft.step(new Message(MSG_HEARTBEAT, 1, 3, 1));
    expect(ask(raft, [], true)).toEqual([]);
  });

  it('somebody who has none gives his, as often as he is asked', () => {
    const raft = node();
    expect(ask(raft, [], true)).toEqual([GIVEN]);
    expect(ask(raft, [], true)).toEqual([GIVEN]);
  });

  it('somebody who is damaged himself has none to give', () => {
    expect(ask(node({ damaged: [3] }), [], true)).toEqual([]);
    expect(ask(node({ needsImage: true }), [], true)).toEqual([]);
  });
});

describe('given a store by somebody who does not lead', () => {
  it.each<[string, Partial<RecoveredState>, number, string]>([
    ['a node without one takes it and keeps the log behind it', { needsImage: true }, 3, '3..4 whole'],
    ['it may reach behind the end of the log', { needsImage: true }, 9, '9..9 whole'],
    ['so may one with damaged entries before it', { damaged: [2] }, 3, '3..4 whole'],
    ['not one that needs nothing', {}, 9, '0..4 whole'],
    ['not one whose log begins later', { ...COMPACTED, needsImage: true }, 1, '2..4 damaged'],
  ])('%s', (_, changes, index, expected) => {
    const raft = node(changes);
    work(raft);
    const message = new Message(MSG_SNAP, 1, 2, 0);
    message.snapshot = { index, term: 1, configuration, data: [] };
    raft.step(message);
    const { log, leader } = raft.state;
    expect(`${log.offset}..${log.lastIndex()} ${log.isWhole ? 'whole' : 'damaged'}`).toBe(expected);
    expect(leader).toBe(0);
  });
});

describe('a damaged entry is dropped', () => {
  /** Entry 4, not known to be committed, is damaged. Answers by node: - has not got it, d has it damaged. */
  function answers(raft: RaftNode, what: string): void {
    const asked = raft.state.repairTerm;
    [...what].forEach((word, i) => {
      const message = new Message(MSG_REPAIR_RESP, 1, i + 2, asked);
      message.index = 4;
      message.logTerm = 1;
      message.reject = word === '-';
      raft.step(message);
    });
  }

  it.each<[string, string, string, number]>([
    ['if the others do not hold it, and say so again in a later term', '--', '--', 3],
    ['not if they say so once', '--', 'dd', 4],
    ['not if one holds it, if damaged', '-d', '-d', 4],
    ['not if all hold it damaged', 'dd', 'dd', 4],
  ])('%s', (_, first, second, last) => {
    const raft = node({ damaged: [4], commit: 3 });
    answers(raft, first);
    expect(raft.state.log.lastIndex()).toBe(4);
    raft.electionTimeout();
    expect(raft.term).toBe(first === '--' ? 2 : 1);
    answers(raft, second);
    expect(raft.state.log.lastIndex()).toBe(last);
  });

  it('never if it is known to be committed', () => {
    const raft = node({ damaged: [4], commit: 4 });
    answers(raft, '--');
    raft.electionTimeout();
    answers(raft, '--');
    expect(raft.term).toBe(1);
    expect(raft.state.log.lastIndex()).toBe(4);
  });
});
