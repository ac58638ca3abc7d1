/** `report.html` of a scenario. */
import { type Chart, GROUPS, type PanelSpec, type Section } from '../charts/chart.ts';
import { CHARTS } from '../charts/index.ts';
import type { Comparison } from '../comparison.ts';
import { DEFINITIONS } from '../figures.ts';
import { counted, formatNumber, formatSeconds, formatSeeds } from '../format.ts';
import { actualText } from '../markdown.ts';
import type { DrawingRuntime } from '../runtime.ts';
import { type ExpectationSummary, type Verdict, VIOLATIONS_MAX, verdictOf } from '../verdict.ts';
import { cardHtml } from './card.ts';
import { text } from './element.ts';
import { frameHtml } from './frame.ts';
import { LONG_TEXT } from './table.ts';

const EXPECTATIONS_SHOWN = 10;

interface Built {
  readonly chart: Chart;
  readonly section: Section;
}

/** A page about one of the runs, beside the report. */
export interface ExplainedRun {
  readonly variant: string;
  readonly seed: number;
  readonly file: string;
}

export function renderPage(
  comparison: Comparison,
  runtime: DrawingRuntime,
  explained: readonly ExplainedRun[] = [],
): string {
  const built = CHARTS.flatMap((chart): Built[] => {
    const section = chart.build(comparison);
    return section === undefined ? [] : [{ chart, section }];
  });
  const specs: PanelSpec[] = [];
  const groups = GROUPS.map((group) => ({ group, built: built.filter(({ chart }) => chart.group === group) })).filter(
    (entry) => entry.built.length > 0,
  );
  const body = groups
    .map(
      ({ group, built: inGroup }) =>
        `<section aria-label="${text(group)}"><h2>${text(group)}</h2><div class="cards">\n${inGroup
          .map(({ chart, section }) => cardHtml(chart, section, specs))
          .join('\n')}\n</div></section>`,
    )
    .join('\n');
  const { name } = comparison.file.scenario;
  return frameHtml(
    {
      name,
      version: comparison.file.version,
      header: headerHtml(comparison, explained),
      contents: contentsHtml(groups),
      body,
      definitions: DEFINITIONS,
      files: 'The same figures: results.csv, one row a run; result.json, everything.',
      specs,
    },
    runtime,
  );
}

function headerHtml(comparison: Comparison, explained: readonly ExplainedRun[]): string {
  const { file } = comparison;
  const verdict = verdictOf(comparison);
  const nodes = [...new Set(file.runs.map((run) => run.nodes))].sort((a, b) => a - b);
  const virtual = file.runs.reduce((sum, run) => sum + run.virtualTimeNs, 0);
  const events = file.runs.reduce((sum, run) => sum + run.events, 0);
  const facts: [string, string][] = [
    [
      counted(comparison.variants.length, 'variant').replace(/^\d+ /, ''),
      comparison.variants.map((variant) => variant.name).join(', '),
    ],
    ['seeds', formatSeeds(comparison.seeds) || 'none'],
    ['nodes', nodes.join(', ') || '–'],
    ['runs', formatNumber(file.runs.length)],
    ['virtual time', formatSeconds(virtual)],
    ['events', formatNumber(events)],
  ];
  const mark = { passed: '✓', failed: '✗', partial: '…' }[verdict.outcome];
  const judged = violationsHtml(verdict, explained) + excusedHtml(verdict) + expectationsHtml(verdict);
  return `<header class="top${judged === '' ? '' : ' split'}">
<div>
<p class="eyebrow">raftlab ${text(file.version)} · scenario report</p>
<h1>${text(file.scenario.name)}</h1>
${file.scenario.why === '' ? '' : `<p class="why">${text(file.scenario.why)}</p>`}
<p class="verdict ${verdict.outcome}"><span class="mark" aria-hidden="true">${mark}</span><span>${text(verdict.sentence)}</span></p>
<dl class="facts">${facts.map(([term, value]) => `<div><dt>${text(term)}</dt><dd>${text(value)}</dd></div>`).join('')}</dl>
<p class="eyebrow">Run it again</p>
<pre class="command">${text(file.command)}</pre>
</div>
${judged === '' ? '' : `<div>${judged}</div>`}
</header>`;
}

