/** The faults of a run as shading for time charts, and as the table that says what the letters mean. */
import type { Comparison, VariantView } from '../comparison.ts';
import { formatSeconds } from '../format.ts';
import { numberColumn, textColumn } from '../table.ts';
import type { Chart, Layer } from './chart.ts';

/** Rows of the table; the rest is in result.json. */
const ROWS_MAX = 60;

interface FaultSpan {
  readonly letter: string;
  readonly label: string;
  readonly variants: readonly string[];
  readonly from: number;
  readonly to: number;
}

/**
 * The windows of each variant's first run; equal ones are merged. The n-th fault of a kind has the same letter
 * in every variant, since it comes from the same line of the scenario though its time may differ.
 */
export function faultSpans(variants: readonly VariantView[]): FaultSpan[] {
  const letters = new Map<string, { letter: string; from: number }>();
  const spans: { key: string; label: string; variants: string[]; from: number; to: number }[] = [];
  for (const variant of variants) {
    const seen = new Map<string, number>();
    for (const window of variant.runs[0]?.faultWindows ?? []) {
      const nth = seen.get(window.fault) ?? 0;
      seen.set(window.fault, nth + 1);
      const key = `${window.fault} ${nth}`;
      const from = window.fromNs / 1e9;
      const to = window.toNs / 1e9;
      const known = letters.get(key);
      if (known === undefined || from < known.from) letters.set(key, { letter: '', from });
      const twin = spans.find(
        (span) => span.key === key && span.label === window.label && span.from === from && span.to === to,
      );
      if (twin === undefined) spans.push({ key, label: window.label, variants: [variant.name], from, to });
      else twin.variants.push(variant.name);
    }
  }
  const order = [...letters.keys()].sort(
    (a, b) => letters.get(a)!.from - letters.get(b)!.from || (a < b ? -1 : a > b ? 1 : 0),
  );
  order.forEach((key, index) => {
    letters.get(key)!.letter = letterOf(index);
  });
  return spans
    .map(({ key, ...span }) => ({ ...span, letter: letters.get(key)!.letter }))
    .sort((a, b) => a.from - b.from || a.to - b.to || (a.letter < b.letter ? -1 : a.letter > b.letter ? 1 : 0));
}

/** A … Z, AA, AB … */
function letterOf(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}

/** Shading and letters; to be drawn first. `spanSeconds` is the length of the time axis. */
export function faultLayers(spans: readonly FaultSpan[], spanSeconds: number): Layer[] {
  const visible = spans.filter((span) => span.from < spanSeconds);
  if (visible.length === 0) return [];
  const values = visible.map((span) => ({
    letter: span.letter,
    label: span.label,
    variants: span.variants.join(', '),
    from: span.from,
    // Wide enough to be seen, and not beyond the axis.
    to: Math.min(spanSeconds, Math.max(span.to, span.from + spanSeconds / 500)),
    time: `${formatSeconds(span.from * 1e9)} to ${formatSeconds(span.to * 1e9)}`,
  }));
  const tooltip = [
    { field: 'letter', title: 'fault' },
    { field: 'label', title: 'what' },
    { field: 'time', title: 'when' },
    { field: 'variants', title: 'in' },
  ];
  // A letter too near to its left neighbour would be printed over it.
  const marked: { letter: string; middle: number }[] = [];
  for (const span of values) {
    const middle = (span.from + span.to) / 2;
    const before = marked[marked.length - 1];
    if (before === undefined || middle - before.middle > spanSeconds * 0.035)
      marked.push({ letter: span.letter, middle });
  }
  return [
    {
      data: { values },
      mark: { type: 'rect', style: 'fault' },
      encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' }, tooltip },
    },
    {
      data: { values: marked },
      mark: { type: 'text', style: 'faultLetter' },
      encoding: { x: { field: 'middle', type: 'quantitative' }, y: { value: -7 }, text: { field: 'letter' } },
    },
  ];
}

export const faults: Chart = {
  id: 'faults',
  group: 'Over time',
  title: 'Faults',
  caption: 'When each fault was in force; the letters stand above the shading of the charts over time.',
  width: 'full',
  build(comparison: Comparison) {
    const spans = faultSpans(comparison.variants);
    if (spans.length === 0) return undefined;
    const rows = spans
      .slice(0, ROWS_MAX)
      .map((span) => [
        span.letter,
        span.label,
        formatSeconds(span.from * 1e9),
        formatSeconds(span.to * 1e9),
        span.variants.join(', '),
      ]);
    const hidden = spans.length - rows.length;
    return {
      panels: [],
      legend: [],
      table: {
        columns: [
          textColumn(''),
          textColumn('fault'),
          numberColumn('from'),
          numberColumn('to'),
          textColumn('variants'),
        ],
        rows,
      },
      tableOpen: true,
      note: `Of the first seed of each variant.${hidden > 0 ? ` ${hidden} more are in result.json.` : ''}`,
    };
  },
};
