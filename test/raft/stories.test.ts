/** What the transcripts do not tell: limits, reads, leases, deadlines, and the rules whose breach is rare. */
import { describe, expect, test } from 'vitest';
import { Value } from '../../sim/bytes/value.ts';
import { ADD_NODE, type ConfChange, encodeConfChange } from '../../sim/nodes/raft/conf-change.ts';
import { describeMessage } from '../../sim/nodes/raft/describe.ts';
import {
  APPEND_THREAD,
  EMPTY_DATA,
  ENTRY_CONF_CHANGE_V2,
  ENTRY_NORMAL,
  Entry,
  Message,
  MSG_APP,
  MSG_APP_RESP,
  MSG_HEARTBEAT,
  MSG_HEARTBEAT_RESP,
  MSG_HUP,
  MSG_SNAP,
  MSG_STORAGE_APPEND_RESP,
  MSG_TIMEOUT_NOW,
  MSG_VOTE,
  MSG_VOTE_RESP,
  type ReadState,
  type Snapshot,
} from '../../sim/nodes/raft/messages.ts';
import { type RaftConfig, RaftNode, type RecoveredState } from '../../sim/nodes/raft/ready.ts';
import { CANDIDATE, FOLLOWER, LEADER } from '../../sim/nodes/raft/state.ts';

