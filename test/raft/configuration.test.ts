/** Configuration changes: etcd's tables, equivalences between ways to the same configuration, the codec. */
import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Value } from '../../sim/bytes/value.ts';
import {
  ADD_LEARNER,
  ADD_NODE,
  type Change,
  type ConfChange,
  decodeConfChange,
  encodeConfChange,
  entryType,
  REMOVE_NODE,
} from '../../sim/nodes/raft/conf-change.ts';
import {
  type Changed,
  changeSimply,
  enterJoint,
  leaveJoint,
  restoreMembership,
} from '../../sim/nodes/raft/configuration.ts';
import { describeConfiguration, describeProgress } from '../../sim/nodes/raft/describe.ts';
import { ENTRY_CONF_CHANGE_V2, Entry } from '../../sim/nodes/raft/messages.ts';
import { Tracker } from '../../sim/nodes/raft/tracker.ts';
import { argument, type Command, parseFile, TESTDATA_MISSING, testdataFiles } from './datadriven.ts';
import { parseChanges } from './interaction.ts';

function newTracker(): Tracker {
  return new Tracker(10, Number.POSITIVE_INFINITY);
}

/** Takes it over, or gives the reason why not. */
function take(tracker: Tracker, changed: Changed): string {
  if (typeof changed === 'string') return changed;
  tracker.become(changed.configuration, changed.progress);
  return '';
}

function run(tracker: Tracker, lastIndex: number, command: Command): string {
  const changes = parseChanges(command.input);
  let changed: Changed;
  if (command.name === 'simple') changed = changeSimply(tracker, lastIndex, changes);
  else if (command.name === 'enter-joint') {
    changed = enterJoint(tracker, lastIndex, argument(command, 'autoleave')[0] === 'true', changes);
  } else changed = leaveJoint(tracker);
  const refusal = take(tracker, changed);
  if (refusal !== '') return refusal;
  const members = tracker.progress.map((one) => `\n${one.id}: ${describeProgress(one)}`);
  return describeConfiguration(tracker.configuration) + members.join('');
}

describe('tables of etcd', () => {
  if (TESTDATA_MISSING !== '') console.log(TESTDATA_MISSING);
  test.skipIf(TESTDATA_MISSING !== '')('all nine are there', () => {
    expect(testdataFiles('confchange/testdata').length).toBe(9);
  });
  for (const path of testdataFiles('confchange/testdata')) {
    test(basename(path, '.txt'), () => {
      const tracker = newTracker();
      for (const [lastIndex, command] of parseFile(path).entries()) {
        expect(run(tracker, lastIndex, command), `line ${command.line}`).toBe(command.expected);
      }
    });
  }
});

const someChanges = fc.array(
  fc.record({ type: fc.constantFrom(ADD_NODE, REMOVE_NODE, ADD_LEARNER), nodeId: fc.integer({ min: 1, max: 7 }) }),
  { minLength: 1, maxLength: 8 },
);

function view(tracker: Tracker): object {
  const members = tracker.progress.map(({ id, isLearner }) => ({ id, isLearner }));
  return { ...tracker.configuration, members };
}

describe('several ways, one configuration', () => {
  test('one by one, or all at once through a joint configuration', () => {
    let taken = 0;
    fc.assert(
      fc.property(someChanges, someChanges, (before, changes) => {
        const step = newTracker();
        take(step, changeSimply(step, 0, [{ type: ADD_NODE, nodeId: 1 }]));
        for (const change of before) take(step, changeSimply(step, 0, [change]));
        const joint = newTracker();
        take(joint, restoreMembership(joint, 0, step.configuration));
        // a change that would remove the last voter is refused alone, though it may be right in company
        let refusals = 0;
        for (const change of changes) if (take(step, changeSimply(step, 0, [change])) !== '') refusals++;
        if (refusals > 0) return;
        taken++;
        expect(take(joint, enterJoint(joint, 0, false, changes))).toBe('');
        expect(take(joint, leaveJoint(joint))).toBe('');
        expect(view(joint)).toEqual(view(step));
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  test('a stored configuration comes back as it was, joint or not', () => {
    let joint = 0;
    fc.assert(
      fc.property(someChanges, someChanges, fc.boolean(), (before, changes, autoLeave) => {
        const tracker = newTracker();
        take(tracker, changeSimply(tracker, 0, [{ type: ADD_NODE, nodeId: 1 }]));
        for (const change of before) take(tracker, changeSimply(tracker, 0, [change]));
        if (take(tracker, enterJoint(tracker, 0, autoLeave, changes)) === '') joint++;
        const restored = newTracker();
        expect(take(restored, restoreMembership(restored, 9, tracker.configuration))).toBe('');
        expect(view(restored)).toEqual(view(tracker));
      }),
      { numRuns: 1000 },
    );
    expect(joint).toBeGreaterThan(300);
  });

  test.each([
    ['a learner who votes', { voters: [1, 2], learners: [2] }, '2 is in Learners and Voters[0]'],
    ['a learner-to-be who never voted', { voters: [1], learnersNext: [1] }, '1 is in LearnersNext, but not Voters[1]'],
    ['leaving what was not entered', { voters: [1], autoLeave: true }, 'AutoLeave must be false when not joint'],
  ])('refused: %s', (_, stored, reason) => {
    const none = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    expect(restoreMembership(newTracker(), 0, { ...none, ...stored })).toBe(reason);
  });
});

describe('codec', () => {
  const hex = (change: ConfChange): string => Buffer.from(encodeConfChange(change).toBytes()).toString('hex');
  const context = new Uint8Array([0xab, 0xcd]);

  test.each<[string, ConfChange, string]>([
    ['v1', { version: 1, transition: 0, changes: [{ type: 1, nodeId: 300 }] }, '0800100118ac02'],
    [
      'v1 with id and context',
      { version: 1, transition: 0, changes: [{ type: 0, nodeId: 3 }], id: 7, context },
      '0807100018032202abcd',
    ],
    [
      'v2',
      {
        version: 2,
        transition: 2,
        changes: [
          { type: 0, nodeId: 3 },
          { type: 3, nodeId: 4 },
        ],
      },
      '080212040800100312040803' + '1004',
    ],
    ['v2, leaving', { version: 2, transition: 0, changes: [] }, ''],
    ['v2, leaving with context', { version: 2, transition: 0, changes: [], context }, '08001a02abcd'],
  ])('%s', (_, change, bytes) => {
    expect(hex(change)).toBe(bytes);
  });

  test('round trip', () => {
    const change: fc.Arbitrary<Change> = fc.record({ type: fc.nat(3), nodeId: fc.nat(2 ** 40) });
    const v1 = fc.record({
      version: fc.constant(1 as const),
      transition: fc.constant(0),
      changes: fc.tuple(change),
      id: fc.nat(),
      context: fc.option(fc.uint8Array(), { nil: undefined }),
    });
    const v2 = fc.record({
      version: fc.constant(2 as const),
      transition: fc.nat(2),
      changes: fc.array(change, { maxLength: 5 }),
      context: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.oneof(v1, v2), (one: ConfChange) => {
        const entry = new Entry(1, 1, entryType(one), encodeConfChange(one));
        expect(decodeConfChange(entry)).toEqual(one);
      }),
    );
  });

  test('garbage is refused, not misread', () => {
    for (const text of ['08', '12', '120a0800', '0803', 'ff', '1a05ab', '1202']) {
      const entry = new Entry(1, 1, ENTRY_CONF_CHANGE_V2, Value.of(new Uint8Array(Buffer.from(text, 'hex'))));
      expect(decodeConfChange(entry), text).toBeUndefined();
    }
  });
});
