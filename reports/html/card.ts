/** A section as a card: its drawings, and its table, open or folded away. */
import type { PanelSpec, Section } from '../charts/chart.ts';
import { text } from './element.ts';
import { legendHtml, tableHtml } from './table.ts';

export interface Card {
  readonly id: string;
  readonly title: string;
  /** One sentence: how to read it. */
  readonly caption: string;
  readonly width: 'half' | 'full';
}

/** The panels' specs are added to `specs`, where the page's script finds them. */
export function cardHtml(chart: Card, section: Section, specs: PanelSpec[]): string {
  const panels = section.panels.map((panel) => {
    specs.push(panel.spec);
    const label = [chart.title, panel.title, chart.caption].filter((part) => part !== undefined).join('. ');
    const title = panel.title === undefined ? '' : `<h4>${text(panel.title)}</h4>`;
    return `${title}<div class="panel" data-panel="${specs.length - 1}" role="img" aria-label="${text(label)}"></div>`;
  });
  const tableClass = chart.id === 'headline' ? 'headline' : chart.id === 'runs' ? 'hash' : '';
  const table = tablesHtml(chart, section, tableClass);
  const tools =
    section.panels.length === 0
      ? ''
      : '<span class="tools"><button type="button" data-save="svg" title="Save as SVG">SVG</button><button type="button" data-save="png" title="Save as PNG">PNG</button><button type="button" data-save="spec" title="Save the Vega-Lite specification">Vega-Lite</button></span>';
  const below = section.tableOpen === true ? table : `<details><summary>Table</summary>${table}</details>`;
  const note = section.note === undefined ? '' : ` ${section.note}`;
  const long = section.table.rows.length > 25 ? ' long' : '';
  return `<article class="card ${chart.width}${long}" id="${chart.id}"><div class="title"><h3>${text(chart.title)}</h3>${tools}</div><p class="caption">${text(
    chart.caption + note,
  )}</p>${legendHtml(section.legend)}${panels.join('')}${below}</article>`;
}

function tablesHtml(chart: Card, section: Section, className: string): string {
  const first = tableHtml(section.table, `${chart.title}: table`, className);
  if (section.tableTitle === undefined) return first;
  const all = [{ title: section.tableTitle, html: first }];
  for (const { title, table } of section.tablesBeside ?? []) {
    all.push({ title, html: tableHtml(table, `${chart.title}, ${title}: table`, className) });
  }
  return `<div class="beside">${all.map(({ title, html }) => `<div><h4>${text(title)}</h4>${html}</div>`).join('')}</div>`;
}
