/**
 * Each check of a run against the mistake that it is there for: planted in a running cluster at the place where
 * a programmer would make it. Each cluster is first run as it is, and nobody may complain; then with the
 * mistake, and the right check must be the first to speak, with all that is needed to see it again.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Freelist } from '../../engines/bolt/freelist.ts';
import { bolt } from '../../engines/bolt/index.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import { MILLISECOND } from '../../sim/clock.ts';
import type { ApplyThread } from '../../sim/nodes/apply-thread.ts';
import { RawStateMachine } from '../../sim/nodes/kv/raw.ts';
import { SessionTable } from '../../sim/nodes/kv/session-table.ts';
import { ADD_NODE } from '../../sim/nodes/raft/conf-change.ts';
import { RaftLog } from '../../sim/nodes/raft/log.ts';
import { EMPTY_DATA, Entry, Message, MSG_APP } from '../../sim/nodes/raft/messages.ts';
import { RaftNode } from '../../sim/nodes/raft/ready.ts';
import { Tracker } from '../../sim/nodes/raft/tracker.ts';
import { RaftThread } from '../../sim/nodes/raft-thread.ts';
import { ReadQueue } from '../../sim/nodes/read-queue.ts';
import { WriteAheadLog } from '../../sim/nodes/wal/write-ahead-log.ts';
import type { RunResult } from '../../sim/result.ts';
import { at, complaints, isolate, play, powerCut, type Sketch } from './bed.ts';

const ALL = ['n1', 'n2', 'n3'];

interface Mistake {
  readonly name: string;
  readonly sketch: Sketch;
  readonly plant: () => void;
  readonly check: string;
  readonly says: RegExp;
  /** No complaint is due before. */
  readonly notBeforeMs: number;
}

