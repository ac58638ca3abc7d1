/**
 * Logarithm, exponential and power from + − × ÷ alone, which IEEE 754 makes the same on every
 * machine; `Math.log` and its like may differ in the last bit between versions of V8, and one bit
 * is enough to make two runs different. Relative error below 1e-14 in the range that is used here.
 */
import { assert } from '../assert.ts';

const LN2 = Math.LN2;
const SQRT2 = Math.sqrt(2);

/** Natural logarithm, for x > 0. */
export function ln(x: number): number {
  assert(x > 0 && x < 1e300, 'ln: out of range');
  let exponent = 0;
  let m = x;
  for (; m >= SQRT2; m /= 2) exponent++;
  for (; m < SQRT2 / 2; m *= 2) exponent--;
  // ln m = 2 · artanh z, |z| ≤ 0.172
  const z = (m - 1) / (m + 1);
  const square = z * z;
  let term = z;
  let sum = 0;
  for (let k = 1; k <= 23; k += 2) {
    sum += term / k;
    term *= square;
  }
  return exponent * LN2 + 2 * sum;
}

/** e^x, for |x| ≤ 600. */
export function exp(x: number): number {
  assert(x >= -600 && x <= 600, 'exp: out of range');
  const doublings = Math.round(x / LN2);
  const rest = x - doublings * LN2;
  let result = 1 + rest * (1 + rest * phi(rest, 3));
  for (let k = doublings; k > 0; k--) result *= 2;
  for (let k = doublings; k < 0; k++) result /= 2;
  return result;
}

/** The sum over k ≥ 0 of r^k · (n−1)! / (n−1+k)!, divided by n−1: what follows r in the series of e^r, for |r| ≤ 0.35. */
function phi(r: number, n: number): number {
  let term = 1 / (n - 1);
  let sum = 0;
  for (let k = n; k < n + 14; k++) {
    sum += term;
    term *= r / k;
  }
  return sum;
}

/** (e^x − 1) / x, exact also near 0, for |x| ≤ 1. */
export function relativeExp(x: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 2; k < 22; k++) {
    sum += term;
    term *= x / k;
  }
  return sum;
}

/** x^y, for x > 0. */
export function power(x: number, y: number): number {
  return exp(y * ln(x));
}
