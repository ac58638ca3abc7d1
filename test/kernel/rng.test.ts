import { describe, expect, it } from 'vitest';
import { Rng } from '../../sim/rng.ts';

const draws = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.bits());

describe('random streams', () => {
  it('depend on seed and path only: forking and drawing elsewhere shifts nothing', () => {
    const quiet = new Rng(42).fork('disk/2');
    const parent = new Rng(42);
    draws(parent, 1000);
    draws(parent.fork('network'), 1000);
    const busy = parent.fork('disk').fork('2');
    expect(draws(busy, 100)).toEqual(draws(quiet, 100));
  });

  it('differ between paths and between neighbouring seeds', () => {
    const streams = [new Rng(1, 'a'), new Rng(1, 'b'), new Rng(2, 'a'), new Rng(12, ''), new Rng(1, '2')];
    const heads = streams.map((rng) => draws(rng, 4).join());
    expect(new Set(heads).size).toBe(streams.length);
    // Neighbouring seeds must not be shifted or xor-ed copies of each other.
    const a = draws(new Rng(7, 'x'), 2000);
    const b = draws(new Rng(8, 'x'), 2000);
    expect(new Set(a.map((word, i) => (word ^ b[i]!) >>> 0)).size).toBeGreaterThan(1990);
  });

  it('is the same on every machine and version', () => {
    expect(draws(new Rng(1, 'golden'), 4)).toEqual(GOLDEN);
  });

  it('saves and restores its position', () => {
    const rng = new Rng(3, 'x');
    draws(rng, 17);
    const saved = rng.save();
    const ahead = draws(rng, 50);
    rng.restore(saved);
    expect(draws(rng, 50)).toEqual(ahead);
  });

  it.each([
    [0, 0],
    [5, 7],
    [-3, 3],
    [0, 2 ** 40],
  ])('int(%d, %d) stays within its ends and reaches both halves', (low, high) => {
    const rng = new Rng(9, `int/${low}/${high}`);
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < 5000; i++) {
      const draw = rng.int(low, high);
      expect(Number.isInteger(draw)).toBe(true);
      least = Math.min(least, draw);
      most = Math.max(most, draw);
    }
    expect(least).toBeGreaterThanOrEqual(low);
    expect(most).toBeLessThanOrEqual(high);
    expect(least).toBeLessThanOrEqual(low + (high - low) * 0.01);
    expect(most).toBeGreaterThanOrEqual(high - (high - low) * 0.01);
  });

  it('exponential is what doubling a draw until it passes 1 makes of it', () => {
    const rng = new Rng(6, 'exponential');
    const twin = new Rng(6, 'exponential');
    for (let i = 0; i < 20_000; i++) expect(rng.exponential(3)).toBe(byDoubling(twin, 3));
  });

  it('exponential has its mean, its variance and its tail', () => {
    const rng = new Rng(5, 'exponential');
    const count = 200_000;
    let sum = 0;
    let squares = 0;
    let beyondThree = 0;
    for (let i = 0; i < count; i++) {
      const draw = rng.exponential(1);
      expect(draw).toBeGreaterThanOrEqual(0);
      sum += draw;
      squares += draw * draw;
      if (draw > 3) beyondThree++;
    }
    const mean = sum / count;
    expect(mean).toBeCloseTo(1, 1.8);
    expect(squares / count - mean * mean).toBeCloseTo(1, 1);
    expect(beyondThree / count).toBeCloseTo(0.0498, 2); // e^-3
  });

  it('chance draws once whatever the probability', () => {
    const a = new Rng(4, 'c');
    const b = new Rng(4, 'c');
    for (let i = 0; i < 10; i++) {
      expect(a.chance(0)).toBe(false);
      expect(b.chance(1)).toBe(true);
    }
    expect(a.bits()).toBe(b.bits());
  });
});

const GOLDEN = [2533970051, 2508030494, 1723156864, 1064538206];

/** Ahrens and Dieter's algorithm SA, step by step. */
function byDoubling(rng: Rng, mean: number): number {
  const sums: number[] = [];
  for (let i = 1, term = 1, sum = 0; i <= 16; i++) {
    term = (term * Math.LN2) / i;
    sum += term;
    sums.push(sum);
  }
  let doublings = 0;
  let u = rng.float();
  for (; doublings < 32; doublings++) {
    u += u;
    if (u > 1) break;
  }
  u = u > 1 ? u - 1 : 0;
  if (u <= sums[0]!) return mean * (doublings * sums[0]! + u);
  let smallest = rng.float();
  for (let k = 1; k < sums.length; k++) {
    smallest = Math.min(smallest, rng.float());
    if (u <= sums[k]!) break;
  }
  return mean * (doublings * sums[0]! + smallest * sums[0]!);
}
