/** Majorities: etcd's tables, and a twin that counts every candidate index by hand. */
import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  jointVote,
  majorityCommitted,
  majorityVote,
  VOTE_LOST,
  VOTE_PENDING,
  VOTE_WON,
  type VoteResult,
} from '../../sim/nodes/raft/quorum.ts';
import { argument, type Command, parseFile, TESTDATA_MISSING, testdataFiles } from './datadriven.ts';

type Acked = ReadonlyMap<number, number>;
type Votes = ReadonlyMap<number, boolean>;

function committed(voters: readonly number[], acked: Acked): number {
  return majorityCommitted(
    voters.map((id) => acked.get(id) ?? 0),
    voters.length,
  );
}

function jointCommitted(incoming: readonly number[], outgoing: readonly number[], acked: Acked): number {
  return Math.min(committed(incoming, acked), committed(outgoing, acked));
}

function voted(voters: readonly number[], votes: Votes): VoteResult {
  const granted = voters.filter((id) => votes.get(id) === true).length;
  const missing = voters.filter((id) => !votes.has(id)).length;
  return majorityVote(granted, missing, voters.length);
}

// ——— dumb twins ———

function committedTwin(voters: readonly number[], acked: Acked): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  let best = 0;
  for (const candidate of acked.values()) {
    const holders = voters.filter((id) => (acked.get(id) ?? 0) >= candidate).length;
    if (holders * 2 > voters.length) best = Math.max(best, candidate);
  }
  return best;
}

/** Tries every way in which the missing votes could still fall. */
function votedTwin(voters: readonly number[], votes: Votes): VoteResult {
  const wins = (all: Votes): boolean =>
    voters.length === 0 || voters.filter((id) => all.get(id) === true).length * 2 > voters.length;
  const missing = voters.filter((id) => !votes.has(id));
  const all = (answer: boolean): Votes => new Map([...votes, ...missing.map((id) => [id, answer] as const)]);
  if (wins(all(false))) return VOTE_WON;
  return wins(all(true)) ? VOTE_PENDING : VOTE_LOST;
}

// ——— etcd's tables ———

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/** A bar per voter: how many others are behind it. */
function describeAcked(voters: readonly number[], acked: Acked): string {
  if (voters.length === 0) return '<empty majority quorum>';
  const width = voters.length;
  const lines = voters.map((id) => {
    const index = acked.get(id);
    const behind = voters.filter((other) => (acked.get(other) ?? 0) < (index ?? 0)).length;
    const bar = index === undefined ? '?'.padEnd(width + 1) : `${'x'.repeat(behind)}>`.padEnd(width + 1);
    return `${bar} ${String(index ?? 0).padStart(5)}    (id=${id.toString(16)})\n`;
  });
  return `${' '.repeat(width)}    idx\n${lines.join('')}`;
}

const RESULT_NAMES = ['VotePending', 'VoteLost', 'VoteWon'];

function assign<T>(
  command: Command,
  key: string,
  members: readonly number[],
  parse: (text: string) => T,
): Map<number, T> {
  const given = argument(command, key);
  return new Map(members.flatMap((id, i) => (given[i] === '_' ? [] : [[id, parse(given[i]!)] as const])));
}

function run(command: Command): string {
  const incoming = [...new Set(argument(command, 'cfg').map(Number))];
  const second = argument(command, 'cfgj');
  const isJoint = command.arguments.some((one) => one.key === 'cfgj');
  const outgoing = second[0] === 'zero' ? [] : [...new Set(second.map(Number))];
  // in the order in which they are named, each once
  const members = [...new Set([...incoming, ...outgoing])];
  const key = command.name === 'vote' ? 'votes' : 'idx';
  if (argument(command, key).length !== members.length) {
    const inputs = argument(command, key).map((text) => ({ _: '0', n: '1', y: '2' })[text] ?? text);
    const set = union(incoming, outgoing).map((id) => `${id}:{}`);
    return `error: mismatched input (explicit or _) for voters map[${set.join(' ')}]: [${inputs.join(' ')}]`;
  }
  if (command.name === 'vote') {
    const votes = assign(command, 'votes', members, (text) => text === 'y');
    const result = isJoint ? jointVote(voted(incoming, votes), voted(outgoing, votes)) : voted(incoming, votes);
    return RESULT_NAMES[result]!;
  }
  const acked = assign(command, 'idx', members, Number);
  const index = isJoint ? jointCommitted(incoming, outgoing, acked) : committed(incoming, acked);
  const text = describeAcked(isJoint ? union(incoming, outgoing) : union(incoming, []), acked);
  return `${text}${index === Number.POSITIVE_INFINITY ? '∞' : index}`;
}

describe('tables of etcd', () => {
  if (TESTDATA_MISSING !== '') console.log(TESTDATA_MISSING);
  test.skipIf(TESTDATA_MISSING !== '')('all four are there', () => {
    expect(testdataFiles('quorum/testdata').length).toBe(4);
  });
  for (const path of testdataFiles('quorum/testdata')) {
    test(basename(path, '.txt'), () => {
      for (const command of parseFile(path)) expect(run(command), `line ${command.line}`).toBe(command.expected);
    });
  }
});

describe('against the twins', () => {
  const voters = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 9 });
  const acked = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 12 })), { maxLength: 9 });
  const votes = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 9 });

  test('committed index', () => {
    fc.assert(
      fc.property(voters, acked, (ids, pairs) => {
        expect(committed(ids, new Map(pairs))).toBe(committedTwin(ids, new Map(pairs)));
      }),
      { numRuns: 2000 },
    );
  });

  test('vote of a majority', () => {
    fc.assert(
      fc.property(voters, votes, (ids, pairs) => {
        expect(voted(ids, new Map(pairs))).toBe(votedTwin(ids, new Map(pairs)));
      }),
      { numRuns: 2000 },
    );
  });

  test('a joint vote is won if both halves win, lost if one loses, whichever comes first', () => {
    fc.assert(
      fc.property(voters, voters, votes, (a, b, pairs) => {
        const all = new Map(pairs);
        const halves = [votedTwin(a, all), votedTwin(b, all)];
        let want: VoteResult = VOTE_PENDING;
        if (halves.includes(VOTE_LOST)) want = VOTE_LOST;
        else if (halves.every((half) => half === VOTE_WON)) want = VOTE_WON;
        expect(jointVote(voted(a, all), voted(b, all))).toBe(want);
        expect(jointVote(voted(b, all), voted(a, all))).toBe(want);
      }),
      { numRuns: 2000 },
    );
  });
});
