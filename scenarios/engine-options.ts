/** An engine's options as texts, `name=value`, checked by the same schema as those of a scenario file. */
import { parse } from 'yaml';
import type { ParameterSpec, ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import { fields } from './fields.ts';
import { parameterShape } from './parameter-schema.ts';
import { problemsOf } from './problems.ts';
import { allowedText } from './suggestion.ts';
import { formatQuantity } from './units.ts';

export interface OptionsRead {
  /** Defaults filled in. */
  readonly values: ParameterValues;
  readonly problems: readonly string[];
}

/** Unlike in a scenario file, a size may be a plain number of bytes, and a boolean 0 or 1, as real tools take them. */
export function readOptionTexts(specs: ParameterSpecs, texts: readonly string[]): OptionsRead {
  const problems: string[] = [];
  const given: Record<string, unknown> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    if (at <= 0) {
      problems.push(`--option ${text}: is not name=value`);
    } else if (!Object.hasOwn(specs, name)) {
      problems.push(`--option ${text}: unknown option ${name}${allowedText(name, Object.keys(specs))}`);
    } else {
      given[name] = scalarOf(specs[name]!, text.slice(at + 1));
    }
  }
  const parsed = fields(parameterShape(specs)).safeParse(given);
  if (!parsed.success) {
    for (const { path, text } of problemsOf(parsed.error, given)) problems.push(`--option ${path.join('.')}: ${text}`);
  }
  return { values: parsed.success ? (parsed.data as ParameterValues) : {}, problems };
}

function scalarOf(spec: ParameterSpec, text: string): unknown {
  if (spec.kind === 'bytes' && /^[0-9]+$/.test(text)) return `${text}B`;
  if (spec.kind === 'boolean' && /^[01]$/.test(text)) return text === '1';
  try {
    const value: unknown = parse(text);
    return value === null ? text : value;
  } catch {
    return text;
  }
}

/** What may be given, for people: `64KiB to 1GiB`, `array, hashmap`. */
export function allowedValues(spec: ParameterSpec): string {
  switch (spec.kind) {
    case 'boolean':
      return 'true, false';
    case 'choice':
      return spec.choices.join(', ');
    case 'bytes':
    case 'duration':
    case 'ratio':
      return `${formatQuantity(spec.kind, spec.min)} to ${formatQuantity(spec.kind, spec.max)}`;
    case 'integer':
    case 'number':
      return `${spec.min} to ${spec.max}`;
    default:
      return spec.kind;
  }
}

/** As it would be written; '' if there is none. */
export function defaultText(spec: ParameterSpec): string {
  if (!('default' in spec) || spec.default === undefined) return '';
  if (spec.kind === 'bytes' || spec.kind === 'duration' || spec.kind === 'ratio') {
    return formatQuantity(spec.kind, spec.default);
  }
  return String(spec.default);
}
