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

/** So that reads go to the disk. */
const SMALL_CACHES: Readonly<Record<string, ParameterValues>> = {
  rocksdb: { block_cache_bytes: 0 },
  faster: { MemorySizeBits: 16, PageSizeBits: 14 },
};

describe.each(['bolt', 'rocksdb', 'badger', 'ledger', 'faster'] as const)('with %s', (engine) => {
  it.each(['raw', 'mvcc'] as const)('a read that meets an unreadable sector is no answer (%s)', (machine) => {
    const spoilt: Sketch = {
      engine,
      machine,
      options: SMALL_CACHES[engine] ?? {},
      ms: 4000,
      target: 'all',
      mix: { put: 0.2, get: 0.6, range: 0.2 },
      keys: { count: 2000 },
      preload: 2000,
      value: { kind: 'fixed', bytes: 400 },
      timeoutMs: 200,
      faults: [at(1500, 2500, 'latent-sector-error', { node: 'n2', sectors: 0.5 })],
    };
    const { violations, faultWindows } = play(spoilt);
    expect(violations).toEqual([]);
    expect(faultWindows.map(({ label }) => label)).toContainEqual(expect.stringMatching(/^n2 stopped by itself: .*/));
  });
});

it('a log that rotted is refused at the start, not believed', () => {
  const { violations, faultWindows } = play(sketch('rocksdb', 'bit-rot', { sectors: 1 }));
  expect(violations).toEqual([]);
  expect(faultWindows.map(({ label }) => label)).toContainEqual(expect.stringMatching(/^n2 stopped by itself: .*/));
});