const MISTAKES: readonly Mistake[] = [
  {
    name: 'a node forgets term and vote at a restart: they are not saved',
    sketch: { seed: 2, ms: 4000, faults: powerCut(1500, 100, ALL) },
    plant: () => {
      const { save } = WriteAheadLog.prototype;
      vi.spyOn(WriteAheadLog.prototype, 'save').mockImplementation(function (this: WriteAheadLog, _state, ...entries) {
        return save.call(this, undefined, ...entries);
      });
    },
    check: 'one-leader-per-term',
    says: /^n\d and n\d both became leader of term \d+$/,
    notBeforeMs: 1500,
  },
  {
    name: "an entry's payload is altered on its way into one follower's log",
    sketch: { ms: 2000 },
    plant: () => {
      const { step } = RaftNode.prototype;
      vi.spyOn(RaftNode.prototype, 'step').mockImplementation(function (this: RaftNode, message) {
        return step.call(this, isAppendTo(this, message, 100) && !this.isLeader ? altered(message) : message);
      });
    },
    check: 'log-matching',
    says: /holds entry \d+ of term \d+ \(\d+ bytes\), another node a different one of that index and term$/,
    notBeforeMs: 500,
  },
  {
    name: 'a leader commits what only itself has saved',
    sketch: { ms: 4000, clients: 20, timeoutMs: 200, faults: [isolate(1500, 1000, 'leader')] },
    plant: () => {
      vi.spyOn(Tracker.prototype, 'committed').mockImplementation(function (this: Tracker) {
        return Math.max(...this.progress.map((member) => member.match));
      });
    },
    check: 'leader-completeness',
    says: /^n\d became leader of term \d+ without entry \d+ of term \d+, which is committed: its log ends at entry \d+$/,
    notBeforeMs: 1500,
  },
  {
    name: 'the log is synced for term and vote, but not for entries',
    sketch: { ms: 3500, faults: powerCut(1500, 100, ALL) },
    plant: plantUnsyncedEntries,
    check: 'leader-completeness',
    says: /^n\d became leader of term 2 without entry \d+ of term 1, which is committed: its log ends at entry \d+$/,
    notBeforeMs: 1600,
  },
  {
    name: 'a replica skips one entry',
    sketch: { ms: 2000 },
    plant: () => plantInApply(1, (index, payload) => (index === 150 ? EMPTY_DATA : payload)),
    check: 'apply-order',
    says: /^n\d has applied a different sequence up to entry 150 than another replica$/,
    notBeforeMs: 500,
  },
  {
    name: 'a replica applies one entry twice and its successor not at all',
    sketch: { ms: 2000, machine: 'raw' },
    plant: () => {
      let before = EMPTY_DATA;
      plantInApply(2, (index, payload) => {
        const twice = index === 200 ? before : payload;
        before = payload.copy();
        return twice;
      });
    },
    check: 'apply-order',
    says: /^n\d has applied a different sequence up to entry 200 than another replica$/,
    notBeforeMs: 500,
  },
  {
    name: 'the leader acknowledges before the entry is committed',
    sketch: {
      ms: 4000,
      clients: 20,
      keys: { order: 'sequential', count: 10_000 },
      faults: [isolate(1500, 1000, 'leader')],
    },
    plant: () => {
      const { propose } = RaftThread.prototype;
      vi.spyOn(RaftThread.prototype, 'propose').mockImplementation(function (this: RaftThread, pending) {
        propose.call(this, pending);
        if (!this.node.isLeader) return;
        this.replies.add(pending, 'ok', undefined, 1, this.node.state.log.lastIndex() + 1, false);
        this.replies.flush();
      });
    },
    check: 'session-order',
    says: /^session \d+ was told revision \d+ \(request \d+\) after revision \d+$/,
    notBeforeMs: 1500,
  },
  {
    name: 'every engine loses one put of a key that is written once',
    sketch: { ms: 1500, keys: { order: 'sequential', count: 10_000 } },
    plant: () => plantInEngine(() => true),
    check: 'acknowledged-writes',
    says: /^n1 holds nothing for key 99 instead of the acknowledged write/,
    notBeforeMs: 1500,
  },
  {
    name: 'a follower takes the end of its log for committed before it compares it',
    sketch: { ms: 4000, clients: 20, timeoutMs: 200, faults: [isolate(1500, 1000, 'leader')] },
    plant: () => {
      const { step } = RaftNode.prototype;
      vi.spyOn(RaftNode.prototype, 'step').mockImplementation(function (this: RaftNode, message) {
        const { log } = this.state;
        if (message.type === MSG_APP && message.index < log.lastIndex()) log.commitTo(log.lastIndex());
        return step.call(this, message);
      });
    },
    check: 'committed-entries',
    says: /^n\d learnt that entry \d+ of term \d+ .* is committed; before, it was entry \d+ of term \d+/,
    notBeforeMs: 1500,
  },
  {
    name: 'a new leader drops the end of its log that is not committed',
    sketch: {
      ms: 3000,
      clients: 50,
      load: { kind: 'closed', ratePerSMax: 5000 },
      faults: [at(1200, 500, 'crash', { node: 'leader' })],
    },
    plant: () => {
      const { append } = RaftLog.prototype;
      vi.spyOn(RaftLog.prototype, 'append').mockImplementation(function (this: RaftLog, entry) {
        const first = this.committed + 1;
        if (entry.data !== EMPTY_DATA || entry.index <= first) append.call(this, entry);
        else this.truncateAndAppend([new Entry(entry.term, first, entry.type, EMPTY_DATA)], first);
      });
    },
    check: 'leader-append-only',
    says: /^n\d leads term \d+ and put entry \d+ of term \d+ where its log already had one \(up to \d+\)$/,
    notBeforeMs: 1500,
  },
  {
    name: 'a retry is not told from a first try',
    sketch: {
      ms: 4000,
      clients: 20,
      timeoutMs: 200,
      faults: [isolate(1500, 1000, 'follower'), isolate(1700, 300, 'leader')],
    },
    plant: () => {
      vi.spyOn(SessionTable.prototype, 'sequence').mockReturnValue(0);
    },
    check: 'exactly-once',
    says: /^request \d+ of session \d+ took effect at entry \d+ and again at entry \d+ \(n\d\)$/,
    notBeforeMs: 1500,
  },
  {
    name: 'a follower answers reads from its own state',
    sketch: {
      ms: 2500,
      clients: 10,
      target: 'all',
      mix: { put: 0.5, get: 0.5 },
      keys: { count: 1 },
      load: { kind: 'closed', ratePerSMax: 1000 },
      faults: [isolate(1500, 500, 'follower')],
    },
    plant: () => {
      const { read } = ReadQueue.prototype;
      vi.spyOn(ReadQueue.prototype, 'read').mockImplementation(function (this: ReadQueue, pending) {
        const request = { ...pending.request, serializable: true };
        return read.call(this, Object.assign(pending, { request }));
      });
    },
    check: 'linearizability',
    says: /^the get of session \d+ .* cannot be placed: \d+ of \d+ operations on key \d+ can be put in order/,
    notBeforeMs: 2000,
  },
  {
    name: 'nobody stands for election once the leader is lost',
    sketch: { ms: 9000, settleMs: 3000, faults: [at(1500, 400, 'crash', { node: 'leader' })] },
    plant: () => {
      let elections = 0;
      const { electionTimeout } = RaftNode.prototype;
      vi.spyOn(RaftNode.prototype, 'electionTimeout').mockImplementation(function (this: RaftNode) {
        if (this.commit === 0 && elections++ < 3) electionTimeout.call(this);
      });
    },
    check: 'progress',
    says: /^no write was acknowledged within 3 s after the last fault was lifted$/,
    notBeforeMs: 4900,
  },
  {
    name: 'a follower ignores appends from some time on',
    sketch: { ms: 1500, settleMs: 1000 },
    plant: () => {
      const { step } = RaftNode.prototype;
      vi.spyOn(RaftNode.prototype, 'step').mockImplementation(function (this: RaftNode, message) {
        return !this.isLeader && isAppendTo(this, message, 100) ? 'ok' : step.call(this, message);
      });
    },
    check: 'progress',
    says: /^n\d stopped at applied index \d+, others reached \d+, though all faults were lifted$/,
    notBeforeMs: 1500,
  },
  {
    name: 'bolt does not free the pages that a commit replaces',
    sketch: { ms: 1500 },
    plant: () => void vi.spyOn(Freelist.prototype, 'free').mockReturnValue(true),
    check: 'sound-stores',
    says: /^n1: page \d+: neither in use nor in the freelist/,
    notBeforeMs: 1500,
  },
  {
    name: 'a follower goes on taking a promoted member for a learner',
    sketch: { ms: 3000, spares: 1, faults: [at(1500, 0, 'add-member', {})] },
    plant: () => {
      const { applyConfChange } = RaftNode.prototype;
      vi.spyOn(RaftNode.prototype, 'applyConfChange').mockImplementation(function (this: RaftNode, change) {
        const isPromotion = change.changes.some(({ type }) => type === ADD_NODE);
        if (isPromotion && !this.isLeader) return this.configuration;
        return applyConfChange.call(this, change);
      });
    },
    check: 'membership',
    says: /^n\d has voters [\d ]+(, learners 4)? in force after entry \d+, another node voters [\d ]+(, learners 4)?$/,
    notBeforeMs: 1500,
  },
  {
    // the clients give up before any answer comes: whatever a replica holds may be right, but not two different things
    name: "one replica's engine loses a put whose outcome no client knows",
    sketch: { ms: 1500, timeoutMs: 0.1, keys: { order: 'sequential', count: 10_000 } },
    plant: () => plantInEngine((made) => made === 2),
    check: 'replica-equality',
    says: /^n1 \(\d+ keys\) and n2 \(\d+ keys\) differ at applied index \d+$/,
    notBeforeMs: 1500,
  },
];

