/** The microscope on one election, as its user reads it. */
import { describe, expect, test } from 'vitest';
import { Value } from '../../sim/bytes/value.ts';
import { explain, explainMessage } from '../../sim/nodes/raft/explain.ts';
import { Message, MSG_APP_RESP, MSG_VOTE_RESP } from '../../sim/nodes/raft/messages.ts';
import { RaftNode } from '../../sim/nodes/raft/ready.ts';
import { electionTimeout } from '../../sim/nodes/raft/timers.ts';

const configuration = { voters: [1, 2, 3], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

function newNode(): RaftNode {
  const recovered = { term: 4, vote: 2, commit: 10, snapshotIndex: 10, snapshotTerm: 4, configuration, entries: [] };
  return new RaftNode({ id: 1 }, recovered);
}

function settle(node: RaftNode): void {
  while (node.hasReady()) {
    node.ready();
    node.advance();
  }
}

describe('one election under the microscope', () => {
  test('the time-out', () => {
    const node = newNode();
    const { changes, sends, after } = explain(node, electionTimeout);
    expect(changes).toEqual(['term: 4 → 5', 'vote: 2 → 1', 'role: Follower → Candidate']);
    expect(sends).toEqual([
      '1->2 MsgVote Term:5 Log:4/10 (when durable)',
      '1->3 MsgVote Term:5 Log:4/10 (when durable)',
      '1->1 MsgVoteResp Term:5 Log:0/0 (when durable)',
    ]);
    expect(after.term).toBe(5);
    // nothing has happened yet
    expect([node.term, node.state.vote, node.hasReady()]).toEqual([4, 2, false]);
  });

  test('the vote that decides it', () => {
    const node = newNode();
    node.electionTimeout();
    settle(node);
    const { changes, sends } = explainMessage(node, new Message(MSG_VOTE_RESP, 1, 2, 5));
    expect(changes).toEqual([
      'role: Candidate → Leader',
      'leader: none → 1',
      'log entry 11: + 5/11 EntryNormal ""',
      'member 1 recentActive: false → true',
      'member 1 state: Probe → Replicate',
      'member 1 vote: granted → none',
      'member 2 flowPaused: false → true',
      'member 2 sentCommit: 0 → 10',
      'member 3 flowPaused: false → true',
      'member 3 sentCommit: 0 → 10',
      'pendingConfIndex: 0 → 10',
    ]);
    expect(sends).toEqual([
      '1->2 MsgApp Term:5 Log:4/10 Commit:10 Entries:[5/11 EntryNormal ""]',
      '1->3 MsgApp Term:5 Log:4/10 Commit:10 Entries:[5/11 EntryNormal ""]',
      '1->1 MsgAppResp Term:5 Log:0/11 (when durable)',
    ]);
  });

  test('what it foretells is what then happens', () => {
    const node = newNode();
    node.electionTimeout();
    settle(node);
    const vote = new Message(MSG_VOTE_RESP, 1, 3, 5);
    const foretold = explainMessage(node, vote).after;
    node.step(vote);
    expect(node.state).toEqual(foretold);
    settle(node);
    node.propose(Value.of(new Uint8Array([1])));
    const acknowledgement = new Message(MSG_APP_RESP, 1, 2, 5);
    acknowledgement.index = 11;
    const { changes, after } = explainMessage(node, acknowledgement);
    expect(changes).toContain('log committed: 10 → 11');
    node.step(acknowledgement);
    expect(node.state).toEqual(after);
  });
});
