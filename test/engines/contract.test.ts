/** Runs the contract for every engine in the registry, with its defaults and with options that stress it. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../engines/index.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { engineContract } from './contract.ts';

/** By engine, besides the defaults. */
const VARIANTS: Readonly<Record<string, readonly ParameterValues[]>> = {
  bolt: [
    { freelist: 'hashmap', noFreelistSync: true },
    { pageSize: 1024, fillPercent: 0.9 },
  ],
};

for (const engine of ENGINES) {
  for (const options of [{}, ...(VARIANTS[engine.name] ?? [])]) engineContract(engine, options);
}

describe('the registry', () => {
  it('has engines, each under its own name', () => {
    const names = ENGINES.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
  });
});
