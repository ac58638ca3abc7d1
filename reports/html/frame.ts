/**
 * A page: one file that needs nothing else. The drawing code, the specs and the style stand in it, and
 * its content policy forbids the browser to load anything from anywhere.
 */
import type { PanelSpec } from '../charts/chart.ts';
import { vegaConfig } from '../charts/theme.ts';
import { darkPartners } from '../palette.ts';
import type { DrawingRuntime } from '../runtime.ts';
import { json, text } from './element.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** `unsafe-eval`: vega compiles its expressions. All `none` but what stands in the file. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";

export interface Frame {
  /** Also of the files that drawings are saved to. */
  readonly name: string;
  readonly version: string;
  /** HTML. */
  readonly header: string;
  readonly contents: string;
  readonly body: string;
  /** Terms and what they mean. */
  readonly definitions: readonly (readonly [string, string])[];
  /** A sentence on the files beside the page; may be ''. */
  readonly files: string;
  readonly specs: readonly PanelSpec[];
}

export function frameHtml(frame: Frame, runtime: DrawingRuntime): string {
  const panels = {
    name: frame.name.replace(/[^A-Za-z0-9._-]+/g, '-'),
    specs: frame.specs,
    darkPartners: darkPartners(),
    configs: {
      light: vegaConfig('light', { legend: false }),
      dark: vegaConfig('dark', { legend: false }),
      export: vegaConfig('light', { legend: true, background: '#ffffff' }),
    },
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${text(CONTENT_POLICY)}">
<meta name="generator" content="raftlab ${text(frame.version)}">
<title>${text(frame.name)} · raftlab</title>
<style>${STYLE}</style>
</head>
<body>
<div class="frame">
${frame.header}
<div class="layout">
<nav class="contents" aria-label="Contents">${frame.contents}</nav>
<main>
${frame.body}
<section aria-label="How it was measured"><h2 id="measured">How it was measured</h2><div class="cards"><div class="card full long">${definitionsHtml(frame.definitions)}</div></div></section>
<footer>Drawn by Vega and Vega-Lite, whose code and licences stand in this file; it loads nothing.${frame.files === '' ? '' : ` ${text(frame.files)}`}</footer>
</main>
</div>
</div>
<script type="text/plain" id="licences">${text(runtime.licences)}</script>
<script type="application/json" id="panels">${json(panels)}</script>
${runtime.scripts.map((script) => `<script>${script}</script>`).join('\n')}
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function definitionsHtml(definitions: Frame['definitions']): string {
  return `<dl class="definitions">${definitions.map(([term, meaning]) => `<dt>${text(term)}</dt><dd>${text(meaning)}</dd>`).join('')}</dl>`;
}
