/**
 * From the text of a scenario file to what is to be run, or to everything that is wrong with it:
 * one line a problem, in the order of the file, `file:line:column: path: what; allowed: …`.
 */
import type { RunSpec } from '../sim/run-spec.ts';
import type { Catalogue } from './catalogue.ts';
import { type Expectation, METRIC_NAMES, matchesVariant } from './expectations.ts';
import { type Lenient, lenient } from './lenient.ts';
import { memoryBytesMin } from './memory.ts';
import { type Path, startsWith } from './path.ts';
import { type PathProblem, problemsOf } from './problems.ts';
import { Proxying, type ReadFile, selfContained } from './proxying.ts';
import { type RunPlan, resolve } from './resolve.ts';
import { BODY_FIELDS, type Body, bodySchema, type Head, headSchema } from './schema.ts';
import { parseSeedArgument, parseSeeds } from './seeds.ts';
import { checkSemantics } from './semantics.ts';
import { Source } from './source.ts';
import { allowedText } from './suggestion.ts';
import { expandVariants, type Variant } from './variants.ts';
import type { Problem } from './yaml-text.ts';

const RUNS_MAX = 100_000;

export interface Scenario {
  readonly name: string;
  readonly why: string;
  readonly variants: readonly RunPlan[];
  /** Each variant's settings as written, matrix and further files worked in: plain data for another scenario file. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
  readonly seeds: readonly number[];
  readonly expectations: readonly Expectation[];
  readonly published: Head['published'];
}

export type Loaded =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface LoadOptions {
  readonly catalogue: Catalogue;
  /** `path=value` each, from `--set`. */
  readonly sets?: readonly string[];
  /** In place of the file's seeds, from the command line. */
  readonly seeds?: string;
  /** What the user knows `seeds` by; `--seed` if it is not said. */
  readonly seedsOption?: string;
  /** Only the variants that match (`*` for any characters), from `--variant`. */
  readonly variant?: string;
  /** Reads what the scenario names, by its path from the scenario's folder; left out: there is nothing beside it. */
  readonly readFile?: ReadFile;
  /** What one run may take on this machine. */
  readonly memoryBytesMax?: number;
}

/** `file` is how the file is called in messages. */
export function loadScenario(file: string, text: string, options: LoadOptions): Loaded {
  return new Load(file, text, options).result();
}

/** The runs in their fixed order: variants as expanded, seeds within. */
export function runSpecs(scenario: Scenario): RunSpec[] {
  return scenario.variants.flatMap((plan) => scenario.seeds.map((seed) => ({ ...plan, seed })));
}

class Load {
  readonly #options: LoadOptions;
  readonly #source: Source;
  readonly #problems: Problem[];
  readonly #proxying: Proxying;

  constructor(file: string, text: string, options: LoadOptions) {
    this.#options = options;
    this.#source = new Source(file, text, options.sets ?? []);
    this.#problems = [...this.#source.problems];
    this.#proxying = new Proxying(options.catalogue, options.readFile);
  }

