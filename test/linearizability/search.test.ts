/** The search against a twin that tries every order; and what a counterexample shows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeOperation, NEVER_RETURNED, type Operation } from '../../sim/linearizability/history.ts';
import { kvAppend } from '../../sim/linearizability/models/kv-append.ts';
import type { Machine, Model } from '../../sim/linearizability/models/model.ts';
import { casRegister } from '../../sim/linearizability/models/register.ts';
import { Search } from '../../sim/linearizability/search.ts';
import { checkLinearizability } from './verdict.ts';

/** Every order in which each operation comes after those that returned before its call; open ones may stay out. */
function twinFinds(
  operations: readonly Operation[],
  machine: Machine,
  state: number,
  left: readonly number[],
): boolean {
  if (left.every((i) => operations[i]!.returnedAt === NEVER_RETURNED)) return true;
  return left.some((i) => {
    if (left.some((j) => operations[j]!.returnedAt < operations[i]!.calledAt)) return false;
    const after = machine.step(state, i);
    return (
      after >= 0 &&
      twinFinds(
        operations,
        machine,
        after,
        left.filter((j) => j !== i),
      )
    );
  });
}

function searchOf(operations: readonly Operation[], model: Model, memoryWordsMax?: number): Search {
  const calledAt = Float64Array.from(operations, (each) => each.calledAt);
  const returnedAt = Float64Array.from(operations, (each) => each.returnedAt);
  return new Search(calledAt, returnedAt, model.compile(operations), memoryWordsMax);
}

const DATA = ['a', 'b'];
const arbitraryDatum = fc.constantFrom(undefined, ...DATA);
const arbitraryTime = fc.record({ calledAt: fc.nat(12), duration: fc.integer({ min: 1, max: 6 }), isOpen: fc.nat(4) });

function operation(
  fields: Partial<Operation>,
  time: { calledAt: number; duration: number; isOpen: number },
): Operation {
  // calls on even, returns on odd moments: none coincide
  const calledAt = time.calledAt * 2;
  const returnedAt =
    time.isOpen === 0 && fields.kind !== 'read' && fields.kind !== 'get'
      ? NEVER_RETURNED
      : calledAt + time.duration * 2 + 1;
  const given = { process: 'p', key: '', kind: '', argument: undefined, result: undefined, ...fields };
  return { ...given, calledAt, returnedAt, callLine: 0, returnLine: 0 };
}

const arbitraryRegisterOperation = fc
  .record({
    kind: fc.constantFrom('read', 'write', 'cas'),
    first: arbitraryDatum,
    second: fc.constantFrom(...DATA),
    result: fc.constantFrom('ok', 'fail'),
    time: arbitraryTime,
  })
  .map(({ kind, first, second, result, time }) => {
    if (kind === 'read') return operation({ kind, result: first }, time);
    if (kind === 'write') return operation({ kind, argument: second }, time);
    return operation({ kind, argument: first, replacement: second, result }, time);
  });

const arbitraryTextOperation = fc
  .record({
    kind: fc.constantFrom('get', 'put', 'append'),
    text: fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aa'),
    time: arbitraryTime,
  })
  .map(({ kind, text, time }) => operation(kind === 'get' ? { kind, result: text } : { kind, argument: text }, time));

describe('the search', () => {
  it.each<[Model, fc.Arbitrary<Operation>]>([
    [casRegister, arbitraryRegisterOperation],
    [kvAppend, arbitraryTextOperation],
  ])('$name: finds what trying everything finds', (model, arbitrary) => {
    let linearizable = 0;
    let total = 0;
    fc.assert(
      fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 7 }), (unordered) => {
        const operations = unordered.toSorted((a, b) => a.calledAt - b.calledAt);
        const machine = model.compile(operations);
        const all = operations.map((_, i) => i);
        const expected = twinFinds(operations, machine, machine.initial, all);
        total++;
        if (expected) linearizable++;
        const found = searchOf(operations, model).advance(1_000_000);
        expect(found).toBe(expected ? 'linearizable' : 'not linearizable');
      }),
      { numRuns: 3000 },
    );
    // neither answer is rare among these histories
    expect(linearizable / total).toBeGreaterThan(0.05);
    expect(linearizable / total).toBeLessThan(0.95);
  });

  it('can be stopped anywhere and gone on with', () => {
    const operations = Array.from({ length: 40 }, (_, i) =>
      operation({ kind: 'write', argument: `v${i % 7}` }, { calledAt: i, duration: 5, isOpen: 1 }),
    );
    const whole = searchOf(operations, casRegister);
    const sliced = searchOf(operations, casRegister);
    whole.advance(1_000_000);
    while (sliced.advance(1) === 'undecided');
    expect(sliced.state).toBe(whole.state);
    expect(sliced.furthest).toEqual(whole.furthest);
  });

  it('says that it does not know when its memory is full', () => {
    const concurrent = Array.from({ length: 14 }, (_, i) =>
      operation({ kind: 'write', argument: `v${i}` }, { calledAt: 0, duration: 6, isOpen: 1 }),
    );
    const impossible = operation({ kind: 'read', result: 'never written' }, { calledAt: 0, duration: 6, isOpen: 1 });
    const operations = [...concurrent, impossible];
    expect(searchOf(operations, casRegister, 2_000).advance(1e7)).toBe('unknown');
    expect(searchOf(operations, casRegister).advance(1e7)).toBe('not linearizable');
  });

  it('tries an operation of unknown outcome late, and where it never took effect', () => {
    const lost = operation({ kind: 'write', argument: 'a' }, { calledAt: 0, duration: 1, isOpen: 0 });
    const at = (calledAt: number, result: string | undefined): Operation =>
      operation({ kind: 'read', result }, { calledAt, duration: 1, isOpen: 1 });
    const verdict = (...reads: Operation[]): string | undefined =>
      checkLinearizability([lost, ...reads], casRegister).verdict;
    expect(verdict(at(4, undefined), at(8, undefined))).toBe('linearizable');
    expect(verdict(at(4, undefined), at(8, 'a'))).toBe('linearizable');
    expect(verdict(at(4, 'a'), at(8, undefined))).toBe('not linearizable');
  });
});

describe('a counterexample', () => {
  it('shows how far one comes and what cannot be placed', () => {
    const time = (calledAt: number): { calledAt: number; duration: number; isOpen: number } => ({
      calledAt,
      duration: 1,
      isOpen: 1,
    });
    const history = [
      operation({ kind: 'write', argument: 'a', key: 'x', process: '1' }, time(0)),
      operation({ kind: 'read', result: 'a', key: 'x', process: '2' }, time(4)),
      operation({ kind: 'write', argument: 'b', key: 'x', process: '1' }, time(8)),
      operation({ kind: 'read', result: 'a', key: 'x', process: '2' }, time(12)),
      operation({ kind: 'read', result: undefined, key: 'y', process: '2' }, time(16)),
    ];
    const { verdict, counterexample, objects } = checkLinearizability(history, casRegister);
    expect(verdict).toBe('not linearizable');
    expect(objects).toBe(2);
    expect(counterexample!.key).toBe('x');
    expect(counterexample!.prefix.map(describeOperation)).toEqual([
      'process 1 write "a"',
      'process 2 read → "a"',
      'process 1 write "b"',
    ]);
    expect(counterexample!.state).toBe('"b"');
    expect(describeOperation(counterexample!.blocked!)).toBe('process 2 read → "a"');
  });
});
