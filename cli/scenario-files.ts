/** A scenario argument: the path of a file, or the name of a scenario that comes with raftlab. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { ReadFile } from '../scenarios/proxying.ts';
import { allowedText } from '../scenarios/suggestion.ts';
import { UsageError } from './exit-codes.ts';
import { shippedScenarioFile, shippedScenarios } from './package.ts';

export interface ScenarioFile {
  /** As it is called in messages. */
  readonly label: string;
  /** As the user wrote it: what a reproducing command line repeats. */
  readonly argument: string;
  readonly text: string;
  /** Of what the scenario names: by its path from the scenario's folder. */
  readonly readFile: ReadFile;
}

export function readScenarioFile(argument: string, directory: string): ScenarioFile {
  const path = resolve(directory, argument);
  if (existsSync(path) && statSync(path).isFile()) return scenarioFile(path, argument, argument);
  const looksLikePath = argument.includes('/') || /\.ya?ml$/.test(argument);
  if (looksLikePath) throw new UsageError(`${argument}: there is no such file`);
  const names = shippedScenarios();
  if (!names.includes(argument)) {
    throw new UsageError(`there is no file and no scenario '${argument}'${allowedText(argument, names)}`);
  }
  const file = shippedScenarioFile(argument);
  return scenarioFile(file, basename(file), argument);
}

function scenarioFile(path: string, label: string, argument: string): ScenarioFile {
  return { label, argument, text: read(path, argument), readFile: (name) => readBeside(path, label, name) };
}

/** From the folder of the scenario at `path`, which messages call `label`. */
export function readBeside(path: string, label: string, name: string): ReturnType<ReadFile> {
  const file = resolve(dirname(path), name);
  if (!existsSync(file) || !statSync(file).isFile()) {
    return { ok: false, problem: "is no file; allowed: a path from the scenario's folder" };
  }
  try {
    const shown = isAbsolute(name) ? name : join(dirname(label), name);
    return { ok: true, label: shown, text: readFileSync(file, 'utf8') };
  } catch (error) {
    return { ok: false, problem: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

function read(path: string, argument: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${argument}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
