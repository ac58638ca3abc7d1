/**
 * Numbers as people read them: three significant digits, units from the SI prefixes, and nothing
 * that depends on a locale. Figures that are undefined show as an en dash.
 */

export type Unit = 'ratio' | 'count' | 'perSecond' | 'milliseconds' | 'bytes';

export const UNDEFINED = '–';

export function formatFigure(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNDEFINED;
  switch (unit) {
    case 'ratio':
      return formatDecimal(value);
    case 'count':
      return formatNumber(value);
    case 'perSecond':
      return `${formatNumber(value)}/s`;
    case 'milliseconds':
      return formatMilliseconds(value);
    case 'bytes':
      return formatBytes(value);
  }
}

/** Three significant digits below a million, with a comma between thousands; an SI prefix from there on. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return scaled(value, ['M', 'G', 'T', 'P'], 1e6);
  if (size >= 1000 || Number.isInteger(value)) return withCommas(Math.round(value));
  return significant(value);
}

/** Like `formatNumber`, but a whole number keeps its decimals, so that a column of measurements lines up. */
function formatDecimal(value: number): string {
  return Math.abs(value) < 999.5 ? significant(value) : formatNumber(value);
}

export function formatBytes(value: number): string {
  if (Math.abs(value) < 999.5) return `${significant(value)} B`;
  return `${scaled(value, ['k', 'M', 'G', 'T', 'P'], 1e3)}B`;
}

export function formatMilliseconds(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 9999.5) return `${formatNumber(ms / 1000)} s`;
  if (size >= 0.1 || size === 0) return `${formatDecimal(ms)} ms`;
  return `${formatDecimal(ms * 1000)} µs`;
}

/** Virtual time as seconds. */
export function formatSeconds(ns: number): string {
  const seconds = ns / 1e9;
  return seconds >= 1000 ? `${withCommas(Math.round(seconds))} s` : `${trimZeros(seconds.toFixed(3))} s`;
}

/** A ratio between two figures: `×0.42`. */
export function formatFactor(ratio: number | null): string {
  return ratio === null || !Number.isFinite(ratio) ? UNDEFINED : `×${significant(ratio)}`;
}

/** Exact, for machines: the shortest digits that read back as the same number. */
export function exact(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '' : String(value);
}

/** Seeds as short as they can be said: `1–3, 7`. */
export function formatSeeds(seeds: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < seeds.length; ) {
    let end = i;
    while (end + 1 < seeds.length && seeds[end + 1] === seeds[end]! + 1) end++;
    if (end - i >= 2) parts.push(`${seeds[i]}–${seeds[end]}`);
    else for (let k = i; k <= end; k++) parts.push(String(seeds[k]));
    i = end + 1;
  }
  return parts.join(', ');
}

/** `noun` or its plural behind the number. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${withCommas(count)} ${count === 1 ? noun : plural}`;
}

function scaled(value: number, prefixes: readonly string[], first: number): string {
  let unit = first;
  let index = 0;
  while (index + 1 < prefixes.length && Math.abs(value) >= unit * 999.5) {
    unit *= 1000;
    index++;
  }
  return `${significant(value / unit)} ${prefixes[index]}`;
}

/** Three significant digits without an exponent where that is readable, trailing zeros kept: 4.20 and 4.21 line up. */
function significant(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 99.95) return withCommas(Math.round(value));
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  if (size >= 0.00009995) return value.toFixed(size >= 0.09995 ? 3 : size >= 0.009995 ? 4 : size >= 0.0009995 ? 5 : 6);
  return value.toExponential(1);
}

function withCommas(integer: number): string {
  const digits = String(Math.abs(integer));
  let out = '';
  for (let i = 0; i < digits.length; i++) {
    if (i > 0 && (digits.length - i) % 3 === 0) out += ',';
    out += digits[i];
  }
  return integer < 0 ? `-${out}` : out;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
