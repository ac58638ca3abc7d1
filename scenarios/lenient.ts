/**
 * Validation that keeps what is good: a mapping with one wrong field yields the others, so that all
 * further checks can still be made on them. What is wrong is undefined; the strict pass reports it.
 */
import { z } from 'zod';

export type Lenient<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Element)[]
    ? readonly (Lenient<Element> | undefined)[]
    : { readonly [Key in keyof T]?: Lenient<T[Key]> | undefined };

export function lenient<S extends z.ZodType>(schema: S, data: unknown): Lenient<z.output<S>> | undefined {
  return salvage(schema, data) as Lenient<z.output<S>> | undefined;
}

function salvage(schema: z.core.$ZodType, data: unknown): unknown {
  const parsed = z.safeParse(schema, data);
  if (parsed.success) return parsed.data;
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return salvage(schema.def.innerType, data);
  if (schema instanceof z.ZodUnion) {
    // only one branch can be a mapping of the kind that was written; the first that yields anything is as good as any
    for (const branch of schema.def.options) {
      const salvaged = salvage(branch, data);
      if (salvaged !== undefined && Object.keys(salvaged as object).length > 0) return salvaged;
    }
    return undefined;
  }
  if (schema instanceof z.ZodArray && Array.isArray(data)) {
    return data.map((element) => salvage(schema.def.element, element));
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const fields = data as Record<string, unknown>;
  if (schema instanceof z.ZodObject) {
    const entries = Object.entries(schema.def.shape).map(([key, field]) => [key, salvage(field, fields[key])] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  if (schema instanceof z.ZodRecord) {
    const { valueType } = schema.def;
    const entries = Object.entries(fields).map(([key, value]) => [key, salvage(valueType, value)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  return undefined;
}
