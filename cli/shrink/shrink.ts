/**
 * `raftlab shrink`: a scenario that fails under a seed, made as small as it can be while the same check still complains
 * in the same words. Greedy: what helped is kept and everything is tried again, until nothing helps or the time is over.
 *
 * Random draws belong to components and faults by name, so that taking one away leaves the others' as they were. Where
 * that is not enough because the failure hangs by chance, a few other seeds are tried. A scenario that plants bugs must
 * be sound without them at each step; in return any words of the same check will do.
 */
import { stringify } from 'yaml';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { faultEntry } from '../../scenarios/fault-entry.ts';
import { loadScenario, runSpecs } from '../../scenarios/loader.ts';
import type { RunResult, Violation } from '../../sim/result.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import type { ShrinkOptions } from '../commands/shrink.ts';
import { budgetMsOf } from '../durations.ts';
import { EXIT_INTERRUPTED, EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { OutputFolder } from '../output-folder.ts';
import { loadSimulator, type Simulator } from '../simulator.ts';
import { singleRun } from '../single-run.ts';
import { withoutNumbers } from '../sweep/causes.ts';
import { counted } from '../wording.ts';
import {
  earlierFaults,
  fewerFaults,
  fewerOperations,
  fewerSettings,
  lessTime,
  type Reduction,
  type ScenarioBody,
  shorterFaults,
  smallerNumbers,
  smallerQuantities,
} from './reductions.ts';

const EVENTS_A_SLICE = 2000;
/** Less to read is not smaller if so many times more happens, or more than before everything: what was left out may have kept the run short. */
const GROWTH_MAX = 1.25;
/** Tried once nothing helps under the seed at hand. */
const OTHER_SEEDS = 3;

/** A scenario's body under one seed, and the violation that ends it. */
export interface Failing {
  readonly body: ScenarioBody;
  readonly spec: RunSpec;
  readonly violation: Violation;
}

export async function shrinkScenario(argument: string, options: ShrinkOptions, host: Host): Promise<number> {
  const budgetMs = budgetMsOf('--budget', options.budget);
  const { variant, seed: seedText, set: sets } = options;
  const { spec, body } = singleRun({ scenario: argument, variant, seed: seedText, sets }, host);
  const { scenario: name, seed } = spec;
  const folder = new OutputFolder(host.directory, options.out ?? 'out/shrink');
  const simulator = await loadSimulator(host.simulator);
  const shrinking = new Shrinking(name, seed, simulator, options.budget, budgetMs, host);
  const original = await shrinking.start(body);
  host.error(`${original.violation.check}: ${original.violation.what}\n`);
  const smallest = await shrinking.run(original);
  const file = `${name}-seed-${seed}.yaml`;
  const written = folder.write(file, scenarioText(name, seed, smallest));
  host.out(`${comparison(original, smallest)}\n${counted(shrinking.attempts, 'attempt')}\nwrote ${written}\n`);
  host.out(`  raftlab run ${written}\n  raftlab explain ${written}\n`);
  if (shrinking.why === 'time') host.error('the time is over; with a longer --budget it may become smaller still\n');
  return shrinking.why === 'interrupted' ? EXIT_INTERRUPTED : EXIT_OK;
}

export interface Shrunk {
  readonly original: Failing;
  readonly smallest: Failing;
  readonly why: 'done' | 'time' | 'interrupted';
}

/** The same for who wants figures and no file. */
export async function shrinkBody(
  name: string,
  body: ScenarioBody,
  seed: number,
  budgetMs: number,
  host: Host,
): Promise<Shrunk> {
  const simulator = await loadSimulator(host.simulator);
  const shrinking = new Shrinking(name, seed, simulator, `${budgetMs}ms`, budgetMs, host);
  const original = await shrinking.start(body);
  const smallest = await shrinking.run(original);
  return { original, smallest, why: shrinking.why };
}

class Shrinking {
  attempts = 0;
  why: 'done' | 'time' | 'interrupted' = 'done';
  readonly #name: string;
  readonly #seed: number;
  readonly #simulator: Simulator;
  /** As the user wrote it. */
  readonly #budget: string;
  readonly #deadline: number;
  readonly #host: Host;
  #wanted = '';
  /** The violation's event in the run that is to be made smaller. */
  #eventsAtStart = Number.MAX_SAFE_INTEGER;
  #interrupted = false;
  /** Bodies that were tried, in vain or not: none is tried twice, so that there is an end. */
  readonly #tried = new Set<string>();

  constructor(name: string, seed: number, simulator: Simulator, budget: string, budgetMs: number, host: Host) {
    this.#name = name;
    this.#seed = seed;
    this.#simulator = simulator;
    this.#budget = budget;
    this.#deadline = performance.now() + budgetMs;
    this.#host = host;
  }

  async start(written: ScenarioBody): Promise<Failing> {
    const body = await this.#listed(written);
    const spec = this.#specOf(body, this.#seed)!;
    const result = await this.#play(spec, Number.MAX_SAFE_INTEGER);
    if (result === undefined) throw new UsageError(`--budget: ${this.#budget} was over before the violation came`);
    const violation = result.violations[0];
    if (violation === undefined) {
      throw new UsageError(`${this.#name} does not fail under seed ${this.#seed}: there is nothing to shrink`);
    }
    this.#wanted = signature(spec, violation);
    this.#eventsAtStart = violation.event;
    this.#tried.add(keyOf(body, this.#seed));
    return { body, spec, violation };
  }

  /** With what its nemesis draws for the seed listed, so that each of these faults can be left out. */
  async #listed(body: ScenarioBody): Promise<ScenarioBody> {
    const spec = this.#specOf(body, this.#seed)!;
    if (body.faults === undefined || Array.isArray(body.faults)) return body;
    const { faultsOf } = await import('../../sim/cluster.ts');
    return { ...body, faults: faultsOf(spec).map((fault) => faultEntry(fault, spec.cluster.engine.name, CATALOGUE)) };
  }

  async run(original: Failing): Promise<Failing> {
    const forget = this.#host.onInterrupt(() => {
      this.#interrupted = true;
      this.#host.error('\ninterrupted: writing the smallest so far\n');
    });
    let smallest = original;
    try {
      for (;;) {
        const now = JSON.stringify(smallest.body);
        const reductions = reductionsOf(smallest).filter(({ body }) => JSON.stringify(body) !== now);
        const events = smallest.violation.event;
        const own = smallest.spec.seed;
        const others = Array.from({ length: OTHER_SEEDS + 1 }, (_, i) => this.#seed + i).filter((seed) => seed !== own);
        const smaller =
          (await this.#first(reductions, [own], events)) ?? (await this.#first(reductions, others, events));
        if (smaller === undefined) return smallest;
        smallest = smaller;
      }
    } finally {
      forget();
    }
  }

  /** The first reduction that still fails under one of the seeds; undefined if none does, or there is no time to find out. */
  async #first(
    reductions: readonly Reduction[],
    seeds: readonly number[],
    eventsNow: number,
  ): Promise<Failing | undefined> {
    for (const { what, body } of reductions) {
      for (const seed of seeds) {
        if (this.#interrupted || performance.now() > this.#deadline) {
          this.why = this.#interrupted ? 'interrupted' : 'time';
          return undefined;
        }
        const key = keyOf(body, seed);
        if (this.#tried.has(key)) continue;
        this.#tried.add(key);
        const failing = await this.#attempt(body, seed, eventsNow);
        if (failing === undefined) continue;
        const under = seed === this.#seed ? '' : ` under seed ${seed}`;
        this.#host.error(`${what}: still fails${under}, at event ${failing.violation.event}\n`);
        return failing;
      }
    }
    return undefined;
  }

  async #attempt(body: ScenarioBody, seed: number, eventsNow: number): Promise<Failing | undefined> {
    const spec = this.#specOf(body, seed);
    if (spec === undefined) return undefined;
    this.attempts++;
    const eventsMax = Math.min(eventsNow * GROWTH_MAX, this.#eventsAtStart);
    const violation = (await this.#play(spec, eventsMax))?.violations[0];
    if (violation === undefined || violation.event > eventsMax) return undefined;
    if (signature(spec, violation) !== this.#wanted || !(await this.#isSoundWithoutBugs(spec))) return undefined;
    return { body, spec, violation };
  }

  async #isSoundWithoutBugs(spec: RunSpec): Promise<boolean> {
    if (!plantsBugs(spec)) return true;
    const sound = { ...spec, cluster: { ...spec.cluster, bugs: [] } };
    return (await this.#play(sound, Number.MAX_SAFE_INTEGER))?.violations.length === 0;
  }

  /** undefined: makes no sense, for instance a fault on a node that is not there any more. */
  #specOf(body: ScenarioBody, seed: number): RunSpec | undefined {
    const text = stringify({ name: this.#name, why: 'To be shrunk.', ...body, seeds: seed });
    const loaded = loadScenario(this.#name, text, { catalogue: CATALOGUE });
    return loaded.ok ? runSpecs(loaded.scenario)[0] : undefined;
  }

  /** undefined: not over within so many events, or within the time. */
  async #play(spec: RunSpec, eventsMax: number): Promise<RunResult | undefined> {
    try {
      const run = this.#simulator.createRun(spec);
      while (run.advance(EVENTS_A_SLICE)) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#interrupted || run.events > eventsMax || performance.now() > this.#deadline) return undefined;
      }
      return run.finish();
    } catch {
      // a defect of ours is another failure than the one that is wanted
      return undefined;
    }
  }
}

/** The great ones first: what they leave makes the small ones quick. */
function reductionsOf({ body, spec, violation }: Failing): Reduction[] {
  const now = {
    'cluster.nodes': spec.cluster.nodes,
    'workload.clients': spec.workload.clients,
    'workload.keys.count': spec.workload.keys.count,
  };
  return [
    ...lessTime(body, violation.timeNs / 1e6),
    ...fewerFaults(body),
    ...earlierFaults(body),
    ...smallerNumbers(body, now),
    ...smallerQuantities(body),
    ...fewerOperations(body),
    ...fewerSettings(body),
    ...shorterFaults(body),
  ];
}

function keyOf(body: ScenarioBody, seed: number): string {
  return `${seed} ${JSON.stringify(body)}`;
}

function plantsBugs({ cluster }: RunSpec): boolean {
  return cluster.bugs !== undefined && cluster.bugs.length > 0;
}

/** What a failure must have in common with the first to be the same; a planted bug is told by the run without it. */
function signature(spec: RunSpec, { check, what }: Violation): string {
  return plantsBugs(spec) ? check : `${check}: ${withoutNumbers(what)}`;
}

function scenarioText(name: string, seed: number, { body, spec, violation }: Failing): string {
  const why = `Shrunk from ${name}, seed ${seed}: ${violation.check}: ${violation.what}`;
  return stringify({
    name: `${name}-seed-${seed}`,
    why,
    ...body,
    seeds: spec.seed,
    expect: [{ metric: 'violations', equals: 0 }],
  });
}

/** Before and after, and how many times fewer events lead to the violation. */
function comparison(original: Failing, smallest: Failing): string {
  const size = ({ spec, violation }: Failing): string =>
    [
      counted(spec.faults.length, 'fault'),
      counted(spec.cluster.nodes, 'node'),
      counted(spec.workload.clients, 'client'),
      `${violation.event} events`,
      `${violation.timeNs / 1e6} ms`,
    ].join(', ');
  const factor = original.violation.event / Math.max(1, smallest.violation.event);
  return `before: ${size(original)}\nafter:  ${size(smallest)}\n${factor.toFixed(1)} times smaller, by events up to the violation`;
}
