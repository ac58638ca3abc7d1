/**
 * Building blocks of the scenario schema: zod types whose messages say what is wrong, what is
 * allowed and what was probably meant. A message continues "<path>: "; a missing value says so.
 */
import { z } from 'zod';
import { allowedText } from './suggestion.ts';
import { formatQuantity, parseQuantity, QUANTITIES, type QuantityKind, quantityPattern } from './units.ts';

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  return value.length > 60 ? `'${value.slice(0, 57)}…'` : `'${value}'`;
}

function message(input: unknown, what: string, allowed: string): string {
  return input === undefined ? `missing${allowed}` : `${shown(input)} ${what}${allowed}`;
}

export type Shape = Readonly<Record<string, z.ZodType>>;

/** A mapping with exactly these fields. One message a line for each unknown field (see `problems.ts`). */
export function fields<T extends Shape>(shape: T, doc = ''): z.ZodObject<T, z.core.$strict> {
  const names = Object.keys(shape);
  const schema = z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => `unknown field${allowedText(key, names)}`).join('\n');
      }
      return message(issue.input, 'is not a mapping', `; allowed: a mapping with ${names.join(', ')}`);
    },
  });
  return doc === '' ? schema : schema.meta({ description: doc });
}

export function choice<const T extends string>(names: readonly T[], doc: string, further = '') {
  return z
    .enum(names as readonly [T, ...T[]], {
      error: (issue) => message(issue.input, 'is unknown', allowedText(issue.input, names, further)),
    })
    .meta({ description: doc });
}

export function flag(doc: string) {
  return z
    .boolean({ error: (issue) => message(issue.input, 'is not a boolean', '; allowed: true, false') })
    .meta({ description: doc });
}

export function wholeNumber(min: number, max: number, doc: string) {
  const allowed = `; allowed: ${min} to ${max}`;
  const outside = (issue: { input?: unknown }): string => message(issue.input, 'is out of range', allowed);
  return z
    .int({ error: (issue) => message(issue.input, 'is not a whole number', allowed) })
    .min(min, { error: outside })
    .max(max, { error: outside })
    .meta({ description: doc });
}

export function decimalNumber(min: number, max: number, doc: string) {
  const allowed = `; allowed: ${min} to ${max}`;
  const outside = (issue: { input?: unknown }): string => message(issue.input, 'is out of range', allowed);
  return z
    .number({ error: (issue) => message(issue.input, 'is not a number', allowed) })
    .min(min, { error: outside })
    .max(max, { error: outside })
    .meta({ description: doc });
}

export function textField(doc: string) {
  return z
    .string({ error: (issue) => message(issue.input, 'is not a text', '; allowed: a text') })
    .min(1, { error: () => 'is empty; allowed: a text' })
    .meta({ description: doc });
}

/** A number with a unit, resolved to ns, bytes, operations per s or bytes per s. */
export function quantity(kind: QuantityKind, min: number, max: number, doc: string) {
  const { noun, forms } = QUANTITIES[kind];
  const allowed = `; allowed: ${noun} such as ${forms}`;
  return z
    .string({
      error: (issue) =>
        message(issue.input, typeof issue.input === 'number' ? 'has no unit' : `is not ${noun}`, allowed),
    })
    .meta({ description: doc, pattern: quantityPattern(kind), examples: forms.split(', ') })
    .transform((text, context) => {
      const parsed = parseQuantity(kind, text);
      if (!parsed.ok) {
        context.issues.push({ code: 'custom', input: text, message: `${shown(text)} ${parsed.problem}${allowed}` });
        return z.NEVER;
      }
      if (parsed.value < min || parsed.value > max) {
        const range = `${formatQuantity(kind, min)} to ${formatQuantity(kind, max)}`;
        context.issues.push({ code: 'custom', input: text, message: `${text} is out of range; allowed: ${range}` });
        return z.NEVER;
      }
      return parsed.value;
    });
}

/** `10 %` or a plain number: the one quantity that needs no unit. */
export function ratio(min: number, max: number, doc: string) {
  const allowed = `; allowed: ${formatQuantity('ratio', min)} to ${formatQuantity('ratio', max)}, or ${min} to ${max}`;
  return z
    .union([z.number(), z.string().meta({ pattern: quantityPattern('ratio') })], {
      error: (issue) => message(issue.input, 'is not a ratio', allowed),
    })
    .meta({ description: doc })
    .transform((input, context) => {
      const parsed = typeof input === 'number' ? { ok: true as const, value: input } : parseQuantity('ratio', input);
      if (!parsed.ok) {
        context.issues.push({ code: 'custom', input, message: `${shown(input)} is not a ratio${allowed}` });
        return z.NEVER;
      }
      if (!(parsed.value >= min && parsed.value <= max)) {
        context.issues.push({ code: 'custom', input, message: `${input} is out of range${allowed}` });
        return z.NEVER;
      }
      return parsed.value;
    });
}

export function listOf<T extends z.ZodType>(element: T, doc: string, what: string, lengthMax: number) {
  return z
    .array(element, { error: (issue) => message(issue.input, 'is not a list', `; allowed: a list of ${what}`) })
    .max(lengthMax, { error: () => `is too long; allowed: at most ${lengthMax} ${what}` })
    .meta({ description: doc });
}

type Mapping = z.ZodObject<Record<string, z.ZodType>, z.core.$strict>;

/** One of several mappings, told apart by a field whose values are `names`. */
export function byName(field: string, names: readonly string[], options: readonly Mapping[]) {
  const wanted = choice(names, `Which ${field}.`);
  return z.discriminatedUnion(field, options as unknown as [Mapping, ...Mapping[]], {
    error: (issue) => {
      const input = issue.input as Record<string, unknown> | undefined;
      if (typeof input !== 'object' || input === null || Array.isArray(input)) {
        return `${shown(input)} is not a mapping; allowed: a mapping with ${field}`;
      }
      return wanted.safeParse(input[field]).error?.issues[0]?.message ?? 'is unknown';
    },
  });
}