function violationsHtml(verdict: Verdict, explained: readonly ExplainedRun[]): string {
  if (verdict.violations.length === 0) return '';
  const shown = verdict.violations.slice(0, VIOLATIONS_MAX).map(
    ({
      variant,
      seed,
      violation,
    }) => `<div class="violation"><p><strong>${text(violation.check)}</strong>: ${text(violation.what)}</p>
<p class="where">${text(variant)}, seed ${seed}, at ${formatSeconds(violation.timeNs)}, event ${formatNumber(violation.event)}. To see it again:</p>
<pre class="command">${text(violation.reproduce)}</pre>${explainedHtml(explained, variant, seed)}</div>`,
  );
  const hidden = verdict.violations.length - shown.length;
  const more = hidden > 0 ? `<p class="caption">${counted(hidden, 'more violation')} in result.json.</p>` : '';
  return `<div class="card"><h3>Violations</h3>${shown.join('\n')}${more}</div>`;
}

function explainedHtml(explained: readonly ExplainedRun[], variant: string, seed: number): string {
  const page = explained.find((each) => each.variant === variant && each.seed === seed);
  return page === undefined ? '' : `<p><a href="${text(encodeURI(page.file))}">What happened, drawn</a></p>`;
}

function excusedHtml({ excused }: Verdict): string {
  if (excused.length === 0) return '';
  const shown = excused.slice(0, VIOLATIONS_MAX).map(
    ({
      variant,
      seed,
      excused: { reason, because, check, what, reproduce },
    }) => `<div class="violation"><p><strong>${text(reason)}</strong>: ${text(because)}</p>
<p class="where">${text(variant)}, seed ${seed}: ${text(check)}: ${text(what)}</p>
<pre class="command">${text(reproduce)}</pre></div>`,
  );
  const hidden = excused.length - shown.length;
  const more = hidden > 0 ? `<p class="caption">${hidden} more in result.json.</p>` : '';
  return `<div class="card"><h3>Excused</h3>${shown.join('\n')}${more}</div>`;
}

/** All of a few; of many only those that were not met, with the rest folded away. */
function expectationsHtml(verdict: Verdict): string {
  const { expectations } = verdict;
  if (expectations.length === 0) return '';
  const broken = expectations.filter((expectation) => expectation.passed < expectation.judged);
  const folded = expectations.length > EXPECTATIONS_SHOWN;
  const shown = folded ? broken : expectations;
  const open = shown.length === 0 ? '' : expectationRows(shown, 'Expectations');
  const rest = folded
    ? `<details><summary>All ${expectations.length}, ${broken.length} not met</summary>${expectationRows(expectations, 'All expectations')}</details>`
    : '';
  return `<div class="card"><h3>Expectations</h3>${open}${rest}</div>`;
}

function expectationRows(expectations: readonly ExpectationSummary[], label: string): string {
  const rows = expectations.map((expectation) => {
    const kept = expectation.passed === expectation.judged;
    const long = expectation.variant.length > LONG_TEXT ? ' class="long"' : '';
    return `<tr class="${kept ? 'kept' : 'broken'}"><th scope="row"><span title="${kept ? 'met' : 'not met'}">${
      kept ? '✓' : '✗'
    }</span></th><td${long}>${text(expectation.variant)}</td><td>${text(expectation.text)}</td><td class="number">${text(
      actualText(expectation),
    )}</td><td class="number">${expectation.passed}/${expectation.judged}</td></tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="expectations"><thead><tr><th scope="col"></th><th scope="col">variant</th><th scope="col">expected</th><th scope="col" class="number">actual</th><th scope="col" class="number">kept</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>`;
}

function contentsHtml(groups: readonly { group: string; built: readonly Built[] }[]): string {
  const parts = groups.map(
    ({ group, built }) =>
      `<p>${text(group)}</p>${built.map(({ chart }) => `<a href="#${chart.id}">${text(chart.title)}</a>`).join('')}`,
  );
  return `${parts.join('')}<p>Reading</p><a href="#measured">How it was measured</a>`;
}
