/**
 * How an engine option, a toxic's attribute or a fault's parameter describes itself, so that
 * scenario files, their JSON Schema, error messages and the documentation all come from the
 * one place where it is used.
 */

interface Described {
  readonly doc: string;
  /** Left out of the file: take `default`, or refuse if there is none. */
  readonly optional?: boolean;
  /** Of an engine's option: decides the form of a new store, and cannot be changed for one that is there. */
  readonly newStoresOnly?: boolean;
}

interface NumberSpec extends Described {
  /** `bytes` takes `64KiB`, `duration` takes `5s` (resolved to ns), `ratio` takes `10 %` or 0.1. */
  readonly kind: 'integer' | 'number' | 'bytes' | 'duration' | 'ratio';
  readonly default?: number;
  readonly min: number;
  readonly max: number;
}
interface BooleanSpec extends Described {
  readonly kind: 'boolean';
  readonly default?: boolean;
}
interface ChoiceSpec extends Described {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default?: string;
}
interface NodeSpec extends Described {
  /** `node`: `n1`, `leader` or `follower`. `groups`: a list of lists of nodes. `link`: `{from, to}`, from a node, `clients`, `peers` or `all`. */
  readonly kind: 'node' | 'groups' | 'link';
}

/** A mapping of options of the cluster's engine that a store which is there may be opened with. */
interface EngineOptionsSpec extends Described {
  readonly kind: 'engine-options';
}

export type ParameterSpec = NumberSpec | BooleanSpec | ChoiceSpec | NodeSpec | EngineOptionsSpec;
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

/** `peers`: every node but `to`; `all`: they and the clients. */
export interface LinkName {
  readonly from: string;
  readonly to: string;
}
export type OptionValues = Readonly<Record<string, number | boolean | string>>;
export type ParameterValue = number | boolean | string | LinkName | readonly (readonly string[])[] | OptionValues;
/** Resolved: units gone, defaults filled in, bounds checked. */
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** What is there when nothing is said; parameters without a default are left out. */
export function defaultsOf(specs: ParameterSpecs): ParameterValues {
  const values: Record<string, ParameterValue> = {};
  for (const [name, spec] of Object.entries(specs)) {
    if ('default' in spec && spec.default !== undefined) values[name] = spec.default;
  }
  return values;
}
