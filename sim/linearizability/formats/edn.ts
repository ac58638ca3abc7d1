/**
 * The part of EDN that histories use: maps, vectors, lists, keywords, texts, numbers, nil, booleans; tags are passed
 * over, comments and `#_` too. Values keep the line on which they stand, which no EDN package of the registry offers.
 */

export type EdnValue =
  | { readonly type: 'nil'; readonly line: number }
  /** Numbers, keywords (with their colon), symbols, booleans: as written. */
  | { readonly type: 'word'; readonly text: string; readonly line: number }
  | { readonly type: 'text'; readonly text: string; readonly line: number }
  | { readonly type: 'list'; readonly items: readonly EdnValue[]; readonly line: number }
  | { readonly type: 'map'; readonly entries: ReadonlyMap<string, EdnValue>; readonly line: number };

export class EdnError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Deeper nesting than any history has. */
const DEPTH_MAX = 64;
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Throws `EdnError` at the first mistake. */
export class EdnReader {
  readonly #text: string;
  #at = 0;
  #line: number;

  constructor(text: string, firstLine = 1) {
    this.#text = text;
    this.#line = firstLine;
  }

  /** The next value; undefined at the end. */
  next(depth = 0): EdnValue | undefined {
    this.#skipBlank();
    const line = this.#line;
    const first = this.#text[this.#at];
    if (first === undefined) return undefined;
    if (depth > DEPTH_MAX) throw new EdnError(line, `nested more than ${DEPTH_MAX} deep`);
    if (first === '"') return { type: 'text', text: this.#readText(), line };
    if (first === '#') return this.#readDispatched(depth);
    const closing = CLOSING[first];
    if (closing !== undefined) {
      this.#at++;
      const items = this.#readItems(closing, depth, line);
      return first === '{' ? { type: 'map', entries: pairs(items, line), line } : { type: 'list', items, line };
    }
    if (')]}'.includes(first)) throw new EdnError(line, `"${first}" closes nothing`);
    const word = this.#readWord();
    return word === 'nil' ? { type: 'nil', line } : { type: 'word', text: word, line };
  }

  #skipBlank(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === '\n') this.#line++;
      else if (character === ';') {
        while (this.#at + 1 < this.#text.length && this.#text[this.#at + 1] !== '\n') this.#at++;
      } else if (character === undefined || !' \t\r,'.includes(character)) return;
      this.#at++;
    }
  }

  #readItems(closing: string, depth: number, line: number): EdnValue[] {
    const items: EdnValue[] = [];
    for (;;) {
      this.#skipBlank();
      if (this.#text[this.#at] === closing) {
        this.#at++;
        return items;
      }
      const item = this.next(depth + 1);
      if (item === undefined) throw new EdnError(line, `"${closing}" is missing`);
      items.push(item);
    }
  }

  /** `#tag value`, `#{set}`, `#_ignored`. */
  #readDispatched(depth: number): EdnValue | undefined {
    const line = this.#line;
    this.#at++;
    if (this.#text[this.#at] === '{') {
      this.#at++;
      return { type: 'list', items: this.#readItems('}', depth, line), line };
    }
    const isIgnored = this.#text[this.#at] === '_';
    if (isIgnored) this.#at++;
    else this.#readWord();
    const value = this.next(depth + 1);
    if (value === undefined) throw new EdnError(line, 'a tag without a value');
    return isIgnored ? this.next(depth) : value;
  }

  #readText(): string {
    const line = this.#line;
    let text = '';
    for (this.#at++; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === undefined) throw new EdnError(line, 'a text without its closing quote');
      if (character === '"') {
        this.#at++;
        return text;
      }
      if (character === '\n') this.#line++;
      if (character === '\\') {
        const escaped = this.#text[++this.#at] ?? '';
        text += ESCAPES[escaped] ?? escaped;
      } else text += character;
    }
  }

  #readWord(): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !' \t\r\n,;"()[]{}'.includes(this.#text[this.#at]!)) this.#at++;
    return this.#text.slice(from, this.#at);
  }
}

function pairs(items: readonly EdnValue[], line: number): Map<string, EdnValue> {
  if (items.length % 2 === 1) throw new EdnError(line, 'a map with a key that has no value');
  const entries = new Map<string, EdnValue>();
  for (let i = 0; i < items.length; i += 2) entries.set(ednText(items[i]!), items[i + 1]!);
  return entries;
}

/** A value as one text: two values are the same if their texts are. */
export function ednText(value: EdnValue): string {
  if (value.type === 'nil') return 'nil';
  if (value.type === 'list') return `[${value.items.map(ednText).join(' ')}]`;
  if (value.type === 'map') return `{${[...value.entries].map(([key, item]) => `${key} ${ednText(item)}`).join(' ')}}`;
  return value.text;
}
