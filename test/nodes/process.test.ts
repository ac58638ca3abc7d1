import { describe, expect, it } from 'vitest';
import type { Handler } from '../../sim/loop.ts';
import { Cpu } from '../../sim/nodes/cpu.ts';
import { Process } from '../../sim/nodes/process.ts';

/** Writes down what it is let handle, as every handler of a process must. */
class Diary implements Handler {
  readonly traceId = 1;
  readonly lines: string[] = [];
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  handle(opcode: number, a: number, b: number): void {
    if (this.#process.admits(this, opcode, a, b)) this.lines.push(`${opcode} ${a} ${b}`);
  }
}

describe('a process', () => {
  it('puts off what comes during a pause, and does it at the resumption in the order in which it came', () => {
    const process = new Process();
    const diary = new Diary(process);
    diary.handle(1, 0, 0);
    process.paused = true;
    diary.handle(2, 7, 8);
    diary.handle(3, 0, 9);
    expect(diary.lines).toEqual(['1 0 0']);
    process.resume();
    expect(diary.lines).toEqual(['1 0 0', '2 7 8', '3 0 9']);
    process.resume();
    expect(diary.lines).toHaveLength(3);
  });

  it('that is killed does nothing any more, not even what was put off', () => {
    const process = new Process();
    const diary = new Diary(process);
    process.paused = true;
    diary.handle(1, 0, 0);
    process.kill();
    diary.handle(2, 0, 0);
    process.resume();
    expect(diary.lines).toEqual([]);
  });
});

describe('a processor', () => {
  it.each<[number, (readonly [number, number])[], number[]]>([
    // cores, [now, work] …, when each is done
    [
      1,
      [
        [0, 5],
        [0, 5],
        [20, 1],
      ],
      [5, 10, 21],
    ],
    [
      2,
      [
        [0, 5],
        [0, 5],
        [0, 5],
        [6, 1],
      ],
      [5, 5, 10, 7],
    ],
    [
      4,
      [
        [0, 9],
        [0, 8],
        [0, 7],
        [0, 6],
        [0, 5],
        [1, 0],
      ],
      [9, 8, 7, 6, 11, 7],
    ],
  ])('of %i cores', (cores, pieces, ends) => {
    const cpu = new Cpu(cores);
    expect(pieces.map(([now, work]) => cpu.run(now, work))).toEqual(ends);
    expect(cpu.busyNs).toBe(pieces.reduce((sum, [, work]) => sum + work, 0));
  });
});
