/**
 * A YAML text with the position of everything in it. Positions are counted from 1. Limits: 1 MiB of text, 100 aliases
 * (the parser's guard against bombs).
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { Path } from './path.ts';

const TEXT_LENGTH_MAX = 1 << 20;

/** What is wrong, as a line for people. `where` is `file:line:column` or the option it came from. */
export interface Problem {
  readonly where: string;
  readonly text: string;
}

export class YamlText {
  readonly problems: Problem[] = [];
  /** Plain; undefined if the text is no YAML at all. */
  readonly data: unknown;
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document | undefined;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    if (text.length > TEXT_LENGTH_MAX) {
      this.problems.push({ where: this.start, text: `the file is larger than ${TEXT_LENGTH_MAX} characters` });
      return;
    }
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2' });
    this.#document = document;
    for (const error of document.errors) {
      const what = error.code === 'DUPLICATE_KEY' ? 'this field is here twice' : firstLine(error.message);
      this.problems.push({ where: this.#position(error.pos[0]), text: what });
    }
    if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return;
    try {
      this.data = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      this.problems.push({ where: this.start, text: firstLine((error as Error).message) });
    }
  }

  /** Where one looks first. */
  get start(): string {
    return `${this.#file}:1:1`;
  }

  /** Of the deepest part of the path that is in the text. `atKey`: the position of its name. */
  locate(path: Path, atKey: boolean): { readonly where: string; readonly complete: boolean } {
    const { offset, complete } = this.#find(path, atKey);
    return { where: this.#position(offset), complete };
  }

  /** The first thing that YAML has and JSON has not; undefined if there is none, but perhaps a comment. */
  firstBeyondJson(): string | undefined {
    let offset: number | undefined;
    visit(this.#document!, {
      Node: (_key, node) => {
        if (isAlias(node) || !isJson(node)) offset = startOf(node);
        return offset === undefined ? undefined : visit.BREAK;
      },
    });
    offset ??= lastComma(this.#text);
    return offset === undefined ? undefined : this.#position(offset);
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document!) : node;
  }

  #find(path: Path, atKey: boolean): { offset: number; complete: boolean } {
    const root = this.#document?.contents;
    let node = this.#resolve(root);
    let offset = startOf(root) ?? 0;
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

export function firstLine(message: string): string {
  return message.split('\n')[0]!;
}

/** By itself, whatever is in it. */
/** Of a comma that only a bracket follows. */
function lastComma(text: string): number | undefined {
  const textsAndCommas = /"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])/g;
  for (const match of text.matchAll(textsAndCommas)) if (match[0] === ',') return match.index;
  return undefined;
}

function isJson(node: Node): boolean {
  if (!isScalar(node)) return (node as { readonly flow?: boolean }).flow === true;
  if (node.type === 'QUOTE_DOUBLE') return true;
  return node.type === 'PLAIN' && /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null)$/.test(node.source ?? '');
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
