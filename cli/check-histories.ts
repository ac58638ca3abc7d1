/** What `raftlab check` does: reads histories, searches, prints verdicts and counterexamples. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { allowedText } from '../scenarios/suggestion.ts';
import { type Counterexample, LinearizabilityCheck, type Verdict } from '../sim/linearizability/check.ts';
import { readHistory } from '../sim/linearizability/formats/index.ts';
import { describeOperation, type History, type Operation } from '../sim/linearizability/history.ts';
import { findModel, MODELS } from '../sim/linearizability/models/index.ts';
import type { Model } from '../sim/linearizability/models/model.ts';
import type { CheckOptions } from './commands/check.ts';
import { budgetMsOf } from './durations.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_UNKNOWN, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { counted } from './wording.ts';

const HISTORY_BYTES_MAX = 512 * 2 ** 20;
/** The end of the longest prefix is what people look at. */
const PREFIX_SHOWN = 10;
const PROGRESS_MS = 5_000;
const EXIT_OF: Readonly<Record<Verdict, number>> = {
  linearizable: EXIT_OK,
  'not linearizable': EXIT_FAILED,
  unknown: EXIT_UNKNOWN,
};
/** From the lightest to the gravest. */
const SEVERITY: readonly number[] = [EXIT_OK, EXIT_UNKNOWN, EXIT_FAILED];

/** All are read before the first is checked, so that a bad one does not cost the time of the others. */
export async function checkHistories(paths: readonly string[], options: CheckOptions, host: Host): Promise<number> {
  const model = modelOf(options.model);
  const timeMs = budgetMsOf('--time', options.time);
  const histories = paths.map((path) => read(path, model, host.directory));
  let interrupted = false;
  const stop = host.onInterrupt(() => {
    interrupted = true;
  });
  let code = EXIT_OK;
  try {
    for (const [i, history] of histories.entries()) {
      const name = paths.length > 1 ? `${paths[i]}: ` : '';
      const check = new LinearizabilityCheck(history, model);
      const tell = (text: string): void => {
        if (options.quiet !== true) host.error(`${name}${text}\n`);
      };
      await search(check, timeMs, () => interrupted, tell);
      if (interrupted) return EXIT_INTERRUPTED;
      host.out(`${name}${check.verdict}\n`);
      if (check.counterexample !== undefined && options.quiet !== true) host.out(explain(check.counterexample));
      const found = EXIT_OF[check.verdict!];
      if (SEVERITY.indexOf(found) > SEVERITY.indexOf(code)) code = found;
    }
    return code;
  } finally {
    stop();
  }
}

function modelOf(name: string): Model {
  const model = findModel(name);
  if (model !== undefined) return model;
  const names = MODELS.map((each) => each.name);
  throw new UsageError(`there is no model '${name}'${allowedText(name, names)}`);
}

function read(path: string, model: Model, directory: string): History {
  const reading = readHistory(readText(path, directory));
  if ('problem' in reading) throw new UsageError(`${path}:${reading.problem.line}: ${reading.problem.text}`);
  const stranger = reading.history.find(({ kind }) => !model.kinds.includes(kind));
  if (stranger !== undefined) {
    const known = model.kinds.join(', ');
    throw new UsageError(`${path}:${stranger.callLine}: ${model.name} has no "${stranger.kind}"; it has: ${known}`);
  }
  return reading.history;
}

function readText(path: string, directory: string): string {
  const file = resolve(directory, path);
  try {
    const { size } = statSync(file);
    if (size > HISTORY_BYTES_MAX) throw new UsageError(`${path}: larger than ${HISTORY_BYTES_MAX / 2 ** 20} MiB`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(code === 'ENOENT' ? `${path}: there is no such file` : `${path}: cannot be read (${code})`);
  }
}

/** Until there is a verdict, the time is over, or somebody interrupts. */
async function search(
  check: LinearizabilityCheck,
  timeMs: number,
  isInterrupted: () => boolean,
  tell: (text: string) => void,
): Promise<void> {
  const start = performance.now();
  let told = start;
  while (check.advance() === undefined) {
    await setImmediate(); // lets an interrupt in
    if (isInterrupted()) return;
    const now = performance.now();
    if (now - start > timeMs) check.giveUp();
    else if (now - told > PROGRESS_MS) {
      told = now;
      tell(`${check.done} of ${counted(check.objects, 'object')} checked after ${Math.round((now - start) / 1000)} s`);
    }
  }
}

function explain({ key, operations, prefix, state, blocked }: Counterexample): string {
  const object = key === '' ? 'the object' : `object ${key}`;
  const lines = [`${object}: ${counted(operations, 'operation')}; of these ${prefix.length} can be put in order:`];
  if (prefix.length > PREFIX_SHOWN) lines.push('  …');
  for (const operation of prefix.slice(-PREFIX_SHOWN)) lines.push(`  ${withLines(operation)}`);
  lines.push(`which leaves ${state}. Returned by then, but cannot be placed:`);
  if (blocked !== undefined) lines.push(`  ${withLines(blocked)}`);
  return `${lines.join('\n')}\n`;
}

function withLines(operation: Operation): string {
  const { callLine, returnLine } = operation;
  if (callLine === 0) return describeOperation(operation);
  const lines = returnLine === callLine || returnLine === 0 ? `line ${callLine}` : `lines ${callLine}–${returnLine}`;
  return `${describeOperation(operation)} (${lines})`;
}
