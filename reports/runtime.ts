/**
 * The drawing code that a report carries in itself: vega and vega-lite as their packages ship them for
 * browsers. Read once a process. The only place in this folder that touches the file system; what it
 * reads belongs to the installation, never to the result.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface DrawingRuntime {
  /** Ready to stand inside a script element, in this order. */
  readonly scripts: readonly string[];
  /** The licences ask to be reproduced along with the code. */
  readonly licences: string;
}

let loaded: Promise<DrawingRuntime> | undefined;

export function drawingRuntime(): Promise<DrawingRuntime> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<DrawingRuntime> {
  const require = createRequire(import.meta.url);
  const scripts: string[] = [];
  const licences: string[] = [];
  for (const name of ['vega', 'vega-lite']) {
    const build = dirname(require.resolve(name));
    scripts.push(escapeScript(await readFile(join(build, `${name}.min.js`), 'utf8')));
    licences.push(`${name}\n${(await readFile(join(build, '..', 'LICENSE'), 'utf8')).trim()}`);
  }
  return { scripts, licences: licences.join('\n\n') };
}

/** Keeps the HTML parser from seeing an end tag or a comment; means the same in strings and regular expressions. */
export function escapeScript(code: string): string {
  return code
    .replace(/\n?\/\/# sourceMappingURL=.*$/m, '')
    .replace(/<\/(script)/gi, '<\\/$1')
    .replaceAll('<!--', '<\\!--');
}
