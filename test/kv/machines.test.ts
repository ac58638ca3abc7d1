/** Both state machines against dumb twins: a sorted map, and a map with its whole history. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import { findStateMachine } from '../../sim/nodes/kv/index.ts';
import { readRevisionKey, revisionIsTombstone, revisionMain, revisionSub } from '../../sim/nodes/kv/key-value-codec.ts';
import { MvccStateMachine } from '../../sim/nodes/kv/mvcc.ts';
import { encodeCompaction, encodeRequest } from '../../sim/nodes/kv/request-codec.ts';
import type { ReplySink, StateMachine } from '../../sim/nodes/kv/state-machine.ts';
import { DELETE, PUT } from '../../sim/rpc.ts';
import type { Job } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { MemoryEngine } from './memory-engine.ts';

const text = (of: string): Uint8Array => new TextEncoder().encode(of);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function make(name: string, engine: MemoryEngine): StateMachine {
  const machine = findStateMachine(name)!.create(engine, new Work());
  expect(['fresh', 'recovered']).toContain(machine.open());
  return machine;
}

/** Replies as short lines. */
class Replies implements ReplySink {
  lines: string[] = [];
  onApplied(session: number, sequence: number, revision: number, count: number, applied: boolean): void {
    this.lines.push(`${session}/${sequence}: ${applied ? 'applied' : 'known'}, revision ${revision}, count ${count}`);
  }
  take(): string[] {
    const { lines } = this;
    this.lines = [];
    return lines;
  }
}

interface Command {
  readonly session: number;
  readonly sequence: number;
  readonly operation: 'put' | 'delete' | 'delete range' | 'compact' | 'nothing';
  readonly key: string;
  readonly end: string;
  readonly value: string;
  readonly fill: number;
  readonly revision: number;
}

function payload(command: Command): Value {
  const { session, sequence, operation } = command;
  if (operation === 'nothing') return new Value();
  if (operation === 'compact') return encodeCompaction(command.revision, session, sequence);
  return encodeRequest({
    kind: 'request',
    session,
    sequence,
    operation: operation === 'put' ? PUT : DELETE,
    key: text(command.key),
    keyEnd: operation === 'delete range' ? text(command.end) : undefined,
    limit: 0,
    value: operation === 'put' ? Value.filled(text(command.value), command.fill) : undefined,
    serializable: false,
  });
}

const put = (session: number, sequence: number, key: string, value: string): Command => ({
  session,
  sequence,
  operation: 'put',
  key,
  end: '',
  value,
  fill: 0,
  revision: 0,
});
const remove = (session: number, sequence: number, key: string, end = ''): Command => ({
  ...put(session, sequence, key, ''),
  operation: end === '' ? 'delete' : 'delete range',
  end,
});

/** `key=value` for what a reader sees; fill is shown as +length. */
function contents(machine: StateMachine, revision = 0, from = '', to?: string, limit = 1000): string[] {
  const seen: string[] = [];
  machine.range(
    text(from),
    to === undefined ? undefined : text(to),
    revision,
    limit,
    (bytes, keyFrom, keyTo, value) => {
      seen.push(`${textOf(bytes.slice(keyFrom, keyTo))}=${show(value)}`);
      return true;
    },
  );
  if (revision === 0 && from === '' && to === undefined && seen.length < limit) {
    expect(walked(machine)).toEqual(seen.toSorted(byText));
  }
  return seen;
}

/** What a walk over everything visits, in an order of ours. */
function walked(machine: StateMachine): string[] {
  const seen: string[] = [];
  machine.walk((bytes, keyFrom, keyTo, value) => {
    seen.push(`${textOf(bytes.slice(keyFrom, keyTo))}=${show(value)}`);
    return true;
  });
  return seen.toSorted(byText);
}
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function show(value: Value): string {
  const literal = textOf(value.bytes.slice(value.start, value.start + value.literalLength));
  return value.fillLength > 0 ? `${literal}+${value.fillLength}` : literal;
}

