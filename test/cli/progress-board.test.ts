/** What the board says of a run whose store is being built, in the memory that threads share. */
import { expect, it } from 'vitest';
import { ProgressBoard } from '../../cli/progress-board.ts';

it('tells a run that preloads from one that has begun, to every thread', () => {
  const written = new ProgressBoard(2);
  const read = new ProgressBoard(written.buffer);
  expect([read.preloading(0), read.preloading(1)]).toEqual([undefined, undefined]);
  written.setPreload(1, 2500, 10_000);
  expect([read.preloading(0), read.preloading(1)]).toEqual([undefined, { fraction: 0.25, keys: 10_000 }]);
  expect([read.fractionDone, read.finished, read.events]).toEqual([0, 0, 0]);
  written.set(1, 7, 100, 0.01);
  expect([read.preloading(1), read.events, read.nowNs(1)]).toEqual([undefined, 7, 100]);
});
