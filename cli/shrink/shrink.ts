/**
 * `raftlab shrink`: a scenario that fails under a seed, made as small as it can be while the same check still complains
 * in the same words. Greedy: what helped is kept and everything is tried again, until nothing helps or the time is over.
 *
 * Random draws belong to components and faults by name, so that taking one away leaves the others' as they were.
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
  fewerFaults,
  fewerSettings,
  lessTime,
  type Reduction,
  type ScenarioBody,
  smallerNumbers,
} from './reductions.ts';

const EVENTS_A_SLICE = 10_000;
/** A smaller scenario that takes this many times the events of the failing one is not going to fail. */
const PATIENCE = 4;
const EVENTS_MIN = 100_000;
/** Less to read is not smaller if so many times more happens: a setting that was left out may have kept the run short. */
const GROWTH_MAX = 1.25;

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
  host.out(`  raftlab run ${written}\n`);
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
  #eventsMax = Number.MAX_SAFE_INTEGER;
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
    const spec = this.#specOf(body)!;
    const result = await this.#play(spec);
    if (result === undefined) throw new UsageError(`--budget: ${this.#budget} was over before the violation came`);
    const violation = result.violations[0];
    if (violation === undefined) {
      throw new UsageError(`${this.#name} does not fail under seed ${this.#seed}: there is nothing to shrink`);
    }
    this.#wanted = signature(violation);
    this.#tried.add(JSON.stringify(body));
    return { body, spec, violation };
  }

  /** With what its nemesis draws for the seed listed, so that each of these faults can be left out. */
  async #listed(body: ScenarioBody): Promise<ScenarioBody> {
    const spec = this.#specOf(body)!;
    if (spec.nemesis === undefined) return body;
    const { faultsOf } = await import('../../sim/cluster.ts');
    const { nemesis: _, ...rest } = body;
    return { ...rest, faults: faultsOf(spec).map((fault) => faultEntry(fault, CATALOGUE)) };
  }

  async run(original: Failing): Promise<Failing> {
    const forget = this.#host.onInterrupt(() => {
      this.#interrupted = true;
      this.#host.error('\ninterrupted: writing the smallest so far\n');
    });
    let smallest = original;
    try {
      for (;;) {
        const smaller = await this.#first(reductionsOf(smallest), smallest.violation.event);
        if (smaller === undefined) return smallest;
        smallest = smaller;
      }
    } finally {
      forget();
    }
  }

  /** The first reduction that still fails; undefined if none does, or there is no time to find out. */
  async #first(reductions: readonly Reduction[], eventsNow: number): Promise<Failing | undefined> {
    for (const { what, body } of reductions) {
      if (this.#interrupted || performance.now() > this.#deadline) {
        this.why = this.#interrupted ? 'interrupted' : 'time';
        return undefined;
      }
      const key = JSON.stringify(body);
      if (this.#tried.has(key)) continue;
      this.#tried.add(key);
      const failing = await this.#attempt(body, eventsNow);
      if (failing === undefined) continue;
      this.#host.error(`${what}: still fails, at event ${failing.violation.event}\n`);
      return failing;
    }
    return undefined;
  }

  async #attempt(body: ScenarioBody, eventsNow: number): Promise<Failing | undefined> {
    const spec = this.#specOf(body);
    if (spec === undefined) return undefined;
    this.attempts++;
    const violation = (await this.#play(spec))?.violations[0];
    if (violation === undefined || signature(violation) !== this.#wanted) return undefined;
    if (violation.event > eventsNow * GROWTH_MAX) return undefined;
    this.#eventsMax = Math.max(EVENTS_MIN, violation.event * PATIENCE);
    return { body, spec, violation };
  }

  /** undefined: makes no sense, for instance a fault on a node that is not there any more. */
  #specOf(body: ScenarioBody): RunSpec | undefined {
    const text = stringify({ name: this.#name, why: 'To be shrunk.', ...body, seeds: this.#seed });
    const loaded = loadScenario(this.#name, text, { catalogue: CATALOGUE });
    return loaded.ok ? runSpecs(loaded.scenario)[0] : undefined;
  }

  async #play(spec: RunSpec): Promise<RunResult | undefined> {
    try {
      const run = this.#simulator.createRun(spec);
      while (run.advance(EVENTS_A_SLICE)) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#interrupted || run.events > this.#eventsMax || performance.now() > this.#deadline) return undefined;
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
  const time = lessTime(body, violation.timeNs / 1e6);
  return [
    ...time.slice(0, 1),
    ...fewerFaults(body),
    ...smallerNumbers(body, now),
    ...fewerSettings(body),
    ...time.slice(1),
  ];
}

function signature({ check, what }: Violation): string {
  return `${check}: ${withoutNumbers(what)}`;
}

function scenarioText(name: string, seed: number, { body, violation }: Failing): string {
  const why = `Shrunk from ${name}, seed ${seed}: ${violation.check}: ${violation.what}`;
  return stringify({
    name: `${name}-seed-${seed}`,
    why,
    ...body,
    seeds: seed,
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
