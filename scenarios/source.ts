/**
 * A scenario file as text: YAML with the position of everything in it, and `--set` overrides on top.
 * Positions are counted from 1. Limits: 1 MiB of text, 100 aliases (the parser's guard against bombs).
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { assign, type Path, parsePath, pathText, startsWith } from './path.ts';

const TEXT_LENGTH_MAX = 1 << 20;

/** What is wrong, as a line for people. `where` is `file:line:column` or the option it came from. */
export interface Problem {
  readonly where: string;
  readonly text: string;
}

interface Override {
  readonly path: Path;
  readonly label: string;
}

export class Source {
  readonly problems: Problem[] = [];
  /** False: the text is no YAML at all, and `data` means nothing. */
  readonly readable: boolean;
  readonly data: Record<string, unknown> = {};
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #root: Node | null = null;
  readonly #overrides: Override[] = [];
  readonly #resolve: (node: unknown) => unknown = (node) => node;

  constructor(file: string, text: string, sets: readonly string[]) {
    this.#file = file;
    this.readable = false;
    if (text.length > TEXT_LENGTH_MAX) {
      this.problems.push({ where: `${file}:1:1`, text: `the file is larger than ${TEXT_LENGTH_MAX} characters` });
      return;
    }
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2' });
    this.#resolve = (node) => (isAlias(node) ? node.resolve(document) : node);
    this.#root = document.contents as Node | null;
    for (const error of document.errors) {
      const what = error.code === 'DUPLICATE_KEY' ? 'this field is here twice' : firstLine(error.message);
      this.problems.push({ where: this.#position(error.pos[0]), text: what });
    }
    if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return;
    let data: unknown;
    try {
      data = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      this.problems.push({ where: `${file}:1:1`, text: firstLine((error as Error).message) });
      return;
    }
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      this.problems.push({
        where: `${file}:1:1`,
        text: 'a scenario is a mapping; allowed: name, why, cluster, workload, …',
      });
      return;
    }
    this.readable = true;
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
    const found = this.#find(path, atKey);
    if (!found.complete) {
      const deeper = this.#overrides.findLast((candidate) => startsWith(candidate.path, path));
      if (deeper !== undefined) return { where: deeper.label, isWholePath: false };
    }
    return { where: this.#position(found.offset), isWholePath: false };
  }

  /** The problem of a path as a line; the path is named unless `--set` just did. */
  problem(path: Path, text: string, atKey = false, positionPath: Path = path): Problem {
    const { where, isWholePath } = this.locate(positionPath, atKey);
    const name = pathText(path);
    return { where, text: isWholePath || name === '' ? text : `${name}: ${text}` };
  }

  /** The deepest part of the path that is in the file. */
  #find(path: Path, atKey: boolean): { offset: number; complete: boolean } {
    let node = this.#resolve(this.#root);
    let offset = startOf(this.#root) ?? 0;
    for (const [depth, segment] of path.entries()) {
      let child: unknown;
      let keyOffset: number | undefined;
      if (isMap(node)) {
        const pair = node.items.find((item) => keyText(item) === String(segment));
        child = pair?.value;
        keyOffset = startOf(pair?.key);
        if (pair === undefined) return { offset, complete: false };
      } else if (isSeq(node) && typeof segment === 'number') {
        child = node.items[segment];
        if (child === undefined) return { offset, complete: false };
      } else {
        return { offset, complete: false };
      }
      const isLast = depth === path.length - 1;
      // a value that is missing or a block is best found by its key
      const resolved = this.#resolve(child);
      const useKey = (isLast && atKey) || !isScalar(resolved);
      offset = (useKey ? (keyOffset ?? startOf(child)) : (startOf(child) ?? keyOffset)) ?? offset;
      node = resolved;
    }
    return { offset, complete: true };
  }

  #position(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function firstLine(message: string): string {
  return message.split('\n')[0]!;
}
