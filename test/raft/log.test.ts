/** The log against a dumb twin: a plain list of (index, term) that is searched from end to end. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Value } from '../../sim/bytes/value.ts';
import { Inflights } from '../../sim/nodes/raft/inflights.ts';
import { RaftLog, UNKNOWN_TERM } from '../../sim/nodes/raft/log.ts';
import { EMPTY_DATA, ENTRY_NORMAL, Entry } from '../../sim/nodes/raft/messages.ts';
import { NO_MEMBERS } from '../../sim/nodes/raft/tracker.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;

function entry(term: number, index: number, bytes = 0): Entry {
  return new Entry(term, index, ENTRY_NORMAL, bytes === 0 ? EMPTY_DATA : Value.of(new Uint8Array(bytes)));
}

/** terms[i] belongs to index i; what is below `floor` is compacted. */
class Twin {
  terms: number[] = [0];
  floor = 0;
  stable = 0;
  saving = 0;
  committed = 0;

  get last(): number {
    return this.terms.length - 1;
  }
  term(index: number): number {
    return index < this.floor || index > this.last ? UNKNOWN_TERM : this.terms[index]!;
  }
  replaceFrom(index: number, terms: readonly number[]): void {
    this.terms = [...this.terms.slice(0, index), ...terms];
    this.stable = Math.min(this.stable, index - 1);
    this.saving = Math.min(this.saving, index - 1);
  }
}

type Operation =
  | { readonly kind: 'leader-append' | 'accept' | 'compact'; readonly a: number; readonly b: number }
  | { readonly kind: 'follower-append' | 'commit' | 'stable' | 'restore'; readonly a: number; readonly b: number };

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('leader-append', 'follower-append', 'accept', 'commit', 'stable', 'compact', 'restore'),
  a: fc.nat(30),
  b: fc.nat(30),
});

/** Does the same to both, as a node with the given operations would. */
function apply(log: RaftLog, twin: Twin, { kind, a, b }: Operation): void {
  const { last } = twin;
  const lastTerm = twin.terms[last]!;
  switch (kind) {
    case 'leader-append':
      for (let i = 0; i <= a % 3; i++) {
        log.append(entry(lastTerm + (b % 2), last + 1 + i));
        twin.terms.push(lastTerm + (b % 2));
      }
      return;
    case 'follower-append': {
      // a leader whose log agrees up to `from`, and then has other terms from some place on
      const from = twin.committed + (a % (last - twin.committed + 1));
      const same = twin.terms.slice(from + 1, from + 1 + (b % 4));
      const terms = [...same, ...new Array<number>(b % 3).fill(lastTerm + 1)];
      const entries = terms.map((term, i) => entry(term, from + 1 + i));
      const conflict = log.findConflict(entries);
      const differing = terms.findIndex((term, i) => twin.term(from + 1 + i) !== term);
      expect(conflict).toBe(differing < 0 ? 0 : from + 1 + differing);
      if (conflict === 0) return;
      log.truncateAndAppend(entries, conflict);
      twin.replaceFrom(conflict, terms.slice(differing));
      return;
    }
    case 'accept':
      log.acceptSaving();
      twin.saving = last;
      return;
    case 'commit': {
      const to = twin.committed + (a % (last - twin.committed + 1));
      expect(log.commitTo(to)).toBe(true);
      twin.committed = to;
      expect(log.commitTo(last + 1 + b)).toBe(false);
      return;
    }
    case 'stable': {
      // often of the right term, sometimes of an entry that was replaced
      const index = a % (last + 2);
      const term = b % 3 === 0 ? b : twin.term(index);
      log.stableTo(term, index);
      if (index > twin.stable && index <= last && twin.term(index) === term) {
        twin.stable = index;
        twin.saving = Math.max(twin.saving, index);
      }
      return;
    }
    case 'compact': {
      const to = Math.min(twin.floor + (a % 5), twin.committed, twin.stable);
      log.appliedTo(twin.committed, 0);
      log.compact(to);
      twin.floor = Math.max(twin.floor, to);
      return;
    }
    case 'restore': {
      if (b % 4 !== 0) return;
      const index = last + 1 + (a % 3);
      log.restore({ index, term: lastTerm + 1, configuration: NO_MEMBERS, data: undefined });
      log.snapshotStable(index);
      twin.terms = [...new Array<number>(index).fill(0), lastTerm + 1];
      twin.floor = index;
      twin.stable = index;
      twin.saving = index;
      twin.committed = index;
      return;
    }
  }
}