const three = { voters: [1, 2, 3], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

function entry(term: number, index: number, text = ''): Entry {
  return new Entry(term, index, ENTRY_NORMAL, text === '' ? EMPTY_DATA : value(text));
}

function value(text: string): Value {
  return Value.of(new TextEncoder().encode(text));
}

function recovered(changes: Partial<RecoveredState> = {}): RecoveredState {
  const base = { term: 1, vote: 0, commit: 0, snapshotIndex: 0, snapshotTerm: 0, configuration: three, entries: [] };
  return { ...base, ...changes };
}

interface Done {
  readonly sent: Message[];
  readonly committed: number[];
  readonly reads: ReadState[];
}

/** Does all the node's work, as fast as a host can. */
function work(node: RaftNode): Done {
  const done: Done = { sent: [], committed: [], reads: [] };
  while (node.hasReady()) {
    const ready = node.ready();
    done.sent.push(...ready.messages, ...ready.messagesAfterSave);
    done.committed.push(...ready.committed.map((one) => one.index));
    done.reads.push(...ready.readStates);
    for (const one of ready.committed) if (one.type !== ENTRY_NORMAL) node.applyConfChangeEntry(one);
    node.advance();
  }
  return done;
}

function lines(messages: readonly Message[]): string[] {
  return messages.map((message) => describeMessage(message));
}

function answer(type: number, from: number, term: number, changes: Partial<Message> = {}): Message {
  return Object.assign(new Message(type, 1, from, term), changes);
}

/** Node 1 leads term 2 of three; the others have acknowledged its first entry. */
function leader(config: Omit<RaftConfig, 'id'> = {}, state: Partial<RecoveredState> = {}): RaftNode {
  const node = newLeader(config, state);
  const index = node.state.log.lastIndex();
  for (const from of [2, 3]) node.step(answer(MSG_APP_RESP, from, node.term, { index }));
  work(node);
  expect(node.commit).toBe(index);
  return node;
}

/** The same, before anybody has acknowledged anything. */
function newLeader(
  config: Omit<RaftConfig, 'id'> = {},
  state: Partial<RecoveredState> = {},
  images?: () => Snapshot | undefined,
): RaftNode {
  const node = new RaftNode({ id: 1, ...config }, recovered(state), images);
  node.campaign();
  work(node);
  if (config.preVote === true) throw new Error('not for pre-votes');
  node.step(answer(MSG_VOTE_RESP, 2, node.term));
  work(node);
  expect(node.isLeader).toBe(true);
  return node;
}

describe('commit', () => {
  test('an entry of an earlier term is not committed by counting', () => {
    // the figure of the Raft paper: a majority has it, and yet it may be lost
    const node = newLeader({}, { term: 3, entries: [entry(1, 1), entry(2, 2)] });
    node.step(answer(MSG_APP_RESP, 2, 4, { index: 2 }));
    work(node);
    expect(node.commit).toBe(0);
    // with an entry of the leader's own term everything before it goes along
    node.step(answer(MSG_APP_RESP, 2, 4, { index: 3 }));
    expect(work(node).committed).toEqual([1, 2, 3]);
  });

  test("the leader's own log counts when it is saved, not before", () => {
    const node = leader();
    node.propose(value('a'));
    node.ready();
    node.step(answer(MSG_APP_RESP, 2, 2, { index: 2 }));
    expect(node.commit).toBe(1);
    node.advance();
    expect(node.commit).toBe(2);
  });

  test('two followers commit without the leader, whose own disk is slow', () => {
    const node = leader();
    node.propose(value('a'));
    node.ready();
    for (const from of [2, 3]) node.step(answer(MSG_APP_RESP, from, 2, { index: 2 }));
    expect(node.commit).toBe(2);
  });

  test('a report about a save of an earlier term does not count for entries', () => {
    const node = new RaftNode({ id: 1, asyncStorageWrites: true }, recovered());
    const append = answer(MSG_APP, 2, 1, { entries: [entry(1, 1)] });
    node.step(append);
    node.ready();
    node.step(answer(MSG_HEARTBEAT, 3, 2));
    const report = new Message(MSG_STORAGE_APPEND_RESP, 1, APPEND_THREAD, 1);
    node.step(Object.assign(report, { index: 1, logTerm: 1 }));
    expect(node.state.log.stable).toBe(0);
    node.step(Object.assign(new Message(MSG_STORAGE_APPEND_RESP, 1, APPEND_THREAD, 2), { index: 1, logTerm: 1 }));
    expect(node.state.log.stable).toBe(1);
  });
});

describe('votes', () => {
  test.each([
    ['nobody yet', 0, 1, 1, false],
    ['the same again', 2, 1, 1, false],
    ['somebody else', 3, 1, 1, true],
    ['a shorter log', 0, 1, 0, true],
    ['an older log', 0, 0, 9, true],
  ])('having voted for %s', (_, vote, logTerm, index, reject) => {
    const node = new RaftNode({ id: 1 }, recovered({ vote, entries: [entry(1, 1)] }));
    node.step(answer(MSG_VOTE, 2, 1, { logTerm, index }));
    const { sent } = work(node);
    expect(sent.map((one) => [one.type, one.to, one.reject])).toEqual([[MSG_VOTE_RESP, 2, reject]]);
  });

  test('a vote leaves only after it is saved', () => {
    const node = new RaftNode({ id: 1 }, recovered());
    node.step(answer(MSG_VOTE, 2, 5));
    const ready = node.ready();
    expect([ready.term, ready.vote, ready.mustSync]).toEqual([5, 2, true]);
    expect([ready.messages.length, ready.messagesAfterSave.length]).toEqual([0, 1]);
  });

  test('a request for votes too: its log might be lost in a crash, and the answers not', () => {
    const node = new RaftNode({ id: 1 }, recovered());
    node.step(answer(MSG_APP, 2, 1, { entries: [entry(1, 1)] }));
    node.electionTimeout();
    const ready = node.ready();
    expect([ready.entries.length, ready.messages.length]).toEqual([1, 0]);
    expect(ready.messagesAfterSave.map((one) => one.type)).toEqual([MSG_VOTE, MSG_VOTE, MSG_APP_RESP]);
  });

  test('no campaign while a committed configuration change is not applied', () => {
    const change: ConfChange = { version: 2, transition: 0, changes: [{ type: ADD_NODE, nodeId: 4 }] };
    const entries = [new Entry(1, 1, ENTRY_CONF_CHANGE_V2, encodeConfChange(change)), entry(1, 2)];
    const node = new RaftNode({ id: 1 }, recovered({ commit: 2, entries }));
    node.electionTimeout();
    expect(node.state.role).toBe(FOLLOWER);
    work(node);
    node.electionTimeout();
    expect(node.state.role).toBe(CANDIDATE);
  });

  test('learners do not campaign, but vote', () => {
    const configuration = { ...three, voters: [2, 3], learners: [1] };
    const node = new RaftNode({ id: 1 }, recovered({ configuration }));
    node.electionTimeout();
    expect(work(node).sent).toEqual([]);
    node.step(answer(MSG_VOTE, 2, 2));
    expect(lines(work(node).sent)).toEqual(['1->2 MsgVoteResp Term:2 Log:0/0']);
  });
});

describe('leases and the quorum check', () => {
  function follower(): RaftNode {
    const node = new RaftNode({ id: 1, checkQuorum: true, electionTimeout: 1000 }, recovered());
    node.step(answer(MSG_HEARTBEAT, 2, 1));
    work(node);
    return node;
  }

  test.each([
    ['just heard of the leader', 0, 0, 1],
    ['nearly an election time-out ago', 999, 0, 1],
    ['an election time-out ago', 1000, 0, 2],
    ['the leader wants it', 0, 1, 2],
  ])('a candidate, %s', (_, elapsed, context, term) => {
    const node = follower();
    node.electionElapsed = elapsed;
    node.step(answer(MSG_VOTE, 3, 2, { context }));
    expect(node.term).toBe(term);
    expect(work(node).sent.length).toBe(term - 1);
  });

  test('a leader that hears of nobody resigns at the second check', () => {
    const node = leader({ checkQuorum: true });
    node.checkQuorumTimeout();
    expect(node.isLeader).toBe(true);
    node.checkQuorumTimeout();
    expect(node.isLeader).toBe(false);
  });

  test('one answer from one of two is enough', () => {
    const node = leader({ checkQuorum: true });
    for (let check = 0; check < 3; check++) {
      node.step(answer(MSG_HEARTBEAT_RESP, 3, 2));
      node.checkQuorumTimeout();
      expect(node.isLeader).toBe(true);
    }
  });
});

describe('reads', () => {
  test('confirmed by a round of heartbeats, several reads by one answer', () => {
    const node = leader();
    node.readIndex(71);
    node.readIndex(72);
    const { sent, reads } = work(node);
    expect(reads).toEqual([]);
    expect(sent.map((one) => [one.type, one.to, one.context])).toEqual([
      [MSG_HEARTBEAT, 2, 1],
      [MSG_HEARTBEAT, 3, 1],
      [MSG_HEARTBEAT, 2, 2],
      [MSG_HEARTBEAT, 3, 2],
    ]);
    node.step(answer(MSG_HEARTBEAT_RESP, 3, 2, { context: 2 }));
    expect(work(node).reads).toEqual([
      { index: 1, context: 71 },
      { index: 1, context: 72 },
    ]);
  });

  test('an answer to an earlier round confirms the earlier read only', () => {
    const node = leader();
    node.readIndex(71);
    node.readIndex(72);
    work(node);
    node.step(answer(MSG_HEARTBEAT_RESP, 2, 2, { context: 1 }));
    expect(work(node).reads.map((one) => one.context)).toEqual([71]);
    node.step(answer(MSG_HEARTBEAT_RESP, 2, 2, { context: 1 }));
    expect(work(node).reads).toEqual([]);
  });

  test('wait for the first commit of the term', () => {
    const node = newLeader();
    node.readIndex(71);
    expect(work(node)).toMatchObject({ sent: [], reads: [] });
    node.step(answer(MSG_APP_RESP, 2, 2, { index: 1 }));
    expect(work(node).sent.filter((one) => one.type === MSG_HEARTBEAT).length).toBe(2);
    node.step(answer(MSG_HEARTBEAT_RESP, 2, 2, { context: 1 }));
    expect(work(node).reads).toEqual([{ index: 1, context: 71 }]);
  });

  test('with leases nobody is asked', () => {
    const node = leader({ checkQuorum: true, readOnly: 'lease-based' });
    node.readIndex(71);
    expect(work(node)).toMatchObject({ sent: [], reads: [{ index: 1, context: 71 }] });
  });

  test('a follower asks the leader and passes on its answer', () => {
    const node = new RaftNode({ id: 1 }, recovered());
    expect(node.readIndex(70)).toBe('dropped');
    node.step(answer(MSG_HEARTBEAT, 2, 1));
    work(node);
    expect(node.readIndex(71)).toBe('ok');
    const [request] = work(node).sent;
    const asked = new RaftNode({ id: 2, checkQuorum: true, readOnly: 'lease-based' }, recovered());
    asked.campaign();
    work(asked);
    asked.step(new Message(MSG_VOTE_RESP, 2, 1, 2));
    work(asked);
    asked.step(Object.assign(new Message(MSG_APP_RESP, 2, 1, 2), { index: 1 }));
    work(asked);
    asked.step(request!);
    const [response] = work(asked).sent;
    expect([response!.to, response!.index, response!.context]).toEqual([1, 1, 71]);
    node.step(response!);
    expect(work(node).reads).toEqual([{ index: 1, context: 71 }]);
  });

  test('are lost with the leadership, and limited in number', () => {
    const node = leader({ maxPendingReads: 2 });
    expect([1, 2, 3].map((context) => node.readIndex(context))).toEqual(['ok', 'ok', 'dropped']);
    node.step(answer(MSG_HEARTBEAT, 2, 3));
    work(node);
    node.step(answer(MSG_HEARTBEAT_RESP, 2, 2, { context: 2 }));
    expect(work(node).reads).toEqual([]);
  });

  test('a single voter answers at once', () => {
    const node = new RaftNode({ id: 1 }, recovered({ configuration: { ...three, voters: [1] } }));
    node.campaign();
    work(node);
    node.readIndex(71);
    expect(work(node).reads).toEqual([{ index: 1, context: 71 }]);
  });
});

describe('proposals', () => {
  test('forwarded by followers, unless that is switched off', () => {
    for (const disableProposalForwarding of [false, true]) {
      const node = new RaftNode({ id: 1, disableProposalForwarding }, recovered());
      expect(node.propose(value('a'))).toBe('dropped');
      node.step(answer(MSG_HEARTBEAT, 2, 1));
      work(node);
      expect(node.propose(value('a'))).toBe(disableProposalForwarding ? 'dropped' : 'ok');
      const want = disableProposalForwarding ? [] : ['1->2 MsgProp Term:0 Log:0/0 Entries:[0/0 EntryNormal "a"]'];
      expect(lines(work(node).sent)).toEqual(want);
    }
  });

  test('a forwarded one gets its place from the leader', () => {
    const node = leader();
    const message = new Message(2, 1, 3, 0);
    message.entries = [entry(0, 0, 'a'), entry(0, 0, 'b')];
    expect(node.step(message)).toBe('ok');
    expect(lines(work(node).sent)).toEqual([
      '1->2 MsgApp Term:2 Log:2/1 Commit:1 Entries:[\n  2/2 EntryNormal "a"\n  2/3 EntryNormal "b"\n]',
      '1->3 MsgApp Term:2 Log:2/1 Commit:1 Entries:[\n  2/2 EntryNormal "a"\n  2/3 EntryNormal "b"\n]',
    ]);
  });

  test('limited in uncommitted bytes; all of a batch or nothing; room again when applied', () => {
    const node = leader({ maxUncommittedSize: 10 });
    expect(node.propose(value('123456'))).toBe('ok');
    expect(node.proposeAll([value('78'), value('901')])).toBe('dropped');
    expect(node.proposeAll([value('78'), value('90')])).toBe('ok');
    expect(node.propose(value('1'))).toBe('dropped');
    work(node);
    node.step(answer(MSG_APP_RESP, 2, 2, { index: 4 }));
    expect(work(node).committed).toEqual([2, 3, 4]);
    // any size fits into an empty tail
    expect(node.propose(value('12345678901234567890'))).toBe('ok');
  });

  test('a second configuration change waits for the first: it becomes an empty entry', () => {
    const node = leader();
    const change = (nodeId: number): ConfChange => ({
      version: 1,
      transition: 0,
      changes: [{ type: ADD_NODE, nodeId }],
    });
    node.proposeConfChange(change(4));
    node.proposeConfChange(change(5));
    expect(node.ready().entries.map((one) => [one.index, one.type, one.payloadBytes > 0])).toEqual([
      [2, 1, true],
      [3, 0, false],
    ]);
  });
});

describe('flow', () => {
  test('appends are cut at maxSizePerMsg, the window at its bytes', () => {
    // 30 bytes of payload are 38 encoded
    const node = leader({ maxSizePerMsg: 80, maxInflightBytes: 100 });
    for (let i = 0; i < 7; i++) node.propose(value('x'.repeat(30)));
    const to2 = (messages: readonly Message[]): number[] =>
      messages.filter((one) => one.to === 2).map((one) => one.entries.length);
    // four single ones, and the fourth crosses the limit
    expect(to2(work(node).sent)).toEqual([1, 1, 1, 1]);
    node.step(answer(MSG_APP_RESP, 2, 2, { index: 3 }));
    // two of 30 are free: two entries fit into a message, which fills the window again
    expect(to2(work(node).sent).filter((count) => count > 0)).toEqual([2]);
  });

  test('lazily, all that comes together leaves as one message a peer', () => {
    const eager = leader();
    const lazy = leader({ replication: 'lazy' });
    for (const node of [eager, lazy]) for (const text of ['a', 'b', 'c']) node.propose(value(text));
    expect(work(eager).sent.map((one) => one.entries.length)).toEqual([1, 1, 1, 1, 1, 1]);
    const { sent } = work(lazy);
    expect(sent.map((one) => [one.to, one.entries.length])).toEqual([
      [2, 3],
      [3, 3],
    ]);
    // and the same list at that
    expect(sent[0]!.entries).toBe(sent[1]!.entries);
  });

  test('lazily, two acknowledgements tell the new commit index once', () => {
    const node = leader({ replication: 'lazy' });
    node.propose(value('a'));
    work(node);
    for (const from of [2, 3]) node.step(answer(MSG_APP_RESP, from, 2, { index: 2 }));
    expect(lines(work(node).sent)).toEqual([
      '1->2 MsgApp Term:2 Log:2/2 Commit:2',
      '1->3 MsgApp Term:2 Log:2/2 Commit:2',
    ]);
  });

  test('a heartbeat wakes a window whose messages were all lost', () => {
    for (const replication of ['eager', 'lazy'] as const) {
      const node = leader({ replication, maxInflightMessages: 1 });
      for (const text of ['a', 'b']) {
        node.propose(value(text));
        work(node);
      }
      node.step(answer(MSG_HEARTBEAT_RESP, 2, 2));
      expect(lines(work(node).sent)).toEqual(['1->2 MsgApp Term:2 Log:2/2 Commit:1']);
      node.step(answer(MSG_APP_RESP, 2, 2, { index: 2, reject: true, rejectHint: 1, logTerm: 2 }));
      expect(lines(work(node).sent)).toEqual([
        '1->2 MsgApp Term:2 Log:2/1 Commit:1 Entries:[\n  2/2 EntryNormal "a"\n  2/3 EntryNormal "b"\n]',
      ]);
    }
  });
});

describe('images', () => {
  const image: Snapshot = { index: 5, term: 1, configuration: three, data: 'image' };

  function compacted(images: () => Snapshot | undefined): RaftNode {
    const entries = [entry(1, 6)];
    return newLeader({}, { snapshotIndex: 5, snapshotTerm: 1, commit: 6, entries }, images);
  }

  /** Follower 2 says that it has nothing beyond index 3. */
  function behind(node: RaftNode): string[] {
    node.step(answer(MSG_APP_RESP, 2, 2, { index: 6, reject: true, rejectHint: 3, logTerm: 1 }));
    return work(node)
      .sent.map((one) => one.type)
      .map((type) => (type === MSG_SNAP ? 'image' : `message ${type}`));
  }

  const position = (node: RaftNode): unknown[] => {
    const { state, next, pendingSnapshot, flowPaused } = node.state.tracker.find(2)!;
    return [['probe', 'replicate', 'snapshot'][state], next, pendingSnapshot, flowPaused];
  };

  test('for who is behind the log; then silence', () => {
    const node = compacted(() => image);
    expect(behind(node)).toEqual(['image']);
    expect(position(node)).toEqual(['snapshot', 6, 5, false]);
    node.propose(value('a'));
    expect(work(node).sent.filter((one) => one.to === 2)).toEqual([]);
  });

  test('arrived: goes on after it, when the follower speaks', () => {
    const node = compacted(() => image);
    behind(node);
    node.reportSnapshot(2, true);
    expect(position(node)).toEqual(['probe', 6, 0, true]);
    node.step(answer(MSG_APP_RESP, 2, 2, { index: 5 }));
    expect(work(node).sent.map((one) => [one.type, one.index, one.entries.length])).toEqual([[MSG_APP, 5, 2]]);
  });

  test('failed: from the beginning, at the next heartbeat', () => {
    const node = compacted(() => image);
    behind(node);
    node.reportSnapshot(2, false);
    expect(position(node)).toEqual(['probe', 1, 0, true]);
    expect(work(node).sent).toEqual([]);
    node.step(answer(MSG_HEARTBEAT_RESP, 2, 2));
    expect(work(node).sent.map((one) => one.type)).toEqual([MSG_SNAP]);
  });

  test('none to be had: nothing is sent', () => {
    expect(behind(compacted(() => undefined))).toEqual([]);
  });

  test('not for who has not answered since the last quorum check', () => {
    let available: Snapshot | undefined;
    const node = compacted(() => available);
    expect(behind(node)).toEqual([]);
    available = image;
    node.step(answer(MSG_HEARTBEAT_RESP, 3, 2));
    node.state.tracker.find(2)!.recentActive = false;
    node.propose(value('a'));
    expect(work(node).sent.filter((one) => one.to === 2)).toEqual([]);
    node.step(answer(MSG_HEARTBEAT_RESP, 2, 2));
    expect(work(node).sent.map((one) => one.type)).toEqual([MSG_SNAP]);
  });

  test('installed: the log starts after it, applying waits for the host', () => {
    const node = new RaftNode({ id: 1 }, recovered({ entries: [entry(1, 1)] }));
    node.step(answer(MSG_SNAP, 2, 2, { snapshot: { ...image, configuration: { ...three, voters: [1, 2] } } }));
    const ready = node.ready();
    expect([ready.snapshot?.index, ready.commit, ready.entries, ready.committed]).toEqual([5, 5, [], []]);
    expect(lines(ready.messagesAfterSave)).toEqual(['1->2 MsgAppResp Term:2 Log:0/5']);
    expect(node.state.log.applied).toBe(0);
    node.advance();
    expect([node.state.log.applied, node.configuration.voters]).toEqual([5, [1, 2]]);
  });

  test('overtaking a configuration change that is being applied: the change is not made twice', () => {
    const change: ConfChange = { version: 2, transition: 2, changes: [{ type: ADD_NODE, nodeId: 4 }] };
    const entries = [new Entry(1, 1, ENTRY_CONF_CHANGE_V2, encodeConfChange(change))];
    const node = new RaftNode({ id: 1 }, recovered({ commit: 1, entries }));
    const { committed } = node.ready();
    const configuration = { ...three, voters: [1, 2, 3, 4], votersOutgoing: [1, 2, 3] };
    node.step(answer(MSG_SNAP, 2, 1, { snapshot: { ...image, configuration } }));
    node.applyConfChangeEntry(committed[0]!);
    node.advance();
    expect([node.fatal, node.configuration]).toEqual(['', configuration]);
  });

  test('refused by who is not in its configuration', () => {
    const node = new RaftNode({ id: 1 }, recovered());
    node.step(answer(MSG_SNAP, 2, 2, { snapshot: { ...image, configuration: { ...three, voters: [2, 3] } } }));
    expect(lines(work(node).sent)).toEqual(['1->2 MsgAppResp Term:2 Log:0/0']);
  });
});

describe('handing over', () => {
  test('at once to a member that has everything; proposals are dropped meanwhile; given up after an election time-out', () => {
    const node = leader();
    node.transferLeader(2);
    expect(work(node).sent.map((one) => [one.type, one.to])).toEqual([[MSG_TIMEOUT_NOW, 2]]);
    expect(node.propose(value('a'))).toBe('dropped');
    node.checkQuorumTimeout();
    expect(node.propose(value('a'))).toBe('ok');
  });

  test('after it has caught up, to one that has not', () => {
    const node = leader();
    node.propose(value('a'));
    work(node);
    node.transferLeader(3);
    work(node);
    node.step(answer(MSG_APP_RESP, 3, 2, { index: 2 }));
    expect(work(node).sent.map((one) => one.type)).toContain(MSG_TIMEOUT_NOW);
  });

  test('the chosen one campaigns without a pre-vote, and its request says so', () => {
    const node = new RaftNode({ id: 1, preVote: true, checkQuorum: true }, recovered());
    node.step(answer(MSG_TIMEOUT_NOW, 2, 1));
    expect(work(node).sent.map((one) => [one.type, one.to, one.term, one.context])).toEqual([
      [MSG_VOTE, 2, 2, 1],
      [MSG_VOTE, 3, 2, 1],
    ]);
  });
});

describe('timers of a host with deadlines', () => {
  const counters = (node: RaftNode): number[] => [node.electionTimerResets, node.timeoutDraws];

  test('a heartbeat resets the timer; a new term draws a new time-out as well', () => {
    const node = new RaftNode({ id: 1 }, recovered());
    const [resets, draws] = counters(node);
    node.step(answer(MSG_HEARTBEAT, 2, 1));
    expect(counters(node)).toEqual([resets! + 1, draws]);
    node.electionTimeout();
    expect(node.state.role).toBe(CANDIDATE);
    expect(counters(node)).toEqual([resets! + 3, draws! + 1]);
  });

  test('time-outs of the other role do nothing', () => {
    const follower = new RaftNode({ id: 1 }, recovered());
    follower.heartbeatTimeout();
    follower.checkQuorumTimeout();
    expect(follower.hasReady()).toBe(false);
    const node = leader();
    node.electionTimeout();
    expect([node.state.role, node.hasReady()]).toEqual([LEADER, false]);
  });

  test('by ticks: an election after the drawn number, heartbeats at every interval', () => {
    const node = new RaftNode({ id: 1, electionTimeout: 5, heartbeatTimeout: 2 }, recovered());
    node.state.randomizedElectionTimeout = 7;
    for (let i = 0; i < 6; i++) node.tick();
    expect(node.hasReady()).toBe(false);
    node.tick();
    expect(node.state.role).toBe(CANDIDATE);
    const leading = leader({ electionTimeout: 5, heartbeatTimeout: 2 });
    const beats = [1, 2, 3, 4].map(() => {
      leading.tick();
      return work(leading).sent.length;
    });
    expect(beats).toEqual([0, 2, 0, 2]);
  });
});

describe('what should never come', () => {
  test('local inputs and answers from strangers are refused', () => {
    const node = leader();
    expect(node.step(answer(MSG_HUP, 2, 0))).toBe('local-message');
    expect(node.step(answer(MSG_APP_RESP, 9, 2))).toBe('unknown-peer');
    expect(node.step(answer(MSG_VOTE, 9, 2))).toBe('ok');
  });

  test('a commit index beyond the log ends the process', () => {
    const node = new RaftNode({ id: 1 }, recovered({ commit: 1, entries: [entry(1, 1)] }));
    node.step(answer(MSG_HEARTBEAT, 2, 1, { commit: 9 }));
    expect([node.fatal, node.hasReady(), node.propose(value('a'))]).toEqual([
      'commit beyond the log',
      false,
      'dropped',
    ]);
  });

  test('an append that starts below the commit index is answered with that, whatever it holds', () => {
    const entries = [entry(1, 1), entry(1, 2), entry(1, 3)];
    const node = new RaftNode({ id: 1 }, recovered({ commit: 2, entries }));
    node.step(answer(MSG_APP, 2, 2, { index: 1, logTerm: 1, entries: [entry(2, 2)] }));
    expect(lines(work(node).sent)).toEqual(['1->2 MsgAppResp Term:2 Log:0/2']);
    expect(node.state.log.term(2)).toBe(1);
  });

  test('a committed configuration change that does not apply ends the process', () => {
    const change: ConfChange = { version: 2, transition: 0, changes: [] };
    const entries = [new Entry(1, 1, ENTRY_CONF_CHANGE_V2, encodeConfChange(change))];
    const node = new RaftNode({ id: 1 }, recovered({ commit: 1, entries }));
    work(node);
    expect(node.fatal).toBe('impossible configuration change');
  });

  test('a log that has lost committed entries is noticed at the start', () => {
    const node = new RaftNode({ id: 1 }, recovered({ commit: 5, entries: [entry(1, 1)] }));
    expect([node.fatal, node.hasReady()]).toEqual(['commit beyond the log', false]);
    node.electionTimeout();
    expect(node.state.role).toBe(FOLLOWER);
  });
});