  result(): Loaded {
    const scenario = this.#source.readable ? this.#scenario() : undefined;
    if (scenario === undefined || this.#problems.length > 0)
      return { ok: false, problems: lines(this.#problems, this.#source.file) };
    return { ok: true, scenario };
  }

  #scenario(): Scenario | undefined {
    const { data } = this.#source;
    const head = this.#head(data);
    const base = Object.fromEntries(
      Object.entries(data).filter(([key]) => (BODY_FIELDS as readonly string[]).includes(key)),
    );
    const expansion: PathProblem[] = [];
    const variants = expandVariants(base, head, expansion);
    this.#report(expansion);
    this.#checkOverrides(head);
    const plans = this.#plans(typeof head.name === 'string' ? head.name : '', variants);
    const seeds = this.#seeds(head.seeds);
    this.#checkExpectations(head.expect, variants);
    this.#checkPublished(head.published, variants);
    if (seeds.length * variants.length > RUNS_MAX) {
      this.#report([
        { path: ['seeds'], text: `makes ${seeds.length * variants.length} runs; allowed: ${RUNS_MAX}`, atKey: true },
      ]);
    }
    const chosen = this.#chosen(plans);
    if (this.#problems.length > 0) return undefined;
    return {
      name: head.name,
      why: head.why.trim(),
      variants: chosen,
      bodies: chosen.map((plan) => {
        const { body } = variants.find((variant) => variant.name === plan.variant)!;
        return selfContained(body, plan, this.#options.catalogue);
      }),
      seeds,
      expectations: head.expect,
      published: head.published,
    };
  }

  /** What of the head validated; harmless values for the rest, so that the body is still checked. */
  #head(data: Record<string, unknown>): Head {
    const schema = headSchema;
    const whole = schema.safeParse(data);
    if (whole.success) return whole.data;
    this.#report(problemsOf(whole.error, data));
    const good = lenient(schema, data);
    return {
      name: good?.name ?? '',
      why: good?.why ?? '',
      seeds: (good?.seeds as Head['seeds'] | undefined) ?? 1,
      matrix: (good?.matrix as Head['matrix'] | undefined) ?? {},
      variants: (good?.variants ?? []).filter((variant) => variant?.name !== undefined) as Head['variants'],
      expect: (good?.expect ?? []) as Head['expect'],
      published: [], // it says nothing of the body
    };
  }

  #plans(name: string, variants: readonly Variant[]): RunPlan[] {
    const schema = bodySchema(this.#options.catalogue);
    const found = new Map<string, { problem: PathProblem; line: Problem; variants: string[] }>();
    const plans: RunPlan[] = [];
    for (const variant of variants) {
      const problems: PathProblem[] = [];
      const whole = schema.safeParse(variant.body);
      if (!whole.success) problems.push(...problemsOf(whole.error, variant.body));
      const good = whole.success ? whole.data : (lenient(schema, variant.body) ?? {});
      checkSemantics(good as Lenient<Body>, variant.body, this.#options.catalogue, (path, text, atKey = false) => {
        problems.push({ path, text, atKey });
      });
      const proxies = this.#proxying.of(good.cluster as Lenient<Body['cluster']> | undefined);
      problems.push(...proxies.problems);
      this.#problems.push(...proxies.inFile);
      if (whole.success && problems.length === 0) {
        const plan = resolve(name, variant.name, whole.data, this.#options.catalogue, proxies.faults);
        plans.push(plan);
        this.#checkMemory(plan, problems);
      }
      for (const problem of problems) {
        const line = this.#source.problem(problem.path, problem.text, problem.atKey, writtenAt(variant, problem.path));
        const key = `${line.where}\n${line.text}`;
        const known = found.get(key);
        if (known === undefined) found.set(key, { problem, line, variants: [variant.name] });
        else if (!known.variants.includes(variant.name)) known.variants.push(variant.name);
      }
    }
    for (const { line, variants: where } of found.values()) {
      const everywhere = where.length === variants.length;
      const others = where.length > 1 ? ` and ${where.length - 1} more` : '';
      this.#problems.push(everywhere ? line : { ...line, text: `${line.text} (in variant '${where[0]}'${others})` });
    }
    return plans;
  }

  #checkMemory(plan: RunPlan, problems: PathProblem[]): void {
    const { memoryBytesMax } = this.#options;
    const needed = memoryBytesMin(plan);
    if (memoryBytesMax === undefined || needed <= memoryBytesMax) return;
    const gib = (bytes: number): string => `${Math.round((bytes / 2 ** 30) * 10) / 10} GiB`;
    problems.push({
      path: ['workload'],
      text: `the stores of this scenario need at least ${gib(needed)} of memory, and a run may take ${gib(memoryBytesMax)}; allowed: fewer keys, nodes or operations`,
      atKey: true,
    });
  }