describe('planted mistakes', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(MISTAKES)('$name: $check', (mistake) => {
    expect(complaints(play(mistake.sketch))).toEqual([]);
    mistake.plant();
    const result = play(mistake.sketch);
    const first = result.violations[0];
    expect(first).toMatchObject({ check: mistake.check, what: expect.stringMatching(mistake.says) });
    expect(first!.timeNs).toBeGreaterThanOrEqual(mistake.notBeforeMs * MILLISECOND);
    expectReproducible(result);
    // the same again: the verdict is a function of version and specification
    vi.restoreAllMocks();
    mistake.plant();
    expect(play(mistake.sketch).violations).toEqual(result.violations);
  });

  it('are all that the checks of a run are there for', async () => {
    const { CHECKERS } = await import('../../sim/checkers/index.ts');
    const keys = { count: 1, indexOf: () => -1, preloaded: () => 0 };
    const names = CHECKERS.map((make) => make(() => {}, { nodes: 1, keys, progressBoundNs: 1 }).name);
    expect(new Set(MISTAKES.map((mistake) => mistake.check))).toEqual(new Set(names));
  });
});

function expectReproducible({ violations, seed, virtualTimeNs, events, ended }: RunResult): void {
  expect(ended).toBe('violation');
  for (const violation of violations) {
    expect(violation.reproduce).toBe(`raftlab run test --seed ${seed} --variant 'bolt'`);
    expect(violation.timeNs).toBeLessThanOrEqual(virtualTimeNs);
    expect(violation.event).toBeGreaterThan(0);
    expect(violation.event).toBeLessThanOrEqual(events);
  }
}