function compare(log: RaftLog, twin: Twin): void {
  const { last } = twin;
  expect([log.firstIndex(), log.lastIndex(), log.lastTerm()]).toEqual([twin.floor + 1, last, twin.terms[last]]);
  expect([log.stable, log.saving, log.committed]).toEqual([twin.stable, twin.saving, twin.committed]);
  for (let index = 0; index <= last + 2; index++) expect(log.term(index)).toBe(twin.term(index));
  const slice = log.slice(twin.floor + 1, UNLIMITED);
  expect(slice.map((one) => one.term)).toEqual(twin.terms.slice(twin.floor + 1));
  for (let term = 0; term <= 3; term++) {
    let want = last;
    while (want > 0 && twin.term(want) > term) want--;
    expect(log.findAgreement(last, term)).toBe(want);
  }
}

describe('log', () => {
  test('behaves as its twin', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const log = new RaftLog(0, 0, [], UNLIMITED);
        const twin = new Twin();
        for (const one of operations) {
          apply(log, twin, one);
          compare(log, twin);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('an entry that was replaced is not made durable by the report about its predecessor', () => {
    const log = new RaftLog(0, 0, [], UNLIMITED);
    log.append(entry(1, 1));
    log.acceptSaving();
    log.truncateAndAppend([entry(2, 1)], 1);
    log.stableTo(1, 1);
    expect(log.stable).toBe(0);
    log.stableTo(2, 1);
    expect(log.stable).toBe(1);
  });

  test.each([
    // entries of 100 bytes payload are 108 encoded
    [0, 1],
    [107, 1],
    [108, 1],
    [215, 1],
    [216, 2],
    [UNLIMITED, 5],
  ])('a slice of at most %d bytes has %d entries', (bytesMax, count) => {
    const log = new RaftLog(
      0,
      0,
      [1, 2, 3, 4, 5].map((index) => entry(1, index, 100)),
      UNLIMITED,
    );
    expect(log.entry(1)!.encodedBytes).toBe(108);
    expect(log.slice(1, bytesMax).length).toBe(count);
  });

  test('applying: limited by bytes, paused until the host reports, resumed', () => {
    const log = new RaftLog(
      0,
      0,
      [1, 2, 3, 4, 5].map((index) => entry(1, index, 100)),
      250,
    );
    log.commitTo(5);
    expect(log.appliableEnd(true)).toBe(3);
    log.acceptApplying(2, 216, true);
    expect([log.hasAppliable(true), log.appliableEnd(true)]).toEqual([false, 3]);
    log.appliedTo(1, 108);
    expect(log.appliableEnd(true)).toBe(4);
    log.acceptApplying(3, 108, true);
    log.appliedTo(3, 216);
    expect(log.appliableEnd(true)).toBe(6);
  });

  test('applying: nothing while a snapshot waits, nothing unstable unless allowed', () => {
    const log = new RaftLog(0, 0, [entry(1, 1)], UNLIMITED);
    log.append(entry(1, 2));
    log.commitTo(2);
    expect([log.appliableEnd(false), log.appliableEnd(true)]).toEqual([2, 3]);
    log.restore({ index: 5, term: 2, configuration: NO_MEMBERS, data: undefined });
    log.append(entry(2, 6));
    log.commitTo(6);
    expect(log.hasAppliable(true)).toBe(false);
    log.snapshotStable(5);
    log.appliedTo(5, 0);
    expect(log.appliableEnd(true)).toBe(7);
  });

  test.each([
    [3, 2, true],
    [2, 4, true],
    [2, 3, true],
    [2, 2, false],
    [1, 9, false],
  ])('a log that ends with term %d at index %d is as new: %s', (term, index, want) => {
    const log = new RaftLog(0, 0, [entry(1, 1), entry(1, 2), entry(2, 3)], UNLIMITED);
    expect(log.isUpToDate(term, index)).toBe(want);
  });
});

describe('inflights', () => {
  test('behave as a plain list', () => {
    const step = fc.record({ add: fc.boolean(), by: fc.nat(5), bytes: fc.nat(20) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 80 }),
        fc.array(step),
        (max, bytesMax, steps) => {
          const inflights = new Inflights(max, bytesMax);
          let twin: { index: number; bytes: number }[] = [];
          let index = 0;
          for (const { add, by, bytes } of steps) {
            if (add && !inflights.full()) {
              index += by;
              inflights.add(index, bytes);
              twin.push({ index, bytes });
            } else {
              const to = index - by;
              inflights.freeUpTo(to);
              twin = twin.filter((one) => one.index > to);
            }
            const total = twin.reduce((sum, one) => sum + one.bytes, 0);
            expect([inflights.count, inflights.bytes]).toEqual([twin.length, total]);
            expect(inflights.full()).toBe(twin.length === max || total >= bytesMax);
          }
        },
      ),
    );
  });
});
