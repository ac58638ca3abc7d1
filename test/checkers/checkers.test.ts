/** For each checker: a story that is right and stays silent, and the same story with one fault planted. */
import { describe, expect, it } from 'vitest';
import { Value } from '../../sim/bytes/value.ts';
import { AcknowledgedWrites } from '../../sim/checkers/acknowledged-writes.ts';
import { ApplyOrder } from '../../sim/checkers/apply-order.ts';
import type { Checker, FinalReplica, Report } from '../../sim/checkers/checker.ts';
import { CommittedEntries } from '../../sim/checkers/committed-entries.ts';
import { ExactlyOnce } from '../../sim/checkers/exactly-once.ts';
import { fingerprint } from '../../sim/checkers/fingerprint.ts';
import { LeaderAppendOnly } from '../../sim/checkers/leader-append-only.ts';
import { LeaderCompleteness } from '../../sim/checkers/leader-completeness.ts';
import { Linearizability } from '../../sim/checkers/linearizability.ts';
import { LogMatching } from '../../sim/checkers/log-matching.ts';
import { Membership } from '../../sim/checkers/membership.ts';
import { OneLeaderPerTerm } from '../../sim/checkers/one-leader-per-term.ts';
import { Progress } from '../../sim/checkers/progress.ts';
import { ReplicaEquality } from '../../sim/checkers/replica-equality.ts';
import { SessionOrder } from '../../sim/checkers/session-order.ts';
import { SoundStores } from '../../sim/checkers/sound-stores.ts';
import { type Configuration, Entry } from '../../sim/nodes/raft/messages.ts';
import { type ClientReply, type ClientRequest, DELETE, GET, PUT, type ReplyStatus } from '../../sim/rpc.ts';

const entry = (term: number, index: number, mark = index): Entry => new Entry(term, index, 0, markedValue(mark));
const markedValue = (mark: number): Value => Value.filled(Uint8Array.of(mark, 1, 2, 3), 100);

const key = (index: number): Uint8Array => Uint8Array.of(index);
const request = (operation: number, mark: number): ClientRequest => ({
  kind: 'request',
  session: 1,
  sequence: 1,
  operation,
  key: key(0),
  keyEnd: undefined,
  limit: 0,
  value: operation === PUT ? markedValue(mark) : undefined,
  serializable: false,
});
const reply = (status: ReplyStatus, revision: number): ClientReply => ({
  kind: 'reply',
  session: 1,
  sequence: 1,
  status,
  leader: 0,
  value: undefined,
  count: 0,
  revision,
  waits: undefined,
  waitsFrom: 0,
});

const by = (session: number, operation: number, mark: number): ClientRequest => ({
  ...request(operation, mark),
  session,
});
const invoke = (c: Linearizability, session: number, operation: number, mark: number, at: number, index = 0): void =>
  c.onInvoke(by(session, operation, mark), index, at);
/** `mark` 0: a get that sees nothing. */
const answer = (c: Linearizability, session: number, operation: number, mark: number, at: number, index = 0): void => {
  const value = operation === GET && mark !== 0 ? markedValue(mark) : undefined;
  c.onOutcome(by(session, operation, mark), index, 'ok', { ...reply('ok', 1), value }, at);
};
function operate(
  c: Linearizability,
  session: number,
  operation: number,
  mark: number,
  calledAt: number,
  returnedAt: number,
  index = 0,
): void {
  invoke(c, session, operation, mark, calledAt, index);
  answer(c, session, operation, mark, returnedAt, index);
}

type State = readonly (readonly [key: number, mark: number])[];
const replica = (node: number, appliedIndex: number): FinalReplica => ({
  node,
  up: true,
  leads: node === 0,
  isDown: false,
  wantedMember: node + 1,
  configuration: undefined,
  appliedIndex,
  storeBytes: 0,
  checkStore: () => [],
});
const members = (voters: readonly number[], learners: readonly number[] = []): Configuration => ({
  voters,
  votersOutgoing: [],
  learners,
  learnersNext: [],
  autoLeave: false,
});
/** Walks a state of [key, mark] past a checker, as the cluster does at the end of a run. */
function walk(checker: Checker, node: number, appliedIndex: number, state: State): void {
  checker.beginState?.(replica(node, appliedIndex));
  for (const [index, mark] of state) {
    const value = markedValue(mark);
    checker.onKey?.(key(index), 0, 1, value, fingerprint(value));
  }
  checker.endState?.();
}
const KEYS = {
  count: 4,
  indexOf: (bytes: Uint8Array, from: number) => bytes[from]!,
  preloaded: (index: number) => (index === 3 ? fingerprint(markedValue(33)) : 0),
};
const PRELOADED = [3, 33] as const;

