/** What the page of a run has beyond the reports' style sheet. */
export const EXPLAIN_STYLE = `
main { min-width: 0; }
.layout.single { grid-template-columns: minmax(0, 1fr); }
.reason { margin: 0 0 12px; padding: 0; list-style: none; font-size: 15.5px; max-width: 92ch; }
.reason li { margin: 0 0 5px; overflow-wrap: anywhere; }
.demand { margin: 0 0 10px; color: var(--muted); max-width: 92ch; }
.line { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: start; margin: 6px 0 0; }
.line pre.command { margin: 0; }
.line .name { grid-column: 1 / -1; font-size: 12px; color: var(--muted); margin-bottom: -4px; }
button.plain { font: inherit; font-size: 13px; color: var(--text); background: var(--soft); border: 1px solid var(--rule); border-radius: 6px; padding: 5px 11px; cursor: pointer; }
button.plain:hover { border-color: var(--accent); color: var(--accent); }
.bar { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin: 10px 0 2px; font-size: 13px; }
.bar .range { color: var(--muted); }
.bar fieldset { display: contents; }
.bar legend { float: left; font-weight: 600; font-size: 12px; color: var(--muted); }
.bar label { display: inline-flex; align-items: center; gap: 5px; cursor: pointer; white-space: nowrap; }
.bar input { margin: 0; accent-color: var(--accent); }
canvas { display: block; width: 100%; height: 60px; touch-action: pan-y; border-radius: 4px; }
canvas:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.bar .swatch, .legend-item .swatch { display: inline-block; vertical-align: -1px; }
.legend-item { white-space: nowrap; margin-right: 8px; }
.pictures > h4 { margin-top: 16px; }
.note-line { min-height: 1.45em; }
.facts-list div { display: grid; grid-template-columns: 10ch minmax(0, 1fr); gap: 12px; font-size: 13.5px; padding: 2px 0; }
.facts-list div span:first-child { color: var(--muted); }
.facts-list div span:first-child:empty { display: none; }
.facts-list div span:first-child:empty + span { grid-column: 1 / -1; font-weight: 600; }
.facts-list { color: var(--muted); font-size: 13.5px; }
.facts-list div { color: var(--text); }
#tip span:first-child:empty + span { text-align: left; }
.story { margin: 10px 0 0; padding: 0; list-style: none; font-size: 13.5px; max-height: 460px; overflow-y: auto; }
.story li { display: grid; grid-template-columns: 11ch minmax(0, 1fr); gap: 12px; padding: 3px 0 3px 8px; border-left: 3px solid transparent; overflow-wrap: anywhere; }
.story button { font: inherit; color: var(--accent); background: none; border: none; padding: 0; text-align: right; cursor: pointer; }
.story button:hover { text-decoration: underline; }
.story .fault { border-left-color: var(--warn); }
.story .entry { border-left-color: var(--accent); }
.story .client { border-left-color: var(--good); }
.story .violation { border-left-color: var(--bad); color: var(--bad); font-weight: 600; padding-top: 3px; padding-bottom: 3px; border-bottom: none; }
kbd { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; border: 1px solid var(--rule); border-radius: 4px; padding: 0 5px; background: var(--soft); }
@media (max-width: 640px) {
  .story li { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .story button { text-align: left; }
  .bar { gap: 8px 10px; }
}
@media print { .bar, .line button { display: none; } }
`;
