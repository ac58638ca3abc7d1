/** The simulator as the command line uses it, loaded when the first run starts: `--help` needs none of it. */
import type { Time } from '../sim/clock.ts';
import type { Divergence } from '../sim/determinism.ts';
import type { RunResult } from '../sim/result.ts';
import type { RunSpec } from '../sim/run-spec.ts';

export interface Run {
  /** Handles at most so many events; true while unfinished. */
  advance(eventsMax: number): boolean;
  readonly now: Time;
  readonly events: number;
  /** 0 to 1. */
  readonly fractionDone: number;
  /** Ends the run where it stands. */
  interrupt(): void;
  finish(): RunResult;
}

export interface Simulator {
  /** `onPreload` hears of the store that is built before this returns. */
  createRun(spec: RunSpec, onPreload?: (keysDone: number, keys: number) => void): Run;
  firstDivergence(specA: RunSpec, specB: RunSpec): Divergence | undefined;
}

export async function loadSimulator(url: string | undefined): Promise<Simulator> {
  if (url !== undefined) return (await import(url)) as Simulator;
  const [{ createRun }, { firstDivergence }] = await Promise.all([
    import('../sim/cluster.ts'),
    import('../sim/determinism.ts'),
  ]);
  return { createRun, firstDivergence };
}
