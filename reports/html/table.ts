/** Tables and legends as HTML. */
import type { LegendEntry } from '../charts/chart.ts';
import { darkPartners } from '../palette.ts';
import type { Cell, Table } from '../table.ts';
import { text } from './element.ts';

/** Cells with more characters than this are wrapped. */
export const LONG_TEXT = 28;

/** Scrolls sideways in its own box; the first column stays. `rowHeader`: the first column names the row. */
export function tableHtml(table: Table, label: string, className = ''): string {
  const head = table.columns
    .map((column) => `<th scope="col"${column.numeric ? ' class="number"' : ''}>${text(column.title)}</th>`)
    .join('');
  const body = table.rows
    .map((row) => {
      const cells = row
        .map((cell, index) => cellHtml(cell, index === 0, table.columns[index]?.numeric === true))
        .join('');
      return `<tr>${cells}</tr>`;
    })
    .join('\n');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${text(label)}"><table${
    className === '' ? '' : ` class="${className}"`
  }><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function cellHtml(cell: Cell, isFirst: boolean, numeric: boolean): string {
  const tag = isFirst ? 'th scope="row"' : 'td';
  const end = isFirst ? 'th' : 'td';
  const long = (typeof cell === 'string' ? cell : cell.text).length > LONG_TEXT;
  const classes = [...(numeric ? ['number'] : []), ...(long ? ['long'] : [])].join(' ');
  const attributes = classes === '' ? '' : ` class="${classes}"`;
  if (typeof cell === 'string') return `<${tag}${attributes}>${text(cell)}</${end}>`;
  const note = cell.note === undefined ? '' : `<span class="note">${text(cell.note)}</span>`;
  const change =
    cell.change === undefined
      ? ''
      : `<span class="change ${cell.change.verdict}">${text(cell.change.text)} ${cell.change.verdict}</span>${
          cell.change.note === undefined ? '' : `<span class="note">${text(cell.change.note)}</span>`
        }`;
  return `<${tag}${attributes}><span class="main">${text(cell.text)}</span>${note}${change}</${end}>`;
}

export function legendHtml(entries: readonly LegendEntry[]): string {
  if (entries.length === 0) return '';
  const dark = darkPartners();
  const items = entries.map((entry) => {
    const shape = entry.line === undefined ? 'swatch' : `swatch line ${entry.line}`;
    return `<li><span class="${shape}" style="--light:${entry.colour};--dark:${dark[entry.colour] ?? entry.colour}"></span>${text(entry.title)}</li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}