function saidBy<C extends Checker>(make: (report: Report) => C, story: (checker: C) => void): string[] {
  const said: string[] = [];
  story(make((check, what) => said.push(`${check}: ${what}`)));
  return said;
}

interface Case<C extends Checker> {
  readonly make: (report: Report) => C;
  readonly sound: (checker: C) => void;
  readonly planted: readonly (readonly [fault: string, story: (checker: C) => void, expected: RegExp])[];
}
const cases = <C extends Checker>(c: Case<C>): Case<C> => c;

const CASES = {
  'one-leader-per-term': cases({
    make: (report) => new OneLeaderPerTerm(report),
    sound: (c) => {
      c.onLeader(0, 1);
      c.onLeader(0, 1);
      c.onLeader(1, 2);
      c.onLeader(0, 3);
    },
    planted: [
      [
        'two winners of term 5',
        (c) => {
          for (const n of [0, 2]) c.onLeader(n, 5);
        },
        /n1 and n3 both became leader of term 5/,
      ],
    ],
  }),
  'log-matching': cases({
    make: (report) => new LogMatching(report),
    sound: (c) => {
      const [one, two, other] = [entry(1, 1), entry(1, 2), entry(2, 2)];
      for (const node of [0, 1]) {
        c.onAppend(node, one, 0);
        c.onAppend(node, two, 1);
      }
      c.onAppend(2, other, 1); // a different term at the same index is no offence
      c.onAppend(0, other, 1);
      c.onAppend(1, entry(1, 2), 1); // read back from disk: equal content, another object
    },
    planted: [
      [
        'one index and term, two payloads',
        (c) => {
          c.onAppend(0, entry(1, 1, 7), 0);
          c.onAppend(1, entry(1, 1, 8), 0);
        },
        /n2 holds entry 1 of term 1/,
      ],
      [
        'the same, after another term had taken the index',
        (c) => {
          c.onAppend(0, entry(1, 1, 7), 0);
          c.onAppend(1, entry(2, 1), 0);
          c.onAppend(2, entry(1, 1, 8), 0);
        },
        /n3 holds entry 1 of term 1/,
      ],
      [
        'one entry after different predecessors',
        (c) => {
          const shared = entry(3, 2);
          c.onAppend(0, shared, 1);
          c.onAppend(1, shared, 2);
        },
        /n2 has an entry of term 2, another node one of term 1/,
      ],
    ],
  }),
  'committed-entries': cases({
    make: (report) => new CommittedEntries(report),
    sound: (c) => {
      for (const node of [0, 1, 2])
        for (let index = 1; index < 3000; index++) c.onCommit(node, entry(1, index, index & 255));
    },
    planted: [
      [
        'an index committed with two terms',
        (c) => {
          c.onCommit(0, entry(2, 4));
          c.onCommit(1, entry(3, 4));
        },
        /n2 learnt that entry 4 of term 3 .* is committed; before, it was entry 4 of term 2/,
      ],
    ],
  }),
  'apply-order': cases({
    make: (report) => new ApplyOrder(report, 3),
    sound: (c) => {
      for (let index = 1; index < 5000; index++) c.onApply(0, index, index * 7);
      c.onRestore(1, 4000, 28000);
      c.onApply(1, 4001, 28007);
      c.onRestart(1, 3500);
      c.onApply(1, 3501, 24507);
    },
    planted: [
      [
        'an entry left out',
        (c) => {
          for (const i of [1, 3]) c.onApply(0, i, i);
        },
        /n1 applied entry 3 after entry 1/,
      ],
      [
        'an entry twice',
        (c) => {
          for (const i of [1, 1]) c.onApply(0, i, i);
        },
        /n1 applied entry 1 after entry 1/,
      ],
      [
        'another sequence',
        (c) => {
          for (const n of [0, 1]) c.onApply(n, 1, 100 + n);
        },
        /n2 has applied a different sequence/,
      ],
      [
        'a snapshot of another history',
        (c) => {
          c.onApply(0, 1, 5);
          c.onRestore(2, 1, 6);
        },
        /n3 has applied a different sequence/,
      ],
    ],
  }),
  membership: cases({
    make: (report) => new Membership(report),
    sound: (c) => {
      for (const node of [0, 1]) c.onConfiguration(node, 4, members([1, 2, 3], [68]));
      c.onConfiguration(2, 9, members([1, 2, 3, 68]));
      c.finish([0, 1, 2].map((node) => ({ ...replica(node, 9), configuration: members([1, 2, 3]) })));
      // one that is down may hold up a change
      c.finish([
        { ...replica(0, 9), configuration: members([1]) },
        { ...replica(1, 9), up: false, isDown: true },
      ]);
    },
    planted: [
      [
        'another configuration after one change',
        (c) => {
          c.onConfiguration(0, 4, members([1, 2, 3]));
          c.onConfiguration(1, 4, members([1, 2, 3, 4]));
        },
        /n2 has voters 1 2 3 4 in force after entry 4, another node voters 1 2 3/,
      ],
      [
        'another configuration at the end',
        (c) => {
          const configurations = [members([1, 2]), members([1, 2], [4])];
          c.finish(configurations.map((configuration, node) => ({ ...replica(node, 9), configuration })));
        },
        /n1 has voters 1 2 in force, n2 has voters 1 2, learners 4/,
      ],
      [
        'a member that never came',
        (c) => {
          const configuration = members([1]);
          c.finish([0, 1].map((node) => ({ ...replica(node, 9), configuration })));
        },
        /member 2 is no voter yet, though all faults were lifted: voters 1/,
      ],
      [
        'a member that never went',
        (c) => {
          const configuration = members([1, 2]);
          c.finish([
            { ...replica(0, 9), configuration },
            { ...replica(1, 9), configuration, wantedMember: 0 },
          ]);
        },
        /member 2 is still there/,
      ],
    ],
  }),
  'acknowledged-writes': cases({
    make: (report) => new AcknowledgedWrites(report, KEYS),
    sound: (c) => {
      c.onOutcome(request(PUT, 10), 0, 'ok', reply('ok', 1));
      c.onOutcome(request(PUT, 12), 0, 'ok', reply('ok', 5));
      c.onOutcome(request(PUT, 11), 0, 'ok', reply('ok', 3)); // its reply came late
      c.onOutcome(request(PUT, 20), 1, 'unknown', undefined); // unknown: may be there or not
      c.onOutcome(request(PUT, 21), 2, 'ok', reply('ok', 6));
      c.onOutcome(request(DELETE, 0), 2, 'ok', reply('ok', 7));
      walk(c, 0, 9, [[0, 12], PRELOADED]);
      walk(c, 1, 9, [[0, 12], [1, 20], PRELOADED]);
    },
    planted: [
      [
        'an acknowledged write lost',
        (c) => {
          c.onOutcome(request(PUT, 10), 0, 'ok', reply('ok', 1));
          walk(c, 0, 9, [[0, 10], PRELOADED]);
          walk(c, 1, 9, [PRELOADED]);
        },
        /n2 holds nothing for key 0 instead of the acknowledged write \(applied at 1\)/,
      ],
      [
        'an older value back',
        (c) => {
          c.onOutcome(request(PUT, 10), 0, 'ok', reply('ok', 1));
          c.onOutcome(request(PUT, 12), 0, 'ok', reply('ok', 2));
          walk(c, 0, 9, [[0, 10], PRELOADED]);
        },
        /n1 holds another value for key 0/,
      ],
      [
        'a deleted key back',
        (c) => {
          c.onOutcome(request(PUT, 10), 0, 'ok', reply('ok', 1));
          c.onOutcome(request(DELETE, 0), 0, 'ok', reply('ok', 2));
          walk(c, 0, 9, [[0, 10], PRELOADED]);
        },
        /n1 holds another value for key 0/,
      ],
      [
        'a key that nobody wrote',
        (c) => {
          walk(c, 0, 9, [[1, 10], PRELOADED]);
        },
        /n1 holds another value for key 1 instead of nothing/,
      ],
      [
        'a preloaded key gone',
        (c) => {
          walk(c, 0, 9, []);
        },
        /n1 holds nothing for key 3 instead of the preloaded value/,
      ],
      [
        'a key outside the key space',
        (c) => {
          walk(c, 0, 9, [[200, 1]]);
        },
        /n1 holds a key that nobody wrote/,
      ],
    ],
  }),
  'leader-completeness': cases({
    make: (report) => new LeaderCompleteness(report, 3),
    sound: (c) => {
      c.onLeader(0, 1);
      for (const node of [0, 1, 2]) c.onAppend(node, entry(1, 1));
      for (const node of [0, 1]) c.onAppend(node, entry(1, 2));
      c.onCommit(0, entry(1, 2));
      c.onLeader(1, 3); // holds both
      c.onAppend(1, entry(3, 3));
      c.onCommit(1, entry(3, 3));
      c.onLeader(0, 2); // won late, before entry 3 was: it owes only what was committed before term 3
      c.onRestore(2, 3);
      c.onLeader(2, 4); // from a snapshot
      c.onRestart(1, 0);
      for (const each of [entry(1, 1), entry(1, 2), entry(3, 3)]) c.onAppend(1, each);
      c.onLeader(1, 5);
    },
    planted: [
      [
        'a log that ends before a committed entry wins',
        (c) => {
          c.onLeader(0, 1);
          for (const node of [0, 1]) c.onAppend(node, entry(1, 1));
          c.onCommit(0, entry(1, 1));
          c.onLeader(2, 2);
        },
        /n3 became leader of term 2 without entry 1 of term 1, which is committed: its log ends at entry 0/,
      ],
      [
        'a log with another entry there wins',
        (c) => {
          c.onLeader(0, 1);
          c.onAppend(2, entry(1, 1));
          c.onLeader(1, 2);
          for (const node of [0, 1]) c.onAppend(node, entry(2, 1));
          c.onCommit(1, entry(2, 1));
          c.onLeader(2, 3);
        },
        /n3 became leader of term 3 without entry 1 of term 2, .* holds one of term 1 there/,
      ],
      [
        'a restart has lost a committed entry',
        (c) => {
          c.onLeader(0, 1);
          for (const node of [0, 1]) for (const index of [1, 2]) c.onAppend(node, entry(1, index));
          c.onCommit(0, entry(1, 2));
          c.onRestart(1, 0);
          c.onAppend(1, entry(1, 1));
          c.onLeader(1, 2);
        },
        /n2 became leader of term 2 without entry 2/,
      ],
    ],
  }),
  'leader-append-only': cases({
    make: (report) => new LeaderAppendOnly(report, 2),
    sound: (c) => {
      c.onAppend(0, entry(1, 1));
      c.onAppend(0, entry(1, 2));
      c.onAppend(0, entry(2, 2)); // a follower's log is overwritten rightly
      c.onLeader(0, 3);
      c.onAppend(0, entry(3, 3));
      c.onDeposed(0);
      c.onAppend(0, entry(2, 3));
      c.onLeader(0, 5);
      c.onRestart(0);
      c.onAppend(0, entry(1, 1));
    },
    planted: [
      [
        'a leader puts an entry over its own',
        (c) => {
          c.onLeader(0, 1);
          c.onAppend(0, entry(1, 1));
          c.onAppend(0, entry(1, 2));
          c.onAppend(0, entry(1, 2));
        },
        /n1 leads term 1 and put entry 2 of term 1 where its log already had one \(up to 2\)/,
      ],
    ],
  }),
  'exactly-once': cases({
    make: (report) => new ExactlyOnce(report),
    sound: (c) => {
      for (const node of [0, 1])
        for (const sequence of [1, 2, 3, 4, 5, 6]) c.onEffect(node, 10 + sequence, 7, sequence);
      c.onEffect(0, 16, 7, 6); // applied again after a restart
      c.onEffect(1, 20, 8, 6); // another session
      for (let session = 100; session < 300; session++) c.onEffect(0, session, session, 1);
      for (let session = 100; session < 300; session++) c.onEffect(1, session, session, 1);
    },
    planted: [
      [
        'a retry takes effect too',
        (c) => {
          c.onEffect(0, 10, 7, 3);
          c.onEffect(0, 12, 7, 3);
        },
        /request 3 of session 7 took effect at entry 10 and again at entry 12 \(n1\)/,
      ],
      [
        'on another replica, at another entry',
        (c) => {
          for (let session = 100; session < 300; session++) c.onEffect(0, session, session, 1);
          c.onEffect(1, 251, 250, 1);
        },
        /request 1 of session 250 took effect at entry 250 and again at entry 251 \(n2\)/,
      ],
    ],
  }),
  'session-order': cases({
    make: (report) => new SessionOrder(report),
    sound: (c) => {
      c.onOutcome(by(1, PUT, 1), 0, 'ok', reply('ok', 5));
      c.onOutcome(by(2, GET, 1), 0, 'ok', reply('ok', 3));
      c.onOutcome(by(1, GET, 1), 0, 'ok', reply('ok', 5));
      c.onOutcome({ ...by(1, GET, 1), serializable: true }, 0, 'ok', reply('ok', 2));
      c.onOutcome(by(1, PUT, 1), 0, 'unknown', undefined);
    },
    planted: [
      [
        'a read of an older state than the own write',
        (c) => {
          c.onOutcome(by(1, PUT, 1), 0, 'ok', reply('ok', 5));
          c.onOutcome(by(1, GET, 1), 0, 'ok', reply('ok', 4));
        },
        /session 1 was told revision 4 \(request 1\) after revision 5/,
      ],
    ],
  }),
  linearizability: cases({
    make: (report) => new Linearizability(report, KEYS),
    sound: (c) => {
      operate(c, 1, PUT, 5, 0, 10);
      operate(c, 2, GET, 5, 20, 30);
      // overlap: the get may see either
      invoke(c, 1, PUT, 6, 40);
      operate(c, 2, GET, 5, 45, 50);
      operate(c, 3, GET, 6, 52, 55);
      answer(c, 1, PUT, 6, 60);
      // of unknown outcome: seen, or not
      invoke(c, 4, DELETE, 0, 70);
      c.onOutcome(by(4, DELETE, 0), 0, 'unknown', undefined, 80);
      operate(c, 2, GET, 6, 90, 95);
      operate(c, 2, GET, 0, 96, 99);
      // had no effect
      invoke(c, 5, PUT, 9, 100);
      c.onOutcome(by(5, PUT, 9), 0, 'failed', undefined, 110);
      operate(c, 2, GET, 0, 120, 130);
      // another key, preloaded
      operate(c, 2, GET, 33, 140, 150, 3);
      c.finish([]);
    },
    planted: [
      [
        'a stale read',
        (c) => {
          operate(c, 1, PUT, 5, 0, 10);
          operate(c, 1, PUT, 6, 20, 30);
          operate(c, 2, GET, 5, 2e6, 3e6);
          c.finish([]);
        },
        /the get of session 2 \(2.000–3.000 ms\), which saw the put of session 1, cannot be placed: 2 of 3 operations on key 0/,
      ],
      [
        'two reads that see two concurrent writes in the wrong order',
        (c) => {
          invoke(c, 1, PUT, 5, 0);
          operate(c, 3, PUT, 6, 1, 2);
          operate(c, 2, GET, 5, 3, 4);
          operate(c, 2, GET, 6, 5, 6);
          answer(c, 1, PUT, 5, 9);
          c.finish([]);
        },
        /which saw the put of session 3, cannot be placed/,
      ],
      [
        'a read of nothing where something was preloaded',
        (c) => {
          operate(c, 2, GET, 0, 0, 1, 3);
          c.finish([]);
        },
        /which saw nothing, cannot be placed: 0 of 1 operations on key 3/,
      ],
      [
        'a value from nowhere',
        (c) => {
          operate(c, 2, GET, 77, 0, 1);
          c.finish([]);
        },
        /which saw a value that nobody wrote/,
      ],
    ],
  }),
  'replica-equality': cases({
    make: (report) => new ReplicaEquality(report),
    sound: (c) => {
      walk(c, 0, 9, [[0, 1]]);
      walk(c, 1, 9, [[0, 1]]);
      walk(c, 2, 8, []);
    },
    planted: [
      [
        'a value differs',
        (c) => {
          walk(c, 0, 9, [[0, 1]]);
          walk(c, 1, 9, [[0, 2]]);
        },
        /n1 \(1 keys\) and n2 \(1 keys\) differ at applied index 9/,
      ],
      [
        'a key is missing',
        (c) => {
          walk(c, 0, 9, [[0, 1]]);
          walk(c, 1, 9, []);
        },
        /n1 \(1 keys\) and n2 \(0 keys\) differ/,
      ],
    ],
  }),
  'sound-stores': cases({
    make: (report) => new SoundStores(report),
    sound: (c) => {
      c.onStore(replica(0, 9));
      c.onStore({
        ...replica(1, 9),
        storeBytes: 2 ** 31,
        checkStore: () => [{ where: 'db', what: 'too large to look' }],
      });
    },
    planted: [
      [
        'a store that is not sound',
        (c) => {
          const faults = [1, 2].map((page) => ({ where: `page ${page}`, what: 'unreachable' }));
          c.onStore({ ...replica(1, 9), checkStore: () => faults });
        },
        /n2: page 1: unreachable \(and 1 more\)/,
      ],
    ],
  }),
  progress: cases({
    make: (report) => new Progress(report, 100),
    sound: (c) => {
      c.check(10_000, true); // no fault yet: nothing to judge
      c.onHealed(20_000);
      c.onOutcome(request(PUT, 1), 0, 'ok', reply('ok', 1), 20_090);
      c.check(90_000, true);
      c.finish([replica(0, 9), replica(1, 9)]);
    },
    planted: [
      [
        'refusals only',
        (c) => {
          c.onHealed(20_000);
          c.onOutcome(request(PUT, 1), 0, 'failed', undefined, 20_090);
          c.onOutcome(request(PUT, 1), 0, 'failed', undefined, 20_101);
        },
        /no write was acknowledged/,
      ],
      [
        'silence',
        (c) => {
          c.onHealed(20_000);
          c.check(20_101, true);
        },
        /no write was acknowledged/,
      ],
      [
        'a replica left behind',
        (c) => c.finish([replica(0, 9), replica(1, 7)]),
        /n2 stopped at applied index 7, others reached 9/,
      ],
    ],
  }),
};

for (const [name, { make, sound, planted }] of Object.entries(CASES) as unknown as [string, Case<Checker>][]) {
  describe(name, () => {
    it('stays silent while all is well', () => {
      expect(saidBy(make, sound)).toEqual([]);
    });
    for (const [fault, story, expected] of planted) {
      it(`catches: ${fault}`, () => {
        const said = saidBy(make, story);
        expect(said.length).toBeGreaterThan(0);
        expect(said[0]).toMatch(expected);
        expect(said[0]!.startsWith(`${name}: `)).toBe(true);
      });
    }
  });
}

describe('fingerprint', () => {
  it('is of the bytes, however they are represented, and never 0', () => {
    const filled = Value.filled(Uint8Array.of(1, 2), 100);
    expect(fingerprint(Value.of(filled.toBytes()))).toBe(fingerprint(filled));
    expect(fingerprint(markedValue(1))).not.toBe(fingerprint(markedValue(2)));
    expect(fingerprint(Value.filled(Uint8Array.of(1), 5))).not.toBe(fingerprint(Value.filled(Uint8Array.of(1), 6)));
    expect(fingerprint(Value.of(new Uint8Array(0)))).toBe(1);
  });
});
