/** Every drawing compiles without a warning and draws something, also for results that lack things. */
import * as vega from 'vega';
import { compile } from 'vega-lite';
import { describe, expect, test } from 'vitest';
import type { PanelSpec } from '../../reports/charts/chart.ts';
import { logAxis } from '../../reports/charts/chart.ts';
import { faultSpans } from '../../reports/charts/faults.ts';
import { CHARTS } from '../../reports/charts/index.ts';
import { vegaConfig } from '../../reports/charts/theme.ts';
import { compareVariants } from '../../reports/comparison.ts';
import { darkPartners } from '../../reports/palette.ts';
import { type ScenarioResult, toResultFile } from '../../reports/result-file.ts';
import { renderSvg } from '../../reports/svg.ts';
import { fixture, tinyResult } from './fixture.ts';

interface DrawnPanel {
  readonly name: string;
  readonly spec: PanelSpec;
}

function panelsOf(result: ScenarioResult): DrawnPanel[] {
  const comparison = compareVariants(toResultFile(result));
  return CHARTS.flatMap((chart) =>
    (chart.build(comparison)?.panels ?? []).map((panel, index) => ({ name: `${chart.id}/${index}`, spec: panel.spec })),
  );
}

/** Warnings of the compiler and of the running view, and what was drawn. */
async function draw(spec: PanelSpec): Promise<{ warnings: string[]; svg: string }> {
  const warnings: string[] = [];
  const note = (...parts: readonly unknown[]): vega.LoggerInterface => {
    warnings.push(parts.map(String).join(' '));
    return logger;
  };
  const logger: vega.LoggerInterface = {
    level: (() => logger) as vega.LoggerInterface['level'],
    warn: note,
    error: note,
    info: () => logger,
    debug: () => logger,
  };
  const config = vegaConfig('light', { legend: false });
  const compiled = compile({ ...spec, width: 600 }, { config, logger });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger });
  const svg = await view.toSVG();
  view.finalize();
  return { warnings, svg };
}

/** A result with a hole: every figure that may be undefined is. */
function hollow(): ScenarioResult {
  const result = tinyResult();
  const empty = { count: 0, mean: NaN, p50: NaN, p90: NaN, p99: NaN, p999: NaN, max: NaN, curve: [] };
  return {
    ...result,
    runs: result.runs.map((run) => ({
      ...run,
      metrics: {
        ...run.metrics,
        throughputOpsPerS: NaN,
        operations: { ok: 0, failed: 0, unknown: 0, retries: 0 },
        latencyMs: { put: empty },
        latencyWaitsMs: { put: {} },
        writeAmplification: {
          total: Number.POSITIVE_INFINITY,
          byBoundary: { raftLog: NaN, engine: NaN, snapshot: NaN, fileSystem: NaN, device: NaN },
          byCategory: { wal: NaN },
          byNode: { n1: NaN },
        },
        spaceAmplification: NaN,
        memoryBytes: { total: 0, byOwner: {} },
        engineFigures: {},
        fsyncsByCategory: {},
      },
      series: {
        ...run.series,
        okPerS: [0, 0],
        latencyMsP50: [null, null],
        latencyMsP99: [null, null],
        writtenBytesByCategory: { wal: [0, 0] },
      },
      faultWindows: [],
    })),
  };
}

const CASES: readonly (readonly [string, ScenarioResult])[] = [
  ['two variants, three seeds', fixture({ steps: 60 })],
  ['one variant, one seed', fixture({ variants: ['bolt'], seeds: [7] })],
  ['tiny', tinyResult()],
  [
    'ten variants with awkward names',
    fixture({ variants: ['a.b', "it's [x]", 'c"d', 'e\\f', '<g>', 'h', 'i', 'j', 'k', 'l'], seeds: [1], steps: 30 }),
  ],
  ['every figure undefined', hollow()],
  ['no run', { ...tinyResult(), runs: [] }],
];

test('the check sees what it is for: a warning, and a NaN that was drawn', async () => {
  const broken: PanelSpec = {
    data: { values: [{ a: 1 }] },
    layer: [
      {
        mark: 'line',
        encoding: {
          x: { field: 'a', type: 'quantitative', scale: { type: 'log', domain: [0, 1] } },
          shape: { field: 'a' },
        },
      },
    ],
  };
  const { warnings } = await draw(broken);
  expect(warnings.length).toBeGreaterThan(0);
});

describe.each(CASES)('%s', (_name, result) => {
  test('every panel compiles and draws without a warning', { timeout: 30_000 }, async () => {
    for (const { name, spec } of panelsOf(result)) {
      const { warnings, svg } = await draw(spec);
      expect(warnings, name).toEqual([]);
      expect(svg, name).not.toMatch(/NaN|undefined/);
      expect(svg.match(/<path|<text|<line/g)!.length, name).toBeGreaterThan(3);
    }
  });
});

