/** A scenario file as text: YAML with the position of everything in it, and `--set` overrides on top. */
import { parseDocument } from 'yaml';
import { assign, type Path, parsePath, pathText, startsWith } from './path.ts';
import { firstLine, type Problem, YamlText } from './yaml-text.ts';

interface Override {
  readonly path: Path;
  readonly label: string;
}

export class Source {
  readonly file: string;
  readonly problems: Problem[];
  /** False: the text is no YAML at all, and `data` means nothing. */
  readonly readable: boolean;
  readonly data: Record<string, unknown> = {};
  readonly #text: YamlText;
  readonly #overrides: Override[] = [];

  constructor(file: string, text: string, sets: readonly string[]) {
    this.file = file;
    this.#text = new YamlText(file, text);
    this.problems = [...this.#text.problems];
    const { data, start } = this.#text;
    this.readable = typeof data === 'object' && data !== null && !Array.isArray(data);
    if (!this.readable) {
      const what = 'a scenario is a mapping; allowed: name, why, cluster, workload, …';
      if (data !== undefined) this.problems.push({ where: start, text: what });
      return;
    }
    this.data = data as Record<string, unknown>;
    for (const set of sets) this.#override(set);
  }

  #override(set: string): void {
    const equals = set.indexOf('=');
    const name = equals < 0 ? set : set.slice(0, equals);
    const label = `--set ${name}`;
    const problem = this.#applied(name, equals < 0 ? undefined : set.slice(equals + 1), label);
    if (problem !== undefined) this.problems.push({ where: label, text: problem });
  }

  /** What is wrong with the override; undefined if it was done. */
  #applied(name: string, text: string | undefined, label: string): string | undefined {
    const path = parsePath(name);
    if (text === undefined) return 'has no value; allowed: --set path=value';
    if (path === undefined) return 'is not a path; allowed: e.g. workload.clients=10';
    const value = parseDocument(text, { prettyErrors: false, version: '1.2' });
    if (value.errors.length > 0) return firstLine(value.errors[0]!.message);
    const problem = assign(this.data, path, value.toJS({ maxAliasCount: 100 }));
    if (problem === undefined) this.#overrides.push({ path, label });
    return problem;
  }

  /** The override that decides a path, if any. */
  overrideOf(path: Path): string | undefined {
    return this.#overrides.findLast((override) => startsWith(path, override.path))?.label;
  }

  /** Where a path came from: `file:line:column`, or `--set path`. `atKey`: the position of its name. */
  locate(path: Path, atKey: boolean): { readonly where: string; readonly isWholePath: boolean } {
    const override = this.#overrides.findLast((candidate) => startsWith(path, candidate.path));
    if (override !== undefined) return { where: override.label, isWholePath: override.path.length === path.length };
    const found = this.#text.locate(path, atKey);
    if (!found.complete) {
      const deeper = this.#overrides.findLast((candidate) => startsWith(candidate.path, path));
      if (deeper !== undefined) return { where: deeper.label, isWholePath: false };
    }
    return { where: found.where, isWholePath: false };
  }

  /** The problem of a path as a line; the path is named unless `--set` just did. */
  problem(path: Path, text: string, atKey = false, positionPath: Path = path): Problem {
    const { where, isWholePath } = this.locate(positionPath, atKey);
    const name = pathText(path);
    return { where, text: isWholePath || name === '' ? text : `${name}: ${text}` };
  }
}