describe.each(['raw', 'mvcc'])('%s: stories', (name) => {
  test('put, overwrite, delete; reads see what has not been flushed', () => {
    const machine = make(name, new MemoryEngine());
    const replies = new Replies();
    const apply = (command: Command): void => machine.apply(machine.appliedIndex + 1, 1, payload(command), replies);
    apply(put(1, 1, 'b', 'one'));
    apply(put(1, 2, 'a', 'two'));
    apply(put(2, 1, 'b', 'three'));
    expect(contents(machine)).toEqual(['a=two', 'b=three']);
    const value = new Value();
    expect(machine.get(text('a'), 0, value)).toBe(true);
    expect(show(value)).toBe('two');
    apply(remove(1, 3, 'a'));
    expect(machine.get(text('a'), 0, value)).toBe(false);
    expect(contents(machine)).toEqual(['b=three']);
  });

  test('a range: half open, limited', () => {
    const machine = make(name, new MemoryEngine());
    ['d', 'b', 'a', 'c'].forEach((key, i) => {
      machine.apply(i + 1, 1, payload(put(1, i + 1, key, key)), new Replies());
    });
    expect(contents(machine, 0, 'b', 'd')).toEqual(['b=b', 'c=c']);
    expect(contents(machine, 0, 'b')).toEqual(['b=b', 'c=c', 'd=d']);
    expect(contents(machine, 0, '', undefined, 2)).toEqual(['a=a', 'b=b']);
    expect(contents(machine, 0, '', undefined, 0)).toEqual([]);
    machine.apply(5, 1, payload(remove(1, 5, 'b', 'd')), new Replies());
    expect(contents(machine)).toEqual(['a=a', 'd=d']);
  });

  test('a retry is answered as the first try was, and changes nothing', () => {
    const machine = make(name, new MemoryEngine());
    const replies = new Replies();
    machine.apply(1, 1, payload(put(7, 1, 'a', 'first')), replies);
    const [first] = replies.take();
    const hash = machine.applyHash();
    machine.apply(2, 1, payload(put(7, 1, 'a', 'first again')), replies);
    expect(replies.take()).toEqual([first!.replace('applied', 'known')]);
    expect(machine.applyHash()).toBe(hash);
    expect(contents(machine)).toEqual(['a=first']);
    machine.apply(3, 1, payload(put(7, 2, 'a', 'second')), replies);
    machine.apply(4, 1, payload(put(7, 1, 'a', 'first, late')), replies);
    expect(replies.take()[1]).toBe('7/1: known, revision 0, count 0');
    expect(contents(machine)).toEqual(['a=second']);
    expect(machine.appliedIndex).toBe(4);
  });

  test('a retry after a restart is still known', () => {
    const engine = new MemoryEngine();
    const machine = make(name, engine);
    for (let session = 1; session <= 200; session++) {
      machine.apply(session, 1, payload(put(session * 1000, 5, `key ${session}`, 'x')), new Replies());
    }
    expect(machine.commit()).toBe('ok');
    const next = make(name, engine.crash(0));
    expect([next.appliedIndex, next.appliedTerm, next.applyHash()]).toEqual([200, 1, machine.applyHash()]);
    const replies = new Replies();
    next.apply(201, 2, payload(put(77_000, 5, 'key 77', 'twice')), replies);
    const revision = name === 'raw' ? 77 : 78;
    expect(replies.take()).toEqual([`77000/5: known, revision ${revision}, count 1`]);
    expect(next.contentHash()).toBe(machine.contentHash());
  });

  test('one engine write a round; the index goes with the commit; an idle commit does nothing', () => {
    const engine = new MemoryEngine();
    const machine = make(name, engine);
    for (let index = 1; index <= 5; index++)
      machine.apply(index, 1, payload(put(1, index, `k${index}`, 'v')), new Replies());
    expect([engine.writes, machine.uncommittedOperations]).toEqual([0, 5]);
    machine.flush();
    machine.flush();
    expect([engine.writes, engine.syncs, machine.uncommittedOperations]).toEqual([1, 0, 5]);
    machine.commit();
    machine.commit();
    expect([engine.writes, engine.syncs, machine.uncommittedOperations]).toEqual([2, 1, 0]);
  });

  test('an entry without a request moves the index only', () => {
    const engine = new MemoryEngine();
    const machine = make(name, engine);
    const hash = machine.applyHash();
    machine.apply(1, 3, new Value(), new Replies());
    expect([machine.appliedIndex, machine.appliedTerm, machine.applyHash()]).toEqual([1, 3, hash]);
    machine.commit();
    expect(make(name, engine.crash(0)).appliedIndex).toBe(1);
  });

  test('a failed engine stays failed', () => {
    const engine = new MemoryEngine();
    const machine = make(name, engine);
    machine.apply(1, 1, payload(put(1, 1, 'a', 'x')), new Replies());
    engine.outcome = 'no-space';
    expect(machine.commit()).toBe('no-space');
    engine.outcome = 'ok';
    expect(machine.flush()).toBe('no-space');
    expect(machine.commit()).toBe('no-space');
  });

  test('different requests, or another order, give another apply hash', () => {
    const hash = (commands: Command[]): string => {
      const machine = make(name, new MemoryEngine());
      commands.forEach((command, i) => {
        machine.apply(i + 1, 1, payload(command), new Replies());
      });
      return machine.applyHash();
    };
    const a = put(1, 1, 'a', 'x');
    const b = put(2, 1, 'a', 'x');
    const hashes = [
      hash([a]),
      hash([b]),
      hash([a, b]),
      hash([b, a]),
      hash([a, { ...b, operation: 'delete' }]),
      hash([]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

// ——— any history, with restarts at any place ———

const key = fc.integer({ min: 0, max: 12 }).map((n) => `k${n}`);
const command = fc.record({
  session: fc.integer({ min: 1, max: 4 }),
  retry: fc.nat(6),
  operation: fc.oneof(
    { weight: 10, arbitrary: fc.constant('put' as const) },
    { weight: 4, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constantFrom('delete range' as const, 'compact' as const, 'nothing' as const) },
  ),
  key,
  end: key,
  fill: fc.nat(100),
  back: fc.nat(12),
});
const happening = fc.oneof(
  { weight: 12, arbitrary: command },
  { weight: 2, arbitrary: fc.constant('flush' as const) },
  { weight: 1, arbitrary: fc.constant('commit' as const) },
  { weight: 2, arbitrary: fc.constant('background' as const) },
  { weight: 1, arbitrary: fc.record({ kept: fc.nat(6) }) },
);

interface Version {
  readonly main: number;
  readonly sub: number;
  readonly value: string | undefined;
}

/** Sessions, and for each key everything that ever happened to it. */
class Twin {
  readonly histories = new Map<string, Version[]>();
  readonly last = new Map<number, number>();
  revision = 1;
  compacted = -1;

  apply(each: Command): void {
    if (each.operation === 'nothing') return;
    if ((this.last.get(each.session) ?? 0) >= each.sequence) return;
    this.last.set(each.session, each.sequence);
    const main = this.revision + 1;
    let sub = 0;
    const change = (name: string, value: string | undefined): void => {
      const history = this.histories.get(name) ?? [];
      if (value === undefined && history.at(-1)?.value === undefined) return;
      history.push({ main, sub: sub++, value });
      this.histories.set(name, history);
    };
    if (each.operation === 'put') change(each.key, each.fill > 0 ? `${each.value}+${each.fill}` : each.value);
    else if (each.operation === 'delete') change(each.key, undefined);
    else if (each.operation === 'delete range') {
      for (const name of [...this.histories.keys()].sort())
        if (name >= each.key && name < each.end) change(name, undefined);
    } else if (each.revision > this.compacted && each.revision <= this.revision) this.compacted = each.revision;
    if (sub > 0) this.revision = main;
  }
  contents(at: number): string[] {
    const seen: string[] = [];
    for (const [name, history] of this.histories) {
      const value = history.filter((each) => each.main <= at).at(-1)?.value;
      if (value !== undefined) seen.push(`${name}=${value}`);
    }
    return seen.sort((a, b) => compareBytes(text(a.split('=')[0]!), text(b.split('=')[0]!)));
  }
  /** What a finished compaction leaves in the store. */
  revisions(): string[] {
    const left: string[] = [];
    for (const history of this.histories.values()) {
      const newest = history.findLastIndex((each) => each.main <= this.compacted);
      history.forEach((each, i) => {
        const isGone = i < newest || (i === newest && each.value === undefined && each.main < this.compacted);
        if (!isGone) left.push(`${each.main}_${each.sub}${each.value === undefined ? 't' : ''}`);
      });
    }
    return left.sort();
  }
}

function stored(engine: MemoryEngine): string[] {
  return engine
    .keys(0)
    .map((bytes) => {
      expect(readRevisionKey(bytes, 0, bytes.length)).toBe(true);
      return `${revisionMain}_${revisionSub}${revisionIsTombstone ? 't' : ''}`;
    })
    .sort();
}

describe.each(['raw', 'mvcc'])('%s: any history', (name) => {
  test('agrees with its twin, through crashes that keep any part of what was not synced', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 10, maxLength: 80, size: 'max' }), (steps) => {
        let engine = new MemoryEngine();
        let machine = make(name, engine);
        const twin = new Twin();
        const log: Command[] = [];
        const sequences = new Map<number, number>();
        let job: Job | undefined;
        // behind after a crash, the machine catches up while life goes on
        const replay = (entriesMax: number): void => {
          for (let i = 0; i < entriesMax && machine.appliedIndex < log.length; i++) {
            machine.apply(machine.appliedIndex + 1, 1, payload(log[machine.appliedIndex]!), new Replies());
          }
        };
        for (const step of steps) {
          if (step === 'flush') machine.flush();
          else if (step === 'commit') machine.commit();
          else if (step === 'background') {
            job ??= machine.background();
            if (job?.next().done) job = undefined;
          } else if ('kept' in step) {
            engine = engine.crash(step.kept);
            job = undefined;
            machine = make(name, engine);
            expect(machine.appliedIndex).toBeLessThanOrEqual(log.length);
          } else {
            const last = sequences.get(step.session) ?? 0;
            const sequence = step.retry === 0 && last > 0 ? last : last + 1;
            sequences.set(step.session, sequence);
            const next: Command = {
              ...step,
              sequence,
              value: `v${log.length}`,
              revision: Math.max(0, twin.revision - step.back),
            };
            log.push(next);
            twin.apply(next);
            replay(2);
          }
        }
        replay(Number.MAX_SAFE_INTEGER);
        const value = new Value();
        expect(contents(machine)).toEqual(twin.contents(Number.MAX_SAFE_INTEGER));
        for (const [each, history] of twin.histories) {
          const there = machine.get(text(each), 0, value);
          expect(there ? show(value) : undefined).toBe(history.at(-1)!.value);
        }
        if (machine instanceof MvccStateMachine) {
          expect(machine.revision).toBe(twin.revision);
          expect(machine.compactedRevision).toBe(twin.compacted);
          for (let at = Math.max(twin.compacted, 1); at <= twin.revision; at++) {
            expect(contents(machine, at), `at revision ${at}`).toEqual(twin.contents(at));
          }
          if (twin.compacted > 1) expect(contents(machine, twin.compacted - 1)).toEqual([]);
          expect(contents(machine, twin.revision + 1)).toEqual([]);
          for (; job !== undefined; ) if (job.next().done) job = undefined;
          job = machine.background();
          for (; job !== undefined; ) if (job.next().done) job = undefined;
          machine.commit();
          expect(stored(engine)).toEqual(twin.revisions());
          expect(contents(machine)).toEqual(twin.contents(Number.MAX_SAFE_INTEGER));
        }
        // a replica that never crashed ends the same
        const other = make(name, new MemoryEngine());
        log.forEach((each, i) => {
          other.apply(i + 1, 1, payload(each), new Replies());
        });
        expect(other.applyHash()).toBe(machine.applyHash());
        expect(other.contentHash()).toBe(machine.contentHash());
      }),
      { numRuns: 250 },
    );
  });
});

test('mvcc: the bytes of a put are etcd’s: key 17 B, KeyValue 279 B for 8 B + 256 B', () => {
  const engine = new MemoryEngine();
  const machine = make('mvcc', engine);
  // revisions of two bytes, as in a store that has been in use
  for (let index = 1; index <= 200; index++) {
    machine.apply(
      index,
      1,
      payload({ ...put(1, index, `k${String(index).padStart(7, '0')}`, 'stamp'), fill: 251 }),
      new Replies(),
    );
  }
  machine.flush();
  const revisionKey = new Uint8Array(17);
  revisionKey[7] = 201;
  revisionKey[8] = 0x5f;
  const stored = new Value();
  expect(engine.get(0, revisionKey, stored)).toBe(true);
  expect(stored.length).toBe(2 + 8 + 3 + 3 + 2 + 3 + 256);
  const bytes = stored.toBytes();
  const head = [0x0a, 8, ...text('k0000200'), 0x10, 0xc9, 0x01, 0x18, 0xc9, 0x01, 0x20, 0x01, 0x2a, 0x80, 0x02];
  expect([...bytes.subarray(0, head.length)]).toEqual(head);
});

test('mvcc: a compaction goes in batches of 1000, each committed', () => {
  const engine = new MemoryEngine();
  const machine = make('mvcc', engine);
  for (let index = 1; index <= 2500; index++)
    machine.apply(index, 1, payload(put(1, index, 'same', String(index))), new Replies());
  machine.commit();
  machine.apply(2501, 1, encodeCompaction(2501, 2, 1), new Replies());
  const job = machine.background()!;
  expect(machine.background()).toBeUndefined();
  const left: number[] = [];
  for (let step = job.next(); !step.done; step = job.next()) left.push(engine.keys(0).length);
  left.push(engine.keys(0).length);
  expect(left).toEqual([2500, 1500, 500, 1]);
  expect(machine.background()).toBeUndefined();
  expect(contents(machine)).toEqual(['same=2500']);
});
