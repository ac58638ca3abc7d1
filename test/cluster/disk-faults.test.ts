/**
 * One of three disks goes bad under a running cluster: the others go on, nothing that was acknowledged is lost, and a
 * node that stops because of its disk is told as that, not as a violation.
 */
import { describe, expect, it } from 'vitest';
import type { ParameterValues } from '../../sim/parameters.ts';
import { at, play, type Sketch } from './bed.ts';

const sketch = (engine: Sketch['engine'], fault: string, parameters: ParameterValues): Sketch => ({
  ...(engine !== undefined && { engine }),
  ms: 4000,
  mix: { put: 0.7, get: 0.3 },
  timeoutMs: 200,
  faults: [
    at(1500, 1000, fault, { node: 'n2', ...parameters }),
    // what it reads when it starts again is what counts
    at(1900, 200, 'crash', { node: 'n2' }),
  ],
});

const CASES: readonly (readonly [fault: string, parameters: ParameterValues])[] = [
  ['stalling-disk', { probability: 0.05, stall: 50_000_000 }],
  ['io-error', { read: 0.05, write: 0.01, sync: 0.01 }],
  ['latent-sector-error', { sectors: 0.05 }],
  ['no-space', {}],
  ['read-only', {}],
];

describe.each(['bolt', 'rocksdb'] as const)('with %s', (engine) => {
  it.each(CASES)('%s on one disk of three', (fault, parameters) => {
    const result = play(sketch(engine, fault, parameters));
    expect(result.violations).toEqual([]);
    expect(result.ended).toBe('complete');
    expect(result.metrics.operations.ok).toBeGreaterThan(300);
    expect(result.faultWindows.some((window) => window.fault === fault)).toBe(true);
  });
});

it('a node that stops because of its disk is shown as one that gave up', () => {
  const { violations, faultWindows } = play(sketch('rocksdb', 'read-only', {}));
  expect(violations).toEqual([]);
  expect(faultWindows.map(({ label }) => label)).toContainEqual(expect.stringMatching(/^n2 stopped by itself: .*/));
});

it('a log that rotted is refused at the start, not believed', () => {
  const { violations, faultWindows } = play(sketch('rocksdb', 'bit-rot', { sectors: 1 }));
  expect(violations).toEqual([]);
  expect(faultWindows.map(({ label }) => label)).toContainEqual(expect.stringMatching(/^n2 stopped by itself: .*/));
});
