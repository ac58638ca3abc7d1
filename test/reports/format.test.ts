import { describe, expect, test } from 'vitest';
import {
  exact,
  formatBytes,
  formatFactor,
  formatFigure,
  formatMilliseconds,
  formatNumber,
  formatSeconds,
  formatSeeds,
} from '../../reports/format.ts';

describe('numbers for people', () => {
  test.each([
    [0, '0'],
    [1, '1'],
    [1234567, '1.23 M'],
    [999_499, '999,499'],
    [999_500, '1.00 M'],
    [9_999_999, '10.0 M'],
    [2.5e9, '2.50 G'],
    [12345.678, '12,346'],
    [999.6, '1,000'],
    [99.96, '100'],
    [12.345, '12.3'],
    [9.999, '10.0'],
    [1.005, '1.00'],
    [0.9999, '1.00'],
    [0.42, '0.420'],
    [0.0123, '0.0123'],
    [0.00012, '0.000120'],
    [0.0000123, '1.2e-5'],
    [-1234.5, '-1,234'],
    [-0.5, '-0.500'],
  ])('%d → %s', (value, text) => expect(formatNumber(value)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [999_600, '1.00 MB'],
    [40_812_345, '40.8 MB'],
    [6.5e12, '6.50 TB'],
  ])('%d bytes → %s', (value, text) => expect(formatBytes(value)).toBe(text));

  test.each([
    [0, '0 ms'],
    [3, '3.00 ms'],
    [1000, '1,000 ms'],
    [0.0123, '12.3 µs'],
    [0.25, '0.250 ms'],
    [12.34, '12.3 ms'],
    [1234, '1,234 ms'],
    [12_345, '12.3 s'],
  ])('%d ms → %s', (value, text) => expect(formatMilliseconds(value)).toBe(text));

  test('what is undefined shows as a dash, and to machines as nothing', () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(formatFigure(value, 'ratio')).toBe('–');
      expect(exact(value)).toBe('');
    }
    expect(formatFactor(null)).toBe('–');
    expect(formatFactor(0.5)).toBe('×0.500');
  });

  test('seconds and seeds', () => {
    expect(formatSeconds(1_500_000_000)).toBe('1.5 s');
    expect(formatSeconds(3e9)).toBe('3 s');
    expect(formatSeconds(7_200e9)).toBe('7,200 s');
    expect(formatSeeds([1, 2, 3, 7])).toBe('1–3, 7');
    expect(formatSeeds([1, 2, 9])).toBe('1, 2, 9');
    expect(formatSeeds([])).toBe('');
  });

  test('machines read back the very number', () => {
    for (const value of [0.1 + 0.2, 1e21, 123456789.123, -0.5]) expect(Number(exact(value))).toBe(value);
  });
});