// ——— where the mistakes are planted ———

function isAppendTo(node: RaftNode, { type, entries }: Message, fromIndex: number): boolean {
  return node.id === 3 - (node.leader === 3 ? 1 : 0) && type === MSG_APP && (entries.at(-1)?.index ?? 0) >= fromIndex;
}

/** Messages are shared: a copy, with the last byte of its last entry changed. */
function altered(message: Message): Message {
  const copy = Object.assign(new Message(message.type, message.to, message.from, message.term), message);
  const last = message.entries.at(-1)!;
  const bytes = last.data.toBytes();
  bytes[bytes.length - 1]! ^= 1;
  copy.entries = [...message.entries.slice(0, -1), new Entry(last.term, last.index, last.type, Value.of(bytes))];
  return copy;
}

function plantUnsyncedEntries(): void {
  const { save, sync } = WriteAheadLog.prototype;
  const saved = new WeakMap<WriteAheadLog, string>();
  let isSyncing = true;
  vi.spyOn(WriteAheadLog.prototype, 'save').mockImplementation(function (this: WriteAheadLog, state, ...entries) {
    const promise = state === undefined ? saved.get(this) : `${state.term} ${state.vote}`;
    isSyncing = promise !== saved.get(this);
    if (promise !== undefined) saved.set(this, promise);
    const outcome = save.call(this, state, ...entries);
    isSyncing = true;
    return outcome;
  });
  vi.spyOn(WriteAheadLog.prototype, 'sync').mockImplementation(function (this: WriteAheadLog) {
    return isSyncing ? sync.call(this) : 'ok';
  });
}

/** `change` says what the state machine of node `node` (from 0) gets for an entry's payload. */
function plantInApply(node: number, change: (index: number, payload: Value) => Value): void {
  const { apply } = RawStateMachine.prototype;
  vi.spyOn(RawStateMachine.prototype, 'apply').mockImplementation(function (
    this: RawStateMachine,
    index,
    term,
    payload,
    replies,
  ) {
    const isHere = (replies as ApplyThread).describe(1, 0).startsWith(`n${node + 1} `);
    apply.call(this, index, term, isHere ? change(index, payload) : payload, replies);
  });
}

/** Engines for which `isHit` says so (they are made in the order of the nodes, from 1) lose their 100th put. */
function plantInEngine(isHit: (made: number) => boolean): void {
  const { create } = bolt;
  let made = 0;
  vi.spyOn(bolt, 'create').mockImplementation((context, options) => {
    const engine = create(context, options);
    if (!isHit(++made)) return engine;
    let puts = 0;
    const write = engine.write.bind(engine);
    engine.write = (batch) => {
      const kept = new Batch();
      const value = new Value();
      for (let i = 0; i < batch.count; i++) {
        if (batch.table[i] === 0 && ++puts === 100) continue;
        batch.value(i, value);
        kept.put(batch.table[i]!, batch.bytes.slice(batch.keyFrom[i], batch.keyTo[i]), value);
      }
      return write(kept);
    };
    return engine;
  });
}
