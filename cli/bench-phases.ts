/**
 * The phases of an engine bench as they are written:
 *
 *     name:op:order:ops:keyspace:seed[:batch][,setting=value …]
 *
 * `op` is put, del, get or one of the engine's maintenance tasks, whose order is `none`; `order` seq, perm, unif, evens
 * or zipf. Settings: `batch`, `value_bytes`, and for a maintenance task the argument that it names.
 */
import type { EngineDefinition, MaintenanceTask } from '../engines/engine.ts';
import { allowedText } from '../scenarios/suggestion.ts';
import { KEY_BYTES, type KeyOrder } from '../sim/engine-bench/generator.ts';
import { isKeyOperation, KEY_OPERATIONS, type PhaseSpec } from '../sim/engine-bench/spec.ts';

export const KEY_ORDERS: readonly KeyOrder[] = ['seq', 'perm', 'unif', 'evens', 'zipf'];
export const BATCH_MAX = 1_000_000;
export const VALUE_BYTES_MAX = 2 ** 28;
/** Of a batch's keys and values: what every engine and the disk's buffers take as one piece. */
const BATCH_BYTES_MAX = 2 ** 30;
/** Of a phase; each takes 4 bytes of memory before it is written. */
const OPERATIONS_MAX = 200_000_000;
const KEYSPACE_MAX = 4_294_967_295;
/** Of orders that shuffle the whole of it in memory. */
const SHUFFLED_MAX = 200_000_000;
const SEED_MAX = 9_007_199_254_740_990;
const FORM = 'name:op:order:ops:keyspace:seed[:batch]';
const NAME = /^[A-Za-z0-9_.-]{1,40}$/;

/** What of a phase's text is wrong. */
class PhaseProblem extends Error {}

export interface PhaseDefaults {
  readonly batch: number;
  readonly valueBytes: number;
  /** By name, from `--option`. */
  readonly argumentsGiven: ReadonlyMap<string, number>;
}

/** A phase, or what is wrong with the text. */
export function parsePhase(text: string, definition: EngineDefinition, defaults: PhaseDefaults): PhaseSpec | string {
  try {
    return new PhaseText(text, definition, defaults).phase();
  } catch (error) {
    if (error instanceof PhaseProblem) return `--phase ${text}: ${error.message}`;
    throw error;
  }
}

/** The same the other way round, as the command line would have it; `valueBytes` is what is said for all phases. */
export function phaseText(phase: PhaseSpec, definition: EngineDefinition, valueBytes: number): string {
  const { name, operation, order, operations, keyspace, seed, batch } = phase;
  const parts = [
    name,
    operation,
    order,
    operations,
    keyspace,
    seed,
    ...(isKeyOperation(operation) ? [batch] : []),
  ].join(':');
  const argument = taskOf(definition, operation)?.argument;
  const settings = [
    ...(phase.valueBytes === valueBytes ? [] : [`,value_bytes=${phase.valueBytes}`]),
    ...(argument === undefined ? [] : [`,${argument.name}=${phase.argument}`]),
  ];
  return parts + settings.join('');
}

function taskOf(definition: EngineDefinition, operation: string): MaintenanceTask | undefined {
  return definition.maintenance?.find((task) => task.name === operation);
}

class PhaseText {
  readonly #parts: readonly string[];
  readonly #settings: readonly string[];
  readonly #definition: EngineDefinition;
  readonly #defaults: PhaseDefaults;

  constructor(text: string, definition: EngineDefinition, defaults: PhaseDefaults) {
    const [head, ...settings] = text.split(',');
    this.#parts = head!.split(':');
    this.#settings = settings;
    this.#definition = definition;
    this.#defaults = defaults;
    if (this.#parts.length < 6 || this.#parts.length > 7) {
      throw new PhaseProblem(`has ${this.#parts.length} parts; allowed: ${FORM}`);
    }
  }

  phase(): PhaseSpec {
    const [name, operation, order, operations, keyspace, seed, batch] = this.#parts as [
      string,
      string,
      string,
      string,
      string,
      string,
      string?,
    ];
    if (!NAME.test(name)) throw new PhaseProblem(`name '${name}' is not a name; allowed: letters, digits, _ . -`);
    const tasks = (this.#definition.maintenance ?? []).map((task) => task.name);
    if (!isKeyOperation(operation) && !tasks.includes(operation)) {
      throw new PhaseProblem(`op '${operation}' is unknown${allowedText(operation, [...KEY_OPERATIONS, ...tasks])}`);
    }
    const isTask = !isKeyOperation(operation);
    const orders: readonly string[] = isTask ? ['none'] : KEY_ORDERS;
    if (!orders.includes(order)) throw new PhaseProblem(`order '${order}' is unknown${allowedText(order, orders)}`);
    const isShuffled = order === 'perm' || order === 'zipf';
    const phase: PhaseSpec = {
      name,
      operation,
      order: order as KeyOrder | 'none',
      operations: this.#whole('ops', operations, isTask ? 0 : 1, OPERATIONS_MAX),
      keyspace: this.#whole('keyspace', keyspace, isTask ? 0 : 1, isShuffled ? SHUFFLED_MAX : KEYSPACE_MAX),
      seed: this.#whole('seed', seed, 0, SEED_MAX),
      batch: this.#setWhole('batch', batch, 1, BATCH_MAX) ?? this.#defaults.batch,
      valueBytes: this.#setWhole('value_bytes', undefined, 0, VALUE_BYTES_MAX) ?? this.#defaults.valueBytes,
      argument: this.#argument(operation),
    };
    const bytes = Math.min(phase.operations, phase.batch) * (KEY_BYTES + phase.valueBytes);
    if (operation === 'put' && bytes > BATCH_BYTES_MAX) {
      throw new PhaseProblem(
        `a batch of ${phase.batch} values of ${phase.valueBytes} bytes is too large; allowed: up to ${BATCH_BYTES_MAX} bytes in all`,
      );
    }
    return phase;
  }

  /** From a setting, or from a part of the text. */
  #setWhole(name: string, part: string | undefined, min: number, max: number): number | undefined {
    const text = this.#setting(name) ?? part;
    return text === undefined ? undefined : this.#whole(name, text, min, max);
  }

  /** Looks at every setting: what is neither the batch nor the task's argument is unknown. */
  #argument(operation: string): number {
    const argument = taskOf(this.#definition, operation)?.argument;
    const known = ['batch', 'value_bytes', ...(argument === undefined ? [] : [argument.name])];
    for (const setting of this.#settings) {
      const name = setting.split('=')[0]!;
      if (!known.includes(name)) throw new PhaseProblem(`setting '${name}' is unknown${allowedText(name, known)}`);
    }
    if (argument === undefined) return 0;
    const text = this.#setting(argument.name);
    if (text === undefined) return this.#defaults.argumentsGiven.get(argument.name) ?? argument.default;
    const value = Number(text);
    if (text.trim() === '' || !(value >= argument.min && value <= argument.max)) {
      throw new PhaseProblem(`${argument.name} '${text}' is out of range; allowed: ${argument.min} to ${argument.max}`);
    }
    return value;
  }

  #setting(name: string): string | undefined {
    return this.#settings.find((setting) => setting.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  #whole(name: string, text: string, min: number, max: number): number {
    const value = Number(text);
    if (!/^[0-9]{1,16}$/.test(text)) {
      throw new PhaseProblem(`${name} '${text}' is not a whole number; allowed: ${min} to ${max}`);
    }
    if (value < min || value > max)
      throw new PhaseProblem(`${name} ${text} is out of range; allowed: ${min} to ${max}`);
    return value;
  }
}
