/** The text formats, exactly, on a result small enough to check by hand. `-u` writes the expected files again. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { compareVariants } from '../../reports/comparison.ts';
import { csvColumns, renderCsv } from '../../reports/csv.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { type ScenarioResult, toResultFile } from '../../reports/result-file.ts';
import { fixture, tinyResult } from './fixture.ts';

/** Reads RFC 4180, character by character. */
function parseCsv(csv: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < csv.length; i++) {
    const char = csv[i]!;
    if (quoted) {
      if (char === '"' && csv[i + 1] === '"') field += csv[++i];
      else if (char === '"') quoted = false;
      else field += char;
    } else if (char === '"') quoted = true;
    else if (char === ',' || char === '\n') {
      row.push(field);
      field = '';
      if (char === '\n') {
        rows.push(row);
        row = [];
      }
    } else field += char;
  }
  expect([field, row.length, quoted], 'the file ends with a line').toEqual(['', 0, false]);
  return rows;
}

const renamed = (result: ScenarioResult, names: Readonly<Record<string, string>>): ScenarioResult => ({
  ...result,
  scenario: {
    ...result.scenario,
    variants: result.scenario.variants.map((plan) => ({ ...plan, variant: names[plan.variant]! })),
  },
  runs: result.runs.map((run) => ({ ...run, variant: names[run.variant]! })),
});

describe('results.csv', () => {
  test('exactly', async () => {
    await expect(renderCsv(toResultFile(tinyResult()))).toMatchFileSnapshot('expected/results.csv.txt');
  });

  test('every column is the path of its value in result.json', () => {
    const file = toResultFile(fixture());
    const [header, ...rows] = parseCsv(renderCsv(file));
    expect(rows.length).toBe(file.runs.length);
    const counted = ['violations', 'excused', 'expectationsFailed'];
    let compared = 0;
    rows.forEach((row, index) => {
      header!.forEach((name, column) => {
        if (counted.includes(name)) return;
        const run = file.runs[index]!;
        const root = (name.split('.')[0]! in run ? run : run.metrics) as unknown;
        const value = name
          .split('.')
          .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], root);
        expect(row[column], name).toBe(value === null || value === undefined ? '' : String(value));
        if (value !== null && value !== undefined) compared++;
      });
    });
    expect(compared).toBeGreaterThan(300);
  });

  test('names with commas, quotes and line ends come back', () => {
    const names = { a: 'size=1,024 "big"', b: 'two\nlines' };
    const rows = parseCsv(renderCsv(toResultFile(renamed(tinyResult(), names))));
    expect(rows.slice(1).map((row) => row[0])).toEqual([names.a, names.a, names.b, names.b]);
  });

  test('the columns that every file has are those that the documentation lists, in order', async () => {
    const text = await readFile(new URL('../../docs/result.md', import.meta.url), 'utf8');
    const documented = /```csv-columns\n([^`]*)```/.exec(text)![1]!.trim().split('\n');
    const empty = csvColumns(toResultFile({ ...tinyResult(), runs: [] })).map((column) => column.name);
    expect(documented).toEqual(empty);
  });
});

describe('report.md', () => {
  test('exactly', async () => {
    const text = renderMarkdown(compareVariants(toResultFile(tinyResult())));
    await expect(text).toMatchFileSnapshot('expected/report.md.txt');
  });

  test('a violation stands at the top with the line that reproduces it', () => {
    const text = renderMarkdown(compareVariants(toResultFile(fixture({ failing: true }))));
    expect(text).toContain('**Failed.** 1 violation; 3 expectations not met.');
    expect(text).toContain('`raftlab run quickstart --variant rocksdb --seed 1`');
    expect(text.indexOf('## Violations')).toBeLessThan(text.indexOf('## Comparison'));
  });

  test('every row of a table has as many cells as its head', () => {
    const names = { a: 'a|b', b: '*c*' };
    const text = renderMarkdown(compareVariants(toResultFile(renamed(tinyResult(), names))));
    let cells = 0;
    for (const line of text.split('\n')) {
      if (!line.startsWith('|')) {
        cells = 0;
        continue;
      }
      const found = line.replaceAll('\\|', '').split('|').length;
      if (cells === 0) cells = found;
      expect(found, line).toBe(cells);
    }
    expect(text).toContain('a\\|b');
    expect(text).toContain('\\*c\\*');
  });
});
