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
const crash = drawn({ restarts: true });
const rolling = drawn({ hits: 'each', restarts: true });
const forgetful = drawn({ hits: 'disk', forgets: true });

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
