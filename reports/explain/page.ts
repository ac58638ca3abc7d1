/** `explain-….html`: one run, explained in a file that needs nothing else and loads nothing. */

import { MESSAGE_NAMES } from '../../sim/nodes/raft/messages.ts';
import { MESSAGE_KINDS, REPLY_STATUSES } from '../../sim/replay/message-log.ts';
import { NODE_ROLES } from '../../sim/replay/node-log.ts';
import { OPERATIONS } from '../../sim/rpc.ts';
import { formatNumber, formatSeconds } from '../format.ts';
import { json, text } from '../html/element.ts';
import { STYLE } from '../html/style.ts';
import { diskPaints, messagePaints, operationPaints, type Paint, rolePaints } from '../palette.ts';
import type { Explanation } from './explanation.ts';
import { SCRIPT } from './script/index.ts';
import { EXPLAIN_STYLE } from './style.ts';

const CONTENT_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export function renderExplanation(run: Explanation): string {
  const names = {
    kinds: MESSAGE_KINDS,
    types: MESSAGE_NAMES,
    statuses: REPLY_STATUSES,
    roles: NODE_ROLES,
    operationNames: OPERATIONS,
    messagePaints: messagePaints(),
    rolePaints: rolePaints(),
    diskPaints: diskPaints(),
    operationPaints: operationPaints(),
  };
  const title = `${run.scenario} · ${run.result.variant}, seed ${run.result.seed}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${text(CONTENT_POLICY)}">
<meta name="generator" content="raftlab ${text(run.version)}">
<title>${text(title)} · raftlab explain</title>
<style>${STYLE}${EXPLAIN_STYLE}</style>
</head>
<body>
<div class="frame">
${headerHtml(run)}
<div class="layout single"><main>
<div class="cards">
${picturesHtml(run)}
${storyHtml(run)}
${pickedHtml()}
${readingHtml()}
</div>
<footer>Written by raftlab ${text(run.version)}. The file holds all that it shows and loads nothing.</footer>
</main></div>
</div>
<div id="tip" class="facts-list" hidden></div>
<script type="application/json" id="run">${json({ run, ...names })}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function headerHtml(run: Explanation): string {
  const { result, complaint } = run;
  const facts: [string, string][] = [
    ['variant', result.variant],
    ['seed', String(result.seed)],
    ['engine', result.engine],
    ['nodes', String(run.nodes.length)],
    ['events', formatNumber(result.events)],
    ['virtual time', formatSeconds(result.virtualTimeNs)],
    ['trace hash', result.traceHash],
  ];
  const outcome = complaint === undefined ? 'passed' : complaint.because === '' ? 'failed' : 'partial';
  const mark = { passed: '✓', failed: '✗', partial: '…' }[outcome];
  const verdict =
    complaint === undefined
      ? 'No check complained.'
      : `${complaint.check}: ${complaint.what}${complaint.because === '' ? '' : ` (excused: ${complaint.because})`}`;
  const where =
    complaint === undefined
      ? ''
      : `<p class="demand">${text(complaint.demand)} Seen at ${(complaint.at / 1e9).toFixed(9)} s, event ${formatNumber(complaint.event)}; the nodes were: ${text(complaint.roles)}.</p>`;
  return `<header class="top split">
<div>
<p class="eyebrow">raftlab ${text(run.version)} · one run explained</p>
<h1>${text(run.scenario)}</h1>
${run.why === '' ? '' : `<p class="why">${text(run.why)}</p>`}
<p class="verdict ${outcome}"><span class="mark" aria-hidden="true">${mark}</span><span>${text(verdict)}</span></p>
${where}
</div>
<div>
<ul class="reason">${run.reason.map((sentence) => `<li>${text(sentence)}</li>`).join('')}</ul>
<dl class="facts">${facts.map(([term, value]) => `<div><dt>${text(term)}</dt><dd>${text(value)}</dd></div>`).join('')}</dl>
${lineHtml('line-run', 'The run again', run.lines.run)}
${lineHtml('line-replay', 'This part of it, step by step', run.lines.replay)}
</div>
</header>`;
}

function lineHtml(id: string, name: string, line: string): string {
  return `<div class="line"><span class="name">${text(name)}</span><pre class="command" id="${id}">${text(line)}</pre><button type="button" class="plain" data-copy="${id}">copy</button></div>`;
}

function picturesHtml(run: Explanation): string {
  const kinds = MESSAGE_KINDS.map((kind, i) => checkbox(`data-kind="${kind}"`, KIND_TITLES[i]!, messagePaints()[i]!));
  const lanes = [...run.nodes, 'clients'].map((lane) => checkbox(`data-lane="${lane}"`, lane));
  const shown = run.messages.sent!.length;
  const sent =
    run.sent > shown || run.window[0] > 0
      ? `Of ${formatNumber(run.sent)} bundles of messages those between ${(run.window[0] / 1e9).toFixed(6)} s and ${(run.window[1] / 1e9).toFixed(6)} s are here.`
      : 'All of the run is here.';
  const key = run.operations.theKey;
  return `<article class="card full pictures"><div class="title"><h3>What happened</h3></div>
<p class="caption">${text(sent)} Drag to move, <kbd>Ctrl</kbd> and the wheel to zoom (after a click into a picture the wheel alone); with the keyboard <kbd>←</kbd> <kbd>→</kbd> <kbd>+</kbd> <kbd>−</kbd>, <kbd>n</kbd> <kbd>p</kbd> from message to message. The address keeps the view.</p>
<div class="bar">
<button type="button" class="plain" data-key="v">what is in question</button>
<button type="button" class="plain" data-key="a">all that is here</button>
<button type="button" class="plain" data-key="-" aria-label="zoom out">−</button>
<button type="button" class="plain" data-key="+" aria-label="zoom in">+</button>
<span class="range" id="range"></span>
</div>
<div><canvas id="overview" tabindex="0" role="img" aria-label="The whole run: messages over time, leaders, faults, and the part that is looked at"></canvas></div>
<div class="bar"><fieldset><legend>messages</legend>${kinds.join('')}</fieldset></div>
<div class="bar"><fieldset><legend>lanes</legend>${lanes.join('')}</fieldset></div>
<p class="caption note-line" id="note" aria-live="polite"></p>
<div><canvas id="lanes" tabindex="0" role="img" aria-label="Space-time diagram: nodes as lanes, messages between them; the list below says the same in words"></canvas></div>
<h4>Disks: bytes written, and a tick for each sync</h4>
<p class="caption">${legend()} <span id="disk-scale"></span></p>
<div><canvas id="disks" tabindex="0" role="img" aria-label="Bytes that each node wrote, over time"></canvas></div>
<h4>Operations${key < 0 ? '' : ` on key ${key}, numbered in the order that was found`}</h4>
<div class="bar">${key < 0 ? '' : `<label><input type="checkbox" data-keys> all keys</label>`}<span class="caption" id="operations-note"></span></div>
<div><canvas id="operations" tabindex="0" role="img" aria-label="Operations of clients as bars from call to return"></canvas></div>
</article>`;
}

/** In the order of `MESSAGE_KINDS`. */
const KIND_TITLES = ['requests', 'replies', 'append', 'ack', 'heartbeat', 'vote', 'snapshot', 'read index', 'other'];

function checkbox(attribute: string, title: string, paint?: Paint): string {
  return `<label><input type="checkbox" ${attribute} checked>${paint === undefined ? '' : swatch(paint)}${text(title)}</label>`;
}

function swatch({ light, dark }: Paint): string {
  return `<span class="swatch" style="--light:${light};--dark:${dark}"></span>`;
}

function legend(): string {
  const titles = ['Raft log', 'store', 'snapshots'];
  return diskPaints()
    .map((paint, i) => `<span class="legend-item">${swatch(paint)} ${titles[i]}</span>`)
    .join(' ');
}

function storyHtml(run: Explanation): string {
  const lines = run.story.map(
    ({ at, kind, text: what }) =>
      `<li class="${kind}"><button type="button" data-at="${at}">${(at / 1e9).toFixed(6)} s</button><span>${text(what)}</span></li>`,
  );
  const left = run.storyLeft === 0 ? '' : ` ${run.storyLeft} moments farther away are left out.`;
  return `<article class="card" id="story"><div class="title"><h3>In words</h3></div>
<p class="caption">A time leads to its place in the picture.${left}</p><ol class="story" id="story-lines" tabindex="0" aria-label="What happened, in order">${lines.join('\n')}</ol></article>`;
}

function pickedHtml(): string {
  return `<article class="card"><div class="title"><h3>Picked</h3></div><div id="details" class="facts-list" aria-live="polite"></div></article>`;
}

function readingHtml(): string {
  const roles = NODE_ROLES.slice(0, 4).map(
    (role, i) => `<span class="legend-item">${swatch(rolePaints()[i]!)} ${role}</span>`,
  );
  const terms: [string, string][] = [
    [
      'lanes',
      `A lane is a node, its band what it was: ${roles.join(' ')}; no band where it was down. Ticks below it: its commit index grows (c17: up to entry 17).`,
    ],
    [
      'messages',
      'From the moment of sending to that of arrival. A cross: lost, its connection ended before it arrived. Dashed: still under way at the end. A partition does not lose what was sent, as TCP does not: it arrives late, when the partition heals in time. What a node wanted to send without a connection is not drawn.',
    ],
    ['faults', 'Shaded while in force, over the lane of the one node they touch, or over all.'],
    [
      'operations',
      'A bar from call to return; dashed: its outcome is unknown, or it had none. v1, v2 …: values in the order in which they were put. Dots: where each operation may have taken effect, in an order in which each read sees the last write before it, as far as there is one. Red: the operation that fits nowhere.',
    ],
    [
      'disks',
      'Bytes at the moment when they are handed to the file system, and syncs when they are asked for; the time that both take follows.',
    ],
  ];
  return `<article class="card full"><div class="title"><h3>How to read it</h3></div><dl class="definitions">${terms.map(([term, meaning]) => `<dt>${term}</dt><dd>${meaning}</dd>`).join('')}</dl></article>`;
}
