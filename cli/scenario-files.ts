/** A scenario argument: the path of a file, or the name of a scenario that comes with raftlab. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { allowedText } from '../scenarios/suggestion.ts';
import { UsageError } from './exit-codes.ts';
import { shippedScenarioFile, shippedScenarios } from './package.ts';

export interface ScenarioFile {
  /** As it is called in messages. */
  readonly label: string;
  /** As the user wrote it: what a reproducing command line repeats. */
  readonly argument: string;
  readonly text: string;
}

export function readScenarioFile(argument: string, directory: string): ScenarioFile {
  const path = resolve(directory, argument);
  if (existsSync(path) && statSync(path).isFile()) return { label: argument, argument, text: read(path, argument) };
  const looksLikePath = argument.includes('/') || /\.ya?ml$/.test(argument);
  if (looksLikePath) throw new UsageError(`${argument}: there is no such file`);
  const names = shippedScenarios();
  if (!names.includes(argument)) {
    throw new UsageError(`there is no file and no scenario '${argument}'${allowedText(argument, names)}`);
  }
  const file = shippedScenarioFile(argument);
  return { label: basename(file), argument, text: read(file, argument) };
}

function read(path: string, argument: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${argument}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
