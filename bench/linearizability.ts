/**
 * The search for an order, on histories that others recorded: those of Jepsen on etcd which Porcupine's author checked
 * (102 of them in 1.3 s on two cores, as published in 2017), and Porcupine's own of a key-value store.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LinearizabilityCheck } from '../sim/linearizability/check.ts';
import { readHistory } from '../sim/linearizability/formats/index.ts';
import type { History } from '../sim/linearizability/history.ts';
import { kvAppend } from '../sim/linearizability/models/kv-append.ts';
import type { Model } from '../sim/linearizability/models/model.ts';
import { casRegister } from '../sim/linearizability/models/register.ts';
import { type Row, secondsOf, timed } from './measure.ts';

const FOLDER = '../shared/conformance/linearizability';
const PORCUPINE = { histories: 102, seconds: 1.3 };

function historiesIn(folder: string, extension: string): { readonly name: string; readonly history: History }[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(extension));
  return names.map((name) => {
    const reading = readHistory(readFileSync(join(folder, name), 'utf8'));
    if ('problem' in reading) throw new Error(`bench: ${name}:${reading.problem.line}: ${reading.problem.text}`);
    return { name, history: reading.history };
  });
}

function decide(history: History, model: Model): void {
  const check = new LinearizabilityCheck(history, model);
  while (check.advance() === undefined);
}

export function linearizabilityBench(): Row[] {
  const folder = resolve(FOLDER);
  if (!existsSync(folder)) {
    console.log(`linearizability: left out, there is no folder ${FOLDER}`);
    return [];
  }
  const rows: Row[] = [];
  const { made: histories, seconds: reading } = timed(() => historiesIn(join(folder, 'jepsen'), '.log'));
  const deciding = (): number =>
    secondsOf(() => {
      for (const { history } of histories) decide(history, casRegister);
    });
  for (const [which, seconds] of [
    ['first time', deciding()],
    ['again', deciding()],
  ] as const) {
    rows.push({
      what: `${histories.length} histories of Jepsen on etcd, ${which}`,
      value: seconds,
      unit: 'CPU s',
      target: Number(((PORCUPINE.seconds * histories.length) / PORCUPINE.histories).toPrecision(2)),
      atMost: true,
      remarks: `reading them ${reading.toFixed(2)} s; Porcupine: ${PORCUPINE.histories} in ${PORCUPINE.seconds} s on two cores`,
    });
  }
  for (const { name, history } of historiesIn(join(folder, 'kv'), '.txt')) {
    rows.push({
      what: `key-value history ${name}, ${history.length} operations`,
      value: secondsOf(() => decide(history, kvAppend)),
      unit: 'CPU s',
    });
  }
  return rows;
}
