/**
 * The file format of cockroachdb/datadriven, in which etcd's raft keeps its tests: commands with
 * arguments, optional input lines, `----`, and the expected output up to a blank line.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Argument {
  readonly key: string;
  readonly values: readonly string[];
}

export interface Command {
  readonly line: number;
  readonly name: string;
  readonly arguments: readonly Argument[];
  readonly input: string;
  readonly expected: string;
}

export const TESTDATA = join(import.meta.dirname, '../../../shared/conformance/raft');
export const TESTDATA_MISSING = existsSync(TESTDATA)
  ? ''
  : 'skipped: the conformance data is not beside the repository (../shared/conformance/raft)';

export function testdataFiles(directory: string): string[] {
  if (TESTDATA_MISSING !== '') return [];
  const path = join(TESTDATA, directory);
  return readdirSync(path)
    .filter((name) => name.endsWith('.txt'))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => join(path, name));
}

export function parseFile(path: string): Command[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const commands: Command[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!.trim();
    if (line === '' || line.startsWith('#')) {
      at++;
      continue;
    }
    const number = at + 1;
    const words = splitCommand(line);
    const input: string[] = [];
    for (at++; at < lines.length && lines[at] !== '----'; at++) input.push(lines[at]!);
    const expected: string[] = [];
    for (at++; at < lines.length && lines[at] !== ''; at++) expected.push(lines[at]!);
    commands.push({
      line: number,
      name: words[0]!,
      arguments: words.slice(1).map(parseArgument),
      input: input.join('\n').trim(),
      expected: expected.join('\n'),
    });
  }
  return commands;
}

/** At blanks, but not inside of parentheses: `cfg=(1, 2)` is one argument. */
function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let depth = 0;
  for (const char of line) {
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (char === ' ' && depth === 0) {
      if (word !== '') words.push(word);
      word = '';
    } else word += char;
  }
  if (word !== '') words.push(word);
  return words;
}

function parseArgument(word: string): Argument {
  const equals = word.indexOf('=');
  if (equals < 0) return { key: word, values: [] };
  const value = word.slice(equals + 1);
  if (!value.startsWith('(')) return { key: word.slice(0, equals), values: [value] };
  const inner = value.slice(1, -1).trim();
  return { key: word.slice(0, equals), values: inner === '' ? [] : inner.split(',').map((one) => one.trim()) };
}

export function argument(command: Command, key: string): readonly string[] {
  return command.arguments.find((one) => one.key === key)?.values ?? [];
}

/** The numbers among the arguments without a value. */
export function ids(command: Command): number[] {
  return command.arguments
    .filter((one) => one.values.length === 0 && /^\d+$/.test(one.key))
    .map((one) => Number(one.key));
}