describe('sections', () => {
  test('a full result has every section; an empty one has only the headline', () => {
    const sectionsOf = (result: ScenarioResult): string[] => {
      const comparison = compareVariants(toResultFile(result));
      return CHARTS.filter((chart) => chart.build(comparison) !== undefined).map((chart) => chart.id);
    };
    expect(sectionsOf(fixture())).toEqual(CHARTS.map((chart) => chart.id));
    expect(sectionsOf({ ...tinyResult(), runs: [] })).toEqual(['headline']);
  });

  test('ids are unique, captions are one sentence', () => {
    expect(new Set(CHARTS.map((chart) => chart.id)).size).toBe(CHARTS.length);
    for (const { caption, id } of CHARTS) {
      expect(caption, id).toMatch(/^[A-Zf].*\.$/);
      expect(caption.match(/[.!?](\s|$)/g), id).toHaveLength(1);
    }
  });

  test('every table has as many cells in a row as it has columns', () => {
    const comparison = compareVariants(toResultFile(fixture()));
    for (const chart of CHARTS) {
      const { table } = chart.build(comparison)!;
      for (const row of table.rows) expect(row.length, chart.id).toBe(table.columns.length);
    }
  });

  test('the parts of a stacked bar add up to its total', () => {
    const comparison = compareVariants(toResultFile(fixture()));
    const spec = CHARTS.find((chart) => chart.id === 'categories')!.build(comparison)!.panels[0]!.spec;
    const [parts, totals] = spec.layer.map(
      (layer) => (layer.data as { values: Record<string, number | string>[] }).values,
    );
    for (const total of totals!) {
      const sum = parts!
        .filter((part) => part.variant === total.variant)
        .reduce((all, part) => all + Number(part.value), 0);
      expect(sum).toBeCloseTo(Number(total.label), 0);
    }
  });
});

test('the headline says when runs ended early', () => {
  const noteOf = (result: ScenarioResult): string | undefined =>
    CHARTS[0]!.build(compareVariants(toResultFile(result)))!.note;
  expect(noteOf(fixture())).toBeUndefined();
  expect(noteOf(fixture({ failing: true }))).toBe('1 run ended early, and the figures cover what was run until then.');
});

describe('faults', () => {
  test('the same line of the scenario has the same letter though it strikes at other times', () => {
    const result = tinyResult();
    const window = (fault: string, label: string, fromNs: number, toNs: number) => ({ fault, label, fromNs, toNs });
    const runs = result.runs.map((run) => ({
      ...run,
      faultWindows:
        run.variant === 'a'
          ? [window('partition', 'n1 | n2', 1e9, 2e9), window('crash', 'n1', 3e9, 4e9), window('crash', 'n2', 5e9, 6e9)]
          : [
              window('partition', 'n1 | n2', 1e9, 2e9),
              window('crash', 'n3', 3.5e9, 4e9),
              window('crash', 'n2', 5e9, 6e9),
            ],
    }));
    const spans = faultSpans(compareVariants(toResultFile({ ...result, runs })).variants);
    expect(
      spans.map((span) => `${span.letter} ${span.label} ${span.from}–${span.to} ${span.variants.join('+')}`),
    ).toEqual(['A n1 | n2 1–2 a+b', 'B n1 3–4 a', 'B n3 3.5–4 b', 'C n2 5–6 a+b']);
  });
});

describe('logarithmic axis', () => {
  test.each([
    [7, 22, [5, 50]],
    [1, 1, [0.5, 2]],
    [0.3, 900, [0.2, 1000]],
    [1e-3, 1e5, [1e-3, 1e5]],
  ])('%d to %d', (least, greatest, domain) => {
    const axis = logAxis(least, greatest);
    expect(axis.domain).toEqual(domain);
    expect(axis.ticks.length).toBeGreaterThan(1);
    expect(axis.ticks.length).toBeLessThanOrEqual(9);
    expect(axis.ticks.every((tick) => tick >= domain[0]! && tick <= domain[1]!)).toBe(true);
  });
});

describe('colours', () => {
  test('every light colour has one partner', () => {
    const partners = darkPartners();
    for (const [light, dark] of Object.entries(partners)) {
      expect(light).toMatch(/^#[0-9a-f]{6}$/);
      expect(dark).toMatch(/^#[0-9a-f]{6}$/);
    }
    // Every colour of every panel is known, so that none stays as it is on a dark page.
    const used = JSON.stringify(panelsOf(fixture()).map((panel) => panel.spec)).match(/#[0-9a-f]{6}/g)!;
    expect(used.filter((colour) => !(colour in partners))).toEqual([]);
  });

  test('an SVG stands alone: size, legend and background in it, light and dark', async () => {
    const { spec } = panelsOf(fixture()).find((panel) => panel.name === 'categories/0')!;
    const light = await renderSvg(spec, { width: 700 });
    const dark = await renderSvg(spec, { width: 700, theme: 'dark' });
    for (const svg of [light, dark]) {
      expect(svg).toMatch(/^<svg[^>]* width="700"/);
      expect(svg).toContain('>compaction</text>');
    }
    expect(light).toContain('#ffffff');
    expect(dark).toContain(darkPartners()['#bf5527']!);
    expect(dark).not.toContain('#bf5527');
  });
});
