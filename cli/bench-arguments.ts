/** From the arguments of `raftlab engine bench` to what is run, or to everything that is wrong with them. */
import type { EngineDefinition, MaintenanceTask } from '../engines/engine.ts';
import { ENGINES, findEngine } from '../engines/index.ts';
import { readOptionTexts } from '../scenarios/engine-options.ts';
import { allowedText } from '../scenarios/suggestion.ts';
import { parseQuantity } from '../scenarios/units.ts';
import { COST_PROFILES } from '../sim/cost-profiles.ts';
import { DEVICE_PROFILES } from '../sim/disk/profiles.ts';
import { KEY_BYTES } from '../sim/engine-bench/generator.ts';
import type { BenchSpec, PhaseSpec } from '../sim/engine-bench/spec.ts';
import type { ParameterSpecs } from '../sim/parameters.ts';
import { BATCH_MAX, parsePhase, phaseText, VALUE_BYTES_MAX } from './bench-phases.ts';
import { shellQuoted } from './command-line.ts';
import { UsageError } from './exit-codes.ts';

/** As commander, or a row of measurements, gives them. */
export interface BenchArguments {
  readonly engine: string;
  readonly phase: readonly string[];
  readonly option: readonly string[];
  readonly valueBytes?: string;
  readonly batch?: string;
  readonly sync?: boolean;
  readonly paced?: boolean;
  readonly disk?: string;
  readonly cpu?: string;
  readonly cores?: string;
  readonly pageCache?: string;
  readonly seed?: string;
}

const CORES_MAX = 256;
const PAGE_CACHE_MAX = 2 ** 40;
export const BENCH_DEFAULTS = {
  valueBytes: '100',
  batch: '100',
  disk: 'nvme',
  cpu: COST_PROFILES[0]!.name,
  cores: '4',
  pageCache: '4GiB',
  seed: '1',
} as const;

/** Throws `UsageError` with a line for each problem. */
export function benchSpecOf(given: BenchArguments): BenchSpec {
  const definition = engineOf(given.engine);
  const problems: string[] = [];
  const whole = (name: string, text: string, min: number, max: number): number => {
    const value = Number(text);
    if (/^[0-9]{1,16}$/.test(text) && value >= min && value <= max) return value;
    problems.push(`--${name} ${text}: is not a whole number from ${min} to ${max}`);
    return min;
  };
  const oneOf = (name: string, text: string, names: readonly string[]): string => {
    if (!names.includes(text)) problems.push(`--${name} ${text}: is unknown${allowedText(text, names)}`);
    return text;
  };
  const batch = whole('batch', given.batch ?? BENCH_DEFAULTS.batch, 1, BATCH_MAX);
  const valueBytes = whole('value-bytes', given.valueBytes ?? BENCH_DEFAULTS.valueBytes, 0, VALUE_BYTES_MAX);
  const options = readOptions(definition, given.option, problems);
  const phases: PhaseSpec[] = [];
  for (const text of given.phase) {
    const phase = parsePhase(text, definition, { batch, valueBytes, argumentsGiven: options.argumentsGiven });
    if (typeof phase === 'string') problems.push(phase);
    else phases.push(phase);
  }
  if (given.phase.length === 0) {
    problems.push('missing: --phase, at least once, e.g. --phase load:put:perm:200000:200000:101');
  }
  const spec: BenchSpec = {
    engine: definition.name,
    options: options.values,
    phases,
    sync: given.sync === true,
    paced: given.paced === true,
    disk: {
      profile: oneOf(
        'disk',
        given.disk ?? BENCH_DEFAULTS.disk,
        DEVICE_PROFILES.map((profile) => profile.name),
      ),
      pageCacheBytes: sizeOf('page-cache', given.pageCache ?? BENCH_DEFAULTS.pageCache, problems),
    },
    cpu: {
      profile: oneOf(
        'cpu',
        given.cpu ?? BENCH_DEFAULTS.cpu,
        COST_PROFILES.map((profile) => profile.name),
      ),
      cores: whole('cores', given.cores ?? BENCH_DEFAULTS.cores, 1, CORES_MAX),
    },
    seed: whole('seed', given.seed ?? BENCH_DEFAULTS.seed, 0, 4_294_967_295),
  };
  for (const phase of phases) {
    if (phase.operation !== 'put') continue;
    const refusal = definition.refusal?.(spec.options, KEY_BYTES, phase.valueBytes, phase.batch);
    if (refusal !== undefined) problems.push(`phase ${phase.name}: ${refusal}`);
  }
  if (problems.length > 0) throw new UsageError(...new Set(problems));
  return spec;
}

export function engineOf(name: string): EngineDefinition {
  const definition = findEngine(name);
  if (definition !== undefined) return definition;
  const names = ENGINES.map((engine) => engine.name);
  throw new UsageError(`--engine ${name}: is unknown${allowedText(name, names)}`);
}

/** The engine's options, and the arguments of its maintenance tasks as if they were options too. */
function readOptions(definition: EngineDefinition, texts: readonly string[], problems: string[]) {
  const tasks = (definition.maintenance ?? []).filter((task) => task.argument !== undefined);
  const specs: ParameterSpecs = { ...Object.fromEntries(tasks.map(argumentSpec)), ...definition.options };
  const read = readOptionTexts(specs, texts);
  problems.push(...read.problems);
  const values = { ...read.values };
  const argumentsGiven = new Map<string, number>();
  for (const { argument } of tasks) {
    const name = argument!.name;
    argumentsGiven.set(name, Number(values[name] ?? argument!.default));
    if (!Object.hasOwn(definition.options, name)) delete values[name];
  }
  return { values, argumentsGiven };
}

function argumentSpec({ argument }: MaintenanceTask): [string, ParameterSpecs[string]] {
  const { name, doc, default: usual, min, max } = argument!;
  return [name, { kind: 'number', doc, default: usual, min, max }];
}

function sizeOf(name: string, text: string, problems: string[]): number {
  const parsed = parseQuantity('bytes', /^[0-9]+$/.test(text) ? `${text}B` : text);
  if (parsed.ok && parsed.value <= PAGE_CACHE_MAX) return parsed.value;
  problems.push(`--${name} ${text}: is not a size up to 1TiB; allowed: 512B, 64KiB, 10MB, 2GiB`);
  return 0;
}

/** The line that runs it again, with what differs from the defaults. */
export function benchCommand(given: BenchArguments, spec: BenchSpec): string {
  const definition = engineOf(spec.engine);
  const parts = ['raftlab engine bench', '--engine', spec.engine];
  const valueBytes = spec.phases[0]!.valueBytes;
  for (const phase of spec.phases) parts.push('--phase', shellQuoted(phaseText(phase, definition, valueBytes)));
  parts.push('--value-bytes', String(valueBytes));
  for (const option of given.option) parts.push('--option', shellQuoted(option));
  if (spec.sync) parts.push('--sync');
  if (spec.paced) parts.push('--paced');
  const further = {
    disk: given.disk,
    cpu: given.cpu,
    cores: given.cores,
    'page-cache': given.pageCache,
    seed: given.seed,
  };
  for (const [name, value] of Object.entries(further))
    if (value !== undefined) parts.push(`--${name}`, shellQuoted(value));
  return parts.join(' ');
}
