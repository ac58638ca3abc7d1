/** `report.html` of an engine bench. */
import type { PhaseResult } from '../../sim/engine-bench/result.ts';
import type { PanelSpec, Section } from '../charts/chart.ts';
import { counted, formatFigure, formatNumber, formatSeconds } from '../format.ts';
import { cardHtml } from '../html/card.ts';
import { text } from '../html/element.ts';
import { frameHtml } from '../html/frame.ts';
import { drawingRuntime } from '../runtime.ts';
import { BENCH_DEFINITIONS, BENCH_SECTIONS, type BenchSection } from './sections.ts';

export interface BenchReport {
  readonly version: string;
  readonly engine: string;
  readonly summary: string;
  readonly command: string;
  /** Name and value of what differs from the engine's defaults. */
  readonly options: readonly (readonly [string, string])[];
  readonly results: readonly PhaseResult[];
  /** Phases that were asked for. */
  readonly phases: number;
}

/** The files' names and contents. The same report gives the same bytes. */
export async function renderBench(
  report: BenchReport,
): Promise<Readonly<Record<'report.html' | 'phases.json', string>>> {
  const { results } = report;
  const specs: PanelSpec[] = [];
  const built = BENCH_SECTIONS.flatMap((section): { section: BenchSection; content: Section }[] => {
    const content = section.build(results);
    return content === undefined ? [] : [{ section, content }];
  });
  const groups = [...new Set(built.map(({ section }) => section.group))];
  const body = groups.map((group) => {
    const cards = built
      .filter(({ section }) => section.group === group)
      .map(({ section, content }) => cardHtml(section, content, specs));
    return `<section aria-label="${text(group)}"><h2>${text(group)}</h2><div class="cards">\n${cards.join('\n')}\n</div></section>`;
  });
  const contents = groups.map((group) => {
    const links = built
      .filter(({ section }) => section.group === group)
      .map(({ section }) => `<a href="#${section.id}">${text(section.title)}</a>`);
    return `<p>${text(group)}</p>${links.join('')}`;
  });
  return {
    'report.html': frameHtml(
      {
        name: `${report.engine} alone`,
        version: report.version,
        header: header(report),
        contents: `${contents.join('')}<p>Reading</p><a href="#measured">How it was measured</a>`,
        body: body.join('\n'),
        definitions: BENCH_DEFINITIONS,
        files: 'The same figures: phases.json, one object a phase.',
        specs,
      },
      await drawingRuntime(),
    ),
    'phases.json': `${JSON.stringify(results, undefined, 1)}\n`,
  };
}

function header(report: BenchReport): string {
  const { results } = report;
  const logical = results.reduce((sum, { measurement }) => sum + measurement.logicalBytes, 0);
  const written = results.reduce((sum, { columns }) => sum + Number(columns.total_write_bytes), 0);
  const virtual = results.reduce((sum, { totalNs }) => sum + totalNs, 0);
  const isWhole = results.length === report.phases;
  const sentence = isWhole
    ? `${counted(results.length, 'phase')}: ${formatFigure(written, 'bytes')} written for ${formatFigure(logical, 'bytes')} of keys and values.`
    : `Ended early: ${results.length} of ${report.phases} phases are through.`;
  const facts: [string, string][] = [
    ['operations', formatNumber(results.reduce((sum, { measurement }) => sum + measurement.operations, 0))],
    ['WA', logical === 0 ? '–' : formatFigure(written / logical, 'ratio')],
    ['virtual time', formatSeconds(virtual)],
    ...report.options.map(([name, value]): [string, string] => [name, value]),
  ];
  return `<header class="top">
<div>
<p class="eyebrow">raftlab ${text(report.version)} · engine bench</p>
<h1>${text(report.engine)}</h1>
<p class="why">${text(report.summary)}</p>
<p class="verdict ${isWhole ? 'passed' : 'partial'}"><span class="mark" aria-hidden="true">${isWhole ? '✓' : '…'}</span><span>${text(sentence)}</span></p>
<dl class="facts">${facts.map(([term, value]) => `<div><dt>${text(term)}</dt><dd>${text(value)}</dd></div>`).join('')}</dl>
<p class="eyebrow">Run it again</p>
<pre class="command">${text(report.command)}</pre>
</div>
</header>`;
}
