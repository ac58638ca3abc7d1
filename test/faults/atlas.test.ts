/** Which faults may come together, where one of them takes down any node in turn. */
import { expect, it } from 'vitest';
import { FaultAtlas } from '../../sim/faults/atlas.ts';
import type { DrawnFault } from '../../sim/faults/fault.ts';

const drawn = (fault: Partial<DrawnFault>): DrawnFault => ({
  hits: 'node',
  weight: 1,
  parameters: () => ({}),
  ...fault,
});
const crash = drawn({ restarts: 'machine' });
const rolling = drawn({ hits: 'each', restarts: 'process' });
const kill = drawn({ restarts: 'process' });
const deceptive = drawn({ hits: 'disk', forgets: 'process' });
const forgetful = drawn({ hits: 'disk', forgets: 'any' });

// each admitted or not from 0 to 10, in their order, on the nodes 0, 1, 2 …
it.each<[what: string, nodes: number, faults: readonly DrawnFault[], admitted: readonly boolean[]]>([
  ['alone', 3, [rolling], [true]],
  ['where there is no minority', 2, [rolling], [false]],
  ['beside a node that is down', 3, [crash, rolling], [true, false]],
  ['before one', 3, [rolling, crash], [true, false]],
  ['beside one of five', 5, [crash, rolling, crash], [true, true, false]],
  ['twice at a time', 3, [rolling, rolling], [true, false]],
  ['twice at a time, of five', 5, [rolling, rolling, rolling], [true, true, false]],
  ['after a disk that may forget', 5, [forgetful, rolling], [true, false]],
  ['before one', 5, [rolling, forgetful], [true, false]],
])('a rolling restart %s of %i nodes', (_what, nodes, faults, admitted) => {
  const atlas = new FaultAtlas('survivable', nodes);
  expect(faults.map((fault, node) => atlas.admits(fault, node, 0, 10))).toEqual(admitted);
});

it.each<[what: string, faults: readonly DrawnFault[], admitted: readonly boolean[]]>([
  ['no restart after it', [forgetful, crash], [true, false]],
  ['no restart of the process', [forgetful, kill], [true, false]],
])('a disk that may forget has %s', (_what, faults, admitted) => {
  const atlas = new FaultAtlas('survivable', 3);
  expect(faults.map((fault, i) => atlas.admits(fault, 0, 10 * i, 10 * i + 5))).toEqual(admitted);
});

it.each<[what: string, faults: readonly DrawnFault[], admitted: readonly boolean[]]>([
  ['a power cut after it', [deceptive, crash], [true, true]],
  ['no restart of the process after it', [deceptive, kill], [true, false]],
  ['one before it', [kill, deceptive], [true, true]],
  ['a power cut and no restart of the process', [deceptive, crash, kill], [true, true, false]],
])('a disk whose page cache may deceive has %s', (_what, faults, admitted) => {
  const atlas = new FaultAtlas('survivable', 3);
  expect(faults.map((fault, i) => atlas.admits(fault, 0, 10 * i, 10 * i + 5))).toEqual(admitted);
});
