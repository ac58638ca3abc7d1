/** The page's style sheet. Light and dark by the reader's setting; from 320 px up; printable. */
import { FONT } from '../charts/theme.ts';

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --text: #1d2430; --muted: #5a6575; --rule: #dfe3e9; --soft: #eef1f5;
  --accent: #1f6fb4; --good: #0b6e5a; --good-soft: #e2f3ee; --bad: #b3361e; --bad-soft: #fbe9e4; --even: #5a6575; --warn: #8a5a00; --warn-soft: #fbf1dc;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f1319; --card: #171c24; --text: #e6eaf0; --muted: #9aa6b6; --rule: #2b333f; --soft: #1f2630;
    --accent: #6fb3ea; --good: #5fd0b2; --good-soft: #12332c; --bad: #ff9a85; --bad-soft: #3b1d17; --even: #9aa6b6; --warn: #e8bd67; --warn-soft: #352a12;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 16px; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 ${FONT}; font-variant-numeric: tabular-nums; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.frame { max-width: 1480px; margin: 0 auto; padding: 28px 32px 64px; }
header.top { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px 40px; }
@media (min-width: 1180px) { header.top.split { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } }
header.top > div { min-width: 0; }
header.top .card + .card { margin-top: 16px; }
.eyebrow { margin: 0 0 4px; font-size: 12px; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; color: var(--muted); }
h1 { margin: 0 0 8px; font-size: 32px; line-height: 1.15; font-weight: 680; letter-spacing: -.015em; overflow-wrap: anywhere; }
.why { margin: 0 0 18px; font-size: 17px; line-height: 1.5; max-width: 76ch; overflow-wrap: anywhere; }
dl.facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 0 0 20px; }
dl.facts div { min-width: 0; }
dl.facts dt { font-size: 12px; color: var(--muted); }
dl.facts dd { margin: 0; font-weight: 560; overflow-wrap: anywhere; }
.verdict { display: flex; gap: 12px; align-items: baseline; margin: 0 0 12px; padding: 12px 16px; border-radius: 8px; font-size: 17px; font-weight: 620; }
.verdict .mark { font-weight: 700; }
.verdict.passed { background: var(--good-soft); color: var(--good); }
.verdict.failed { background: var(--bad-soft); color: var(--bad); }
.verdict.partial { background: var(--warn-soft); color: var(--warn); }
.layout { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 40px; margin-top: 28px; }
nav.contents { display: none; }
@media (min-width: 1180px) {
  .layout { grid-template-columns: 184px minmax(0, 1fr); }
  nav.contents { display: block; position: sticky; top: 20px; align-self: start; max-height: calc(100vh - 40px); overflow-y: auto; font-size: 13px; line-height: 1.35; }
}
nav.contents p { margin: 16px 0 4px; font-size: 11px; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; color: var(--muted); }
nav.contents p:first-child { margin-top: 2px; }
nav.contents a { display: block; padding: 3px 0; color: var(--text); }
nav.contents a:hover { color: var(--accent); }
h2 { margin: 40px 0 14px; font-size: 21px; line-height: 1.25; font-weight: 660; letter-spacing: -.01em; }
main > section:first-child h2 { margin-top: 0; }
h3 { margin: 0; font-size: 16px; line-height: 1.3; font-weight: 640; }
h4 { margin: 14px 0 2px; font-size: 13px; font-weight: 600; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
.card { min-width: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 18px 20px 14px; }
@media (min-width: 1000px) {
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .card.full { grid-column: 1 / -1; }
}
.caption { margin: 3px 0 0; font-size: 13px; line-height: 1.45; color: var(--muted); max-width: 92ch; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0 4px; padding: 0; list-style: none; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; min-width: 0; overflow-wrap: anywhere; }
.swatch { flex: none; width: 12px; height: 12px; border-radius: 3px; background: var(--light); }
.swatch.line { height: 0; width: 20px; border-radius: 0; background: none; border-top: 2.5px solid var(--light); }
.swatch.line.dashed { border-top-style: dashed; }
@media screen and (prefers-color-scheme: dark) {
  .swatch { background: var(--dark); }
  .swatch.line { background: none; border-top-color: var(--dark); }
}
.panel { position: relative; width: 100%; margin-top: 8px; min-height: 40px; overflow: hidden; }
.panel svg { display: block; max-width: 100%; height: auto; }
.panel .failed { color: var(--bad); font-size: 13px; }
.scroll { overflow-x: auto; margin: 12px -20px 0; padding: 0 20px; }
.beside { display: flex; flex-wrap: wrap; gap: 0 64px; }
.beside > div { min-width: 0; max-width: 100%; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
table { border-collapse: separate; border-spacing: 0; font-size: 13.5px; line-height: 1.4; }
th, td { padding: 6px 14px 6px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: 12px; font-weight: 560; color: var(--muted); vertical-align: bottom; border-bottom-color: var(--muted); }
tbody th { font-weight: 560; }
tbody tr:last-child > * { border-bottom: none; }
tbody tr:hover > * { background: var(--soft); }
.number { text-align: right; }
th[scope="row"], thead th:first-child { position: sticky; left: -20px; background: var(--card); z-index: 1; }
.long { white-space: normal; overflow-wrap: anywhere; min-width: 22ch; }
thead th { white-space: normal; }
thead th:first-child { white-space: nowrap; }
tbody tr:hover > th[scope="row"] { background: var(--soft); }
td .main { display: block; }
.note { display: block; font-size: 12px; color: var(--muted); font-weight: 400; }
.change { display: inline-block; margin-top: 3px; padding: 0 7px; border-radius: 9px; font-size: 12px; line-height: 18px; font-weight: 560; background: var(--soft); color: var(--even); }
.change.better { background: var(--good-soft); color: var(--good); }
.change.worse { background: var(--bad-soft); color: var(--bad); }
table.headline { font-size: 14px; min-width: 100%; }
table.headline thead th { max-width: 13ch; }
table.headline td, table.headline tbody th { padding-top: 10px; padding-bottom: 10px; }
table.headline td .main { font-size: 17px; font-weight: 620; letter-spacing: -.01em; }
table.headline tbody th { font-size: 15px; }
table.hash { font-size: 12.5px; }
table.hash th, table.hash td { padding-right: 7px; }
table.hash td:last-child { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 11.5px; padding-right: 0; }
table.expectations { min-width: 100%; }
table.expectations td:nth-child(3) { white-space: normal; overflow-wrap: anywhere; min-width: 24ch; }
table.expectations th[scope="row"] { width: 24px; font-weight: 700; }
table.expectations tr.kept th[scope="row"] { color: var(--good); }
table.expectations tr.broken > * { color: var(--bad); }
.violation { padding: 12px 0; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
.violation:last-child { border-bottom: none; }
.violation p { margin: 0 0 4px; }
.violation .where { font-size: 13px; color: var(--muted); }
pre.command { margin: 6px 0 0; padding: 10px 14px; background: var(--soft); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.title { display: flex; gap: 16px; align-items: baseline; justify-content: space-between; }
.tools { display: flex; flex: none; gap: 12px; font-size: 12px; opacity: .75; }
details { margin-top: 10px; font-size: 12.5px; min-width: 0; }
summary { width: fit-content; cursor: pointer; color: var(--muted); }
summary:hover { color: var(--accent); }
.tools button { font: inherit; color: var(--muted); background: none; border: none; padding: 0; cursor: pointer; }
.tools button:hover { color: var(--accent); text-decoration: underline; }
dl.definitions { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2px 24px; margin: 0; font-size: 14px; }
dl.definitions dt { font-weight: 620; margin-top: 10px; }
dl.definitions dd { margin: 0; max-width: 92ch; color: var(--text); }
@media (min-width: 760px) {
  dl.definitions { grid-template-columns: 210px minmax(0, 1fr); gap: 10px 24px; }
  dl.definitions dt { margin-top: 0; }
}
footer { margin-top: 40px; font-size: 12.5px; color: var(--muted); }
#tip { position: fixed; z-index: 10; pointer-events: none; max-width: min(340px, 90vw); padding: 7px 10px; border-radius: 6px; background: var(--text); color: var(--card); font-size: 12px; line-height: 1.4; box-shadow: 0 4px 16px rgb(0 0 0 / .2); }
#tip[hidden] { display: none; }
#tip div { display: flex; gap: 14px; justify-content: space-between; }
#tip span:first-child { opacity: .72; }
#tip span:last-child { font-weight: 560; text-align: right; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  .frame { padding: 18px 14px 48px; }
  h1 { font-size: 25px; }
  .why { font-size: 15.5px; }
  .card { padding: 14px 14px 12px; border-radius: 8px; }
  .scroll { margin: 12px -14px 0; padding: 0 14px; }
  th[scope="row"], thead th:first-child { left: -14px; }
  .long { min-width: 18ch; }
  th, td { padding-right: 10px; }
  table.expectations td { font-size: 12.5px; }
  table.expectations td:nth-child(3) { min-width: 20ch; }
  th[scope="row"].long { font-size: 12.5px; min-width: 15ch; }
  .verdict { font-size: 15.5px; padding: 10px 12px; }
}
@media print {
  :root { --page: #fff; --card: #fff; }
  .frame { max-width: none; padding: 0; }
  .layout { display: block; }
  nav.contents, .tools, #tip, details:not([open]) { display: none !important; }
  .card { break-inside: avoid; border: none; padding: 0 0 12px; }
  .card.long { break-inside: auto; }
  .scroll { overflow: visible; margin: 12px 0 0; padding: 0; }
  table { font-size: 10px; }
  th, td { white-space: normal; padding-right: 8px; }
  h2, h3, h4 { break-after: avoid; }
  .verdict, .change, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
