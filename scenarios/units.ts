/**
 * Quantities as people write them in scenario files: `5s`, `64KiB`, `5000/s`, `125MB/s`, `10 %`.
 *
 * A quantity is digits, optionally a decimal point and digits, optionally one space, a unit.
 * Durations become whole nanoseconds, sizes whole bytes, bandwidths whole bytes per second;
 * a value that is not whole is refused, not rounded. Decimal powers for KB, MB, GB (as disks
 * and etcd's options count), binary ones for KiB, MiB, GiB.
 */

export type QuantityKind = 'duration' | 'bytes' | 'rate' | 'bandwidth' | 'ratio';

interface Quantity {
  readonly noun: string;
  /** Examples for messages. */
  readonly forms: string;
  /** Unit → multiplier as a fraction, so that `1/min` needs no rounding of the unit itself. */
  readonly units: Readonly<Record<string, readonly [numerator: bigint, denominator: bigint]>>;
  readonly whole: boolean;
}

const whole = (factors: Record<string, number>): Quantity['units'] =>
  Object.fromEntries(Object.entries(factors).map(([unit, factor]) => [unit, [BigInt(factor), 1n] as const]));

const BYTE_FACTORS = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const BIT_FACTORS = { 'kbit/s': 125, 'Mbit/s': 125_000, 'Gbit/s': 125_000_000 };

export const QUANTITIES: Readonly<Record<QuantityKind, Quantity>> = {
  duration: {
    noun: 'a duration',
    forms: '250us, 100ms, 5s, 2min, 1h',
    units: whole({ ns: 1, µs: 1e3, us: 1e3, ms: 1e6, s: 1e9, min: 60e9, h: 3600e9 }),
    whole: true,
  },
  bytes: {
    noun: 'a size',
    forms: '512B, 64KiB, 10MB, 2GiB',
    units: whole(BYTE_FACTORS),
    whole: true,
  },
  rate: {
    noun: 'a rate',
    forms: '5000/s, 300/min',
    units: { '/s': [1n, 1n], '/min': [1n, 60n], '/h': [1n, 3600n] },
    whole: false,
  },
  bandwidth: {
    noun: 'a bandwidth',
    forms: '125MB/s, 64KiB/s, 1Gbit/s',
    units: whole({
      ...Object.fromEntries(Object.entries(BYTE_FACTORS).map(([unit, factor]) => [`${unit}/s`, factor])),
      ...BIT_FACTORS,
    }),
    whole: true,
  },
  ratio: { noun: 'a ratio', forms: '10 %, 0.1', units: { '%': [1n, 100n] }, whole: false },
};

export type Parsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string };

const SHAPE = /^([0-9]{1,19})(?:\.([0-9]{1,9}))? ?([^0-9. ]+)$/u;

/** `problem` continues a sentence that starts with the text itself: "… is not a duration". */
export function parseQuantity(kind: QuantityKind, text: string): Parsed {
  const { noun, units, whole: mustBeWhole } = QUANTITIES[kind];
  const match = SHAPE.exec(text);
  const factor = match === null ? undefined : Object.hasOwn(units, match[3]!) ? units[match[3]!] : undefined;
  if (match === null || factor === undefined) {
    return { ok: false, problem: /^[0-9.]+$/.test(text) ? 'has no unit' : `is not ${noun}` };
  }
  const decimals = match[2] ?? '';
  const numerator = BigInt(match[1]! + decimals) * factor[0];
  const denominator = factor[1] * 10n ** BigInt(decimals.length);
  if (!mustBeWhole) return { ok: true, value: Number(numerator) / Number(denominator) };
  if (numerator % denominator !== 0n) {
    const smallest = Object.keys(units)[0]!;
    return { ok: false, problem: `is not a whole number of ${smallest}` };
  }
  const value = numerator / denominator;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return { ok: false, problem: 'is too large' };
  return { ok: true, value: Number(value) };
}

/** For the published JSON Schema. */
export function quantityPattern(kind: QuantityKind): string {
  const units = Object.keys(QUANTITIES[kind].units).map((unit) => unit.replace('/', '\\/'));
  return `^[0-9]+(\\.[0-9]+)? ?(${units.join('|')})$`;
}

/** The shortest exact form: the inverse of `parseQuantity` on whole kinds. */
export function formatQuantity(kind: QuantityKind, value: number): string {
  if (kind === 'ratio') return `${trimmed(value * 100)} %`;
  if (kind === 'rate') return `${trimmed(value)}/s`;
  if (value === 0) return kind === 'duration' ? '0s' : `0${Object.keys(QUANTITIES[kind].units)[0]}`;
  let best = '';
  for (const [unit, [factor]] of Object.entries(QUANTITIES[kind].units)) {
    const size = Number(factor);
    if (value % size !== 0) continue;
    const form = `${value / size}${unit}`;
    if (best === '' || form.length < best.length || (value / size < 1000 && form.length === best.length)) best = form;
  }
  return best;
}

function trimmed(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}
