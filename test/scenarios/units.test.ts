import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatQuantity,
  parseQuantity,
  QUANTITIES,
  type QuantityKind,
  quantityPattern,
} from '../../scenarios/units.ts';

describe('quantities', () => {
  it.each<[QuantityKind, string, number]>([
    ['duration', '5s', 5e9],
    ['duration', '100ms', 1e8],
    ['duration', '250us', 250_000],
    ['duration', '250µs', 250_000],
    ['duration', '1.5 s', 1.5e9],
    ['duration', '0.1s', 1e8],
    ['duration', '2min', 120e9],
    ['duration', '1h', 3600e9],
    ['duration', '0s', 0],
    ['bytes', '64KiB', 65_536],
    ['bytes', '10MB', 10_000_000],
    ['bytes', '1.5GiB', 1_610_612_736],
    ['bytes', '0.5KiB', 512],
    ['rate', '5000/s', 5000],
    ['rate', '300/min', 5],
    ['rate', '1.5/s', 1.5],
    ['bandwidth', '1Gbit/s', 125_000_000],
    ['bandwidth', '64KiB/s', 65_536],
    ['ratio', '10 %', 0.1],
    ['ratio', '2.5%', 0.025],
  ])('%s %s is %d', (kind, text, value) => {
    expect(parseQuantity(kind, text)).toEqual({ ok: true, value });
  });

  it.each<[QuantityKind, string, string]>([
    ['duration', '5', 'has no unit'],
    ['duration', '5 parsecs', 'is not a duration'],
    ['duration', '-5s', 'is not a duration'],
    ['duration', '5  s', 'is not a duration'],
    ['duration', '', 'is not a duration'],
    ['duration', '1e3s', 'is not a duration'],
    ['duration', '0.5ns', 'is not a whole number of ns'],
    ['duration', '105d', 'is not a duration'],
    ['duration', '9999999h', 'is too large'],
    ['duration', '5constructor', 'is not a duration'],
    ['bytes', '64kb', 'is not a size'],
    ['bytes', '0.3B', 'is not a whole number of B'],
    ['rate', '5000', 'has no unit'],
    ['ratio', 'half', 'is not a ratio'],
  ])('%s %j %s', (kind, text, problem) => {
    expect(parseQuantity(kind, text)).toEqual({ ok: false, problem });
  });

  it.each<QuantityKind>(['duration', 'bytes', 'bandwidth'])('%s: what is formatted reads back', (kind) => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(parseQuantity(kind, formatQuantity(kind, value))).toEqual({ ok: true, value });
      }),
    );
  });

  it.each<QuantityKind>(['duration', 'bytes', 'rate', 'bandwidth'])(
    '%s: the published pattern accepts what we do',
    (kind) => {
      const pattern = new RegExp(quantityPattern(kind), 'u');
      const unit = fc.constantFrom(...Object.keys(QUANTITIES[kind].units), 'x', '');
      fc.assert(
        fc.property(fc.nat(1000), unit, fc.boolean(), (number, suffix, spaced) => {
          const text = `${number}${spaced ? ' ' : ''}${suffix}`;
          expect(pattern.test(text)).toBe(parseQuantity(kind, text).ok);
        }),
      );
    },
  );

  it('multiplies exactly where floating point would not', () => {
    // 1.1 × 1e9 is 1100000000.0000001 in doubles
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 999_999_999 }), (seconds, decimals) => {
        const digits = String(decimals).padStart(9, '0');
        const parsed = parseQuantity('duration', `${seconds}.${digits}s`);
        expect(parsed).toEqual({ ok: true, value: Number(BigInt(seconds) * 1_000_000_000n + BigInt(decimals)) });
      }),
    );
  });

  it.each([
    [0, '0s'],
    [1, '1ns'],
    [1000, '1us'],
    [1e9, '1s'],
    [1.5e9, '1500ms'],
    [60e9, '60s'],
    [3600e9, '1h'],
  ])('%d ns is written %s', (value, text) => {
    expect(formatQuantity('duration', value)).toBe(text);
  });
});
