/** What runs in the page: one script that loads nothing and keeps nothing but the address. */
import { BELOW_SCRIPT } from './below.ts';
import { CANVAS_SCRIPT } from './canvas.ts';
import { INPUT_SCRIPT } from './input.ts';
import { LANES_SCRIPT } from './lanes.ts';
import { MESSAGES_SCRIPT } from './messages.ts';
import { STATE_SCRIPT } from './state.ts';

const BEGIN = `
(() => {
  'use strict';
  const { run, ...names } = JSON.parse(document.getElementById('run').textContent);
  const CLIENTS = run.nodes.length;
  const DOWN = 4;
  const [UNDER_WAY, DELIVERED, LOST] = [0, 1, 2];
  /** A narrow picture begins with the last part, as far as what is in question allows. */
  function startOf({ view: [from, to], focus }) {
    return window.innerWidth < 640 ? [Math.max(from, Math.min(focus[0], to - (to - from) * 0.35)), to] : [from, to];
  }
  const page = {
    ...names,
    view: startOf(run),
    window: run.window,
    lanes: [...run.nodes, 'clients'],
    messages: run.messages.sent.length,
    operations: run.operations.called.length,
    theKey: run.operations.theKey,
    pick: run.pick,
  };
  const byId = (id) => document.getElementById(id);
  const [note, range, details, diskScale, operationsNote] = ['note', 'range', 'details', 'disk-scale', 'operations-note'].map(byId);
  let state;
  /** Where the pointer is; undefined: nowhere. */
  let cursor;
`;

const AFTER_CANVAS = `
  const panels = {
    overview: new Panel('overview', () => [0, run.result.virtualTimeNs]),
    lanes: new Panel('lanes', () => state.view),
    disks: new Panel('disks', () => state.view),
    operations: new Panel('operations', () => state.view),
  };
  const { operations } = run;
  const moments = [];
  const illegal = operations.part.indexOf(1);
  if (run.complaint !== undefined) moments.push({ at: run.complaint.at, text: run.complaint.because === '' ? 'violation seen: ' + run.complaint.check : 'excused: ' + run.complaint.check, colour: () => tones.bad });
  if (illegal >= 0 && operations.ended[illegal] >= 0) moments.push({ at: operations.ended[illegal], text: 'the client is told what cannot be', colour: () => tones.bad });
`;

export const SCRIPT = [
  BEGIN,
  STATE_SCRIPT,
  CANVAS_SCRIPT,
  AFTER_CANVAS,
  LANES_SCRIPT,
  MESSAGES_SCRIPT,
  BELOW_SCRIPT,
  INPUT_SCRIPT,
  '})();\n',
].join('');
