/**
 * How many seeds a bug takes: several searches, each through seeds of its own, up to its first find.
 *
 * Searches advance together, by 1, 1, 2, 4 … seeds, so that workers have something to do; a search counts only the seeds
 * up to its find, so that neither that nor the number of jobs changes a figure but the processor's time.
 */
import type { RunSpec } from '../../sim/run-spec.ts';
import { execute } from '../execution.ts';
import type { Host } from '../host.ts';
import { ProgressBoard } from '../progress-board.ts';
import type { RunOutcome } from '../run-task.ts';
import { type Exhibit, soundSpecOf, specOf } from './exhibit.ts';

const BATCH_MAX = 16;

export interface Find {
  readonly seed: number;
  readonly check: string;
}

export interface Search {
  /** Tried, the find included. */
  seeds: number;
  /** Of all runs up to the find. */
  virtualNs: number;
  find?: Find;
}

export interface SearchLimits {
  readonly starts: number;
  readonly seedsMax: number;
  readonly jobs: number;
}

/** Runs that can be stopped from outside. */
export class Runs {
  interrupted = false;
  readonly #host: Host;
  readonly #jobs: number;
  #board: ProgressBoard | undefined;

  constructor(host: Host, jobs: number) {
    this.#host = host;
    this.#jobs = jobs;
  }

  interrupt(): void {
    this.interrupted = true;
    this.#board?.stop();
  }

  /** Outcomes in the order of the specifications; a defect of ours is thrown. */
  async outcomes(specs: readonly RunSpec[]): Promise<RunOutcome[]> {
    const outcomes: RunOutcome[] = [];
    if (specs.length === 0) return outcomes;
    const board = new ProgressBoard(specs.length);
    this.#board = board;
    await execute(specs, board, {
      jobs: this.#jobs,
      checkDeterminism: false,
      simulator: this.#host.simulator,
      onOutcome: (_index, outcome) => void outcomes.push(outcome),
      draw: () => undefined,
    });
    for (const outcome of outcomes) if (outcome.kind === 'failed') throw new Error(outcome.failure.stack);
    return outcomes;
  }
}

/** Of the run under the first seed; undefined: interrupted. */
export async function firstTraceHash(exhibit: Exhibit, runs: Runs): Promise<string | undefined> {
  const [outcome] = await runs.outcomes([specOf(exhibit, 1)]);
  return outcome?.kind === 'done' && !runs.interrupted ? outcome.result.traceHash : undefined;
}

/** Search i tries the seeds i × seedsMax + 1 and after. */
export async function searches(exhibit: Exhibit, limits: SearchLimits, runs: Runs): Promise<Search[]> {
  const { starts, seedsMax } = limits;
  const all: Search[] = Array.from({ length: starts }, () => ({ seeds: 0, virtualNs: 0 }));
  for (let batch = 1, round = 0; !runs.interrupted; round++) {
    const open = all.filter((search) => search.find === undefined && search.seeds < seedsMax);
    if (open.length === 0) break;
    const specs: RunSpec[] = [];
    const owners: Search[] = [];
    for (const search of open) {
      const first = all.indexOf(search) * seedsMax + search.seeds + 1;
      for (let i = 0; i < Math.min(batch, seedsMax - search.seeds); i++) {
        specs.push(specOf(exhibit, first + i));
        owners.push(search);
      }
    }
    const outcomes = await runs.outcomes(specs);
    for (const [i, outcome] of outcomes.entries()) take(owners[i]!, specs[i]!.seed, outcome);
    if (round > 0) batch = Math.min(BATCH_MAX, batch * 2);
  }
  return all;
}

function take(search: Search, seed: number, outcome: RunOutcome): void {
  if (search.find !== undefined || outcome.kind !== 'done' || outcome.result.ended === 'interrupted') return;
  search.seeds++;
  search.virtualNs += outcome.result.virtualTimeNs;
  const violation = outcome.result.violations[0];
  if (violation !== undefined) search.find = { seed, check: violation.check };
}

/** Runs with these seeds that complain although the bug is not planted: there should be none. */
export async function falseAlarms(exhibit: Exhibit, seeds: readonly number[], runs: Runs): Promise<Find[]> {
  const outcomes = await runs.outcomes(seeds.map((seed) => soundSpecOf(exhibit, seed)));
  return outcomes.flatMap((outcome, i) => {
    const violation = outcome.kind === 'done' ? outcome.result.violations[0] : undefined;
    return violation === undefined ? [] : [{ seed: seeds[i]!, check: violation.check }];
  });
}