  /** An override that the matrix overrides again would do nothing. */
  #checkOverrides(head: Head): void {
    for (const key of Object.keys(head.matrix)) {
      const path = key.split('.');
      const label = this.#source.overrideOf(path);
      if (label === undefined) continue;
      this.#problems.push({ where: label, text: `the matrix sets this path; allowed: --set 'matrix.${key}=[…]'` });
    }
  }

  #seeds(written: Head['seeds']): readonly number[] {
    const { seeds: argument, seedsOption = '--seed' } = this.#options;
    const parsed = argument === undefined ? parseSeeds(written) : parseSeedArgument(argument);
    if (parsed.ok) return parsed.seeds;
    if (argument !== undefined) this.#problems.push({ where: seedsOption, text: parsed.problem });
    else {
      const path = parsed.index === undefined ? ['seeds'] : ['seeds', parsed.index];
      this.#report([{ path, text: parsed.problem, atKey: false }]);
    }
    return [];
  }

  #checkExpectations(expectations: readonly Expectation[], variants: readonly Variant[]): void {
    const names = variants.map((variant) => variant.name);
    for (const [index, expectation] of expectations.entries()) {
      if (expectation?.metric === undefined) continue;
      const at = (text: string, ...rest: Path): void =>
        this.#report([{ path: ['expect', index, ...rest], text, atKey: rest.length === 0 }]);
      // a name that is no text is reported already
      const compared = (expectation.ratio ?? []).filter((name) => name !== undefined);
      const group = expectation.metric.split('.')[0]!;
      if (!METRIC_NAMES.includes(group)) {
        at(`'${expectation.metric}' is not a figure of the results${allowedText(group, METRIC_NAMES)}`, 'metric');
      }
      const written = (this.#source.data.expect as readonly object[])[index]!;
      // a bound that is no number is reported already
      if (!('max' in written || 'min' in written || 'equals' in written)) {
        at('has no bound; allowed: max, min, equals');
      }
      if (expectation.ratio !== undefined && expectation.variant !== undefined) {
        at('stands beside ratio, which names its variants', 'variant');
      } else if (
        expectation.variant !== undefined &&
        !names.some((name) => matchesVariant(expectation.variant, name))
      ) {
        at(`no variant matches '${expectation.variant}'${allowedText(expectation.variant, names)}`, 'variant');
      }
      for (const [side, name] of compared.entries()) {
        if (!names.includes(name)) at(`there is no variant '${name}'${allowedText(name, names)}`, 'ratio', side);
      }
    }
  }

  #checkPublished(published: Head['published'], variants: readonly Variant[]): void {
    const names = variants.map((variant) => variant.name);
    for (const [index, { metrics, rows }] of published.entries()) {
      const at = (text: string, ...rest: Path): void =>
        this.#report([{ path: ['published', index, ...rest], text, atKey: false }]);
      for (const [which, metric] of metrics.entries()) {
        const group = metric.split('.')[0]!;
        if (METRIC_NAMES.includes(group)) continue;
        at(`'${metric}' is not a figure of the results${allowedText(group, METRIC_NAMES)}`, 'metrics', which);
      }
      for (const [which, { variant, values }] of rows.entries()) {
        if (!names.some((name) => matchesVariant(variant, name))) {
          at(`no variant matches '${variant}'${allowedText(variant, names)}`, 'rows', which, 'variant');
        }
        if (values.length !== metrics.length) {
          at(`has ${values.length} figures; allowed: ${metrics.length}, one for each metric`, 'rows', which, 'values');
        }
      }
    }
  }

  #chosen(plans: readonly RunPlan[]): readonly RunPlan[] {
    const { variant } = this.#options;
    const chosen = plans.filter((plan) => matchesVariant(variant, plan.variant));
    if (chosen.length === 0 && plans.length > 0 && variant !== undefined) {
      const names = plans.map((plan) => plan.variant);
      this.#problems.push({
        where: '--variant',
        text: `no variant matches '${variant}'${allowedText(variant, names)}`,
      });
    }
    return chosen;
  }

  #report(problems: readonly PathProblem[]): void {
    for (const { path, text, atKey } of problems) this.#problems.push(this.#source.problem(path, text, atKey));
  }
}

/** Where in the file the value at a path of a variant's body is written: in the matrix, or in the base. */
function writtenAt(variant: Variant, path: Path): Path {
  const assignment = variant.assignments.findLast((candidate) => startsWith(path, candidate.path));
  return assignment === undefined ? path : [...assignment.writtenAt, ...path.slice(assignment.path.length)];
}

/** Each problem once, in the order of the file; those of other files after it, those of options last. */
function lines(problems: readonly Problem[], file: string): string[] {
  const order = (problem: Problem): readonly number[] => {
    const match = /^(.*):([0-9]+):([0-9]+)$/.exec(problem.where);
    return match === null ? [2, 0, 0] : [match[1] === file ? 0 : 1, Number(match[2]), Number(match[3])];
  };
  const keyed = problems.map((problem, index) => ({
    text: `${problem.where}: ${problem.text}`,
    order: [...order(problem), index],
  }));
  keyed.sort((a, b) => a.order.map((rank, i) => rank - b.order[i]!).find((difference) => difference !== 0) ?? 0);
  return [...new Set(keyed.map((line) => line.text))];
}
