/** `report.md`: the verdict and every section's table, without the drawings and the long tables over time. */

import { GROUPS } from './charts/chart.ts';
import { CHARTS } from './charts/index.ts';
import type { Comparison } from './comparison.ts';
import { DEFINITIONS } from './figures.ts';
import { formatNumber, formatSeconds, formatSeeds } from './format.ts';
import { cellText, type Table } from './table.ts';
import { type ExpectationSummary, VIOLATIONS_MAX, verdictOf } from './verdict.ts';

/** Sections whose tables are series: readable as a drawing only. */
const DRAWN_ONLY: readonly string[] = ['throughput', 'latency-over-time', 'bytes-over-time'];

export function renderMarkdown(comparison: Comparison): string {
  const { file } = comparison;
  const verdict = verdictOf(comparison);
  const lines: string[] = [`# ${inline(file.scenario.name)}`, ''];
  if (file.scenario.why !== '') lines.push(`> ${inline(file.scenario.why)}`, '');
  lines.push(
    `**${verdict.outcome === 'passed' ? 'Passed' : verdict.outcome === 'failed' ? 'Failed' : 'Incomplete'}.** ${verdict.sentence}`,
    '',
  );
  lines.push(
    `raftlab ${inline(file.version)}, seeds ${formatSeeds(comparison.seeds) || 'none'}. Again:`,
    '',
    '```sh',
    file.command,
    '```',
    '',
  );
  if (verdict.violations.length > 0) {
    lines.push('## Violations', '');
    for (const { variant, seed, violation } of verdict.violations.slice(0, VIOLATIONS_MAX)) {
      lines.push(
        `- **${inline(violation.check)}** in ${inline(variant)}, seed ${seed}, at ${formatSeconds(violation.timeNs)}, event ${violation.event}: ${inline(violation.what)}  `,
        `  ${code(violation.reproduce)}`,
      );
    }
    const hidden = verdict.violations.length - VIOLATIONS_MAX;
    if (hidden > 0) lines.push(`- ${hidden} more in result.json`);
    lines.push('');
  }
  if (verdict.excused.length > 0) {
    lines.push('## Excused', '');
    for (const { variant, seed, excused } of verdict.excused.slice(0, VIOLATIONS_MAX)) {
      lines.push(
        `- **${inline(excused.reason)}** in ${inline(variant)}, seed ${seed}: ${inline(excused.because)}. ${inline(excused.check)}: ${inline(excused.what)}  `,
        `  ${code(excused.reproduce)}`,
      );
    }
    const hidden = verdict.excused.length - VIOLATIONS_MAX;
    if (hidden > 0) lines.push(`- ${hidden} more in result.json`);
    lines.push('');
  }
  if (verdict.expectations.length > 0) {
    lines.push('## Expectations', '', ...tableLines(expectationTable(verdict.expectations)), '');
  }
  for (const group of GROUPS) {
    const sections = CHARTS.filter((chart) => chart.group === group && !DRAWN_ONLY.includes(chart.id)).flatMap(
      (chart) => {
        const section = chart.build(comparison);
        return section === undefined ? [] : [{ chart, section }];
      },
    );
    if (sections.length === 0) continue;
    lines.push(`## ${group}`, '');
    for (const { chart, section } of sections) {
      lines.push(
        `### ${chart.title}`,
        '',
        chart.caption + (section.note === undefined ? '' : ` ${inline(section.note)}`),
        '',
      );
      if (section.tableTitle !== undefined) lines.push(`#### ${inline(section.tableTitle)}`, '');
      lines.push(...tableLines(section.table), '');
      for (const { title, table } of section.tablesBeside ?? []) {
        lines.push(`#### ${inline(title)}`, '', ...tableLines(table), '');
      }
    }
  }
  lines.push('## How it was measured', '');
  for (const [term, meaning] of DEFINITIONS) lines.push(`- **${term}**: ${meaning}`);
  return `${lines.join('\n')}\n`;
}

export function expectationTable(expectations: readonly ExpectationSummary[]): Table {
  return {
    columns: [
      { title: '', numeric: false },
      { title: 'variant', numeric: false },
      { title: 'expected', numeric: false },
      { title: 'actual', numeric: true },
      { title: 'kept', numeric: true },
    ],
    rows: expectations.map((expectation) => [
      expectation.passed === expectation.judged ? '✓' : '✗',
      expectation.variant,
      expectation.text,
      actualText(expectation),
      `${expectation.passed}/${expectation.judged}`,
    ]),
  };
}

export function actualText(expectation: ExpectationSummary): string {
  const { actual } = expectation;
  if (actual === undefined) return 'undefined';
  const least = formatNumber(actual.min);
  const greatest = formatNumber(actual.max);
  return least === greatest ? least : `${least}–${greatest}`;
}

function tableLines(table: Table): string[] {
  return [
    `| ${table.columns.map((column) => inline(column.title) || ' ').join(' | ')} |`,
    `| ${table.columns.map((column) => (column.numeric ? '--:' : '---')).join(' | ')} |`,
    ...table.rows.map((row) => `| ${row.map((cell) => inline(cellText(cell))).join(' | ')} |`),
  ];
}

/** Text that must not be taken for markup, on one line. */
function inline(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_<>[\]|#]/g, '\\$&');
}

function code(text: string): string {
  // A fence longer than any run of backticks inside.
  let fence = '`';
  while (text.includes(fence)) fence += '`';
  return fence.length === 1 ? `\`${text}\`` : `${fence} ${text} ${fence}`;
}
