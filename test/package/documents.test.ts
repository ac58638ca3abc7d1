/**
 * What the pages say, held against what they speak of: links, scenarios, dependencies, options, exit codes.
 *
 * Does not check figures quoted in prose, nor links to other sites.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as EXIT_CODES from '../../cli/exit-codes.ts';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario } from '../../scenarios/loader.ts';
import { Terminal } from '../cli/terminal.ts';
import { ROOT, sourceFiles } from '../source-files.ts';

const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const terminal = new Terminal();
afterAll(() => terminal.remove());

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
  ...['bolt', 'rocksdb'].map((engine) => `engines/${engine}/FORMAT.md`),
];

/** Headings as GitHub turns them into anchors. */
function anchors(page: string): string[] {
  return [...text(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** Fenced blocks of a language, each with the page it stands in. */
function blocks(language: string): { page: string; body: string }[] {
  return PAGES.flatMap((page) =>
    [...text(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => ({
      page,
      body: match[1]!,
    })),
  );
}

/** First cells of a table's rows, without backquotes. */
/** The part of a page under a heading, without the parts below headings of the same depth. */
function section(page: string, heading: string): string {
  const from = page.indexOf(`\n## ${heading}\n`);
  expect(from, heading).toBeGreaterThan(0);
  const to = page.indexOf('\n## ', from + 1);
  return page.slice(from, to < 0 ? page.length : to);
}

function firstCells(page: string): string[] {
  return cellsOf(text(page));
}

function cellsOf(content: string): string[] {
  return [...content.matchAll(/^\| *`?([^|`]*?)`? *\|/gm)].map((match) => match[1]!);
}

describe('the pages', () => {
  it.each(PAGES)('%s has no link to nothing', (page) => {
    const broken: string[] = [];
    for (const [, target] of text(page).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path, anchor] = target!.split('#') as [string, string | undefined];
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, file))) broken.push(target!);
      else if (anchor !== undefined && !anchors(file).includes(anchor)) broken.push(target!);
    }
    expect(broken).toEqual([]);
  });

  it('are all in the index', () => {
    const index = text('docs/README.md');
    const missing = readdirSync(join(ROOT, 'docs')).filter(
      (file) => /\.(md|json)$/.test(file) && file !== 'README.md' && !index.includes(`(${file})`),
    );
    expect(missing).toEqual([]);
  });

  it('show scenarios that load, and parts of scenarios that load in one', () => {
    const examples = blocks('yaml').filter(({ body }) => !body.startsWith('# yaml-language-server'));
    expect(examples.length).toBeGreaterThan(3);
    for (const { page, body } of examples) {
      const whole = /^name:/m.test(body) && /^why:/m.test(body);
      // the parts speak of variants and faults that one example does not have together
      const frame = body.includes('faults[0]') ? '\nfaults: [{at: 1s, crash: {node: n1}}]' : '';
      const engines = body.startsWith('expect:')
        ? 'bolt, rocksdb'
        : body.startsWith('published:')
          ? 'ledger, badger'
          : '';
      const variants = engines === '' ? '' : `\nmatrix: {cluster.engine: [${engines}]}`;
      const scenario = whole ? body : `name: part\nwhy: To test.${frame}${variants}\n${body}`;
      const loaded = loadScenario(page, scenario, {
        catalogue: CATALOGUE,
        readFile: (path) => ({ ok: true, label: path, text: text(`scenarios/${path}`) }),
        memoryBytesMax: 1e12,
      });
      expect(loaded.ok ? [] : loaded.problems, `${page}:\n${body}`).toEqual([]);
    }
  });

  it('name scenarios that exist', async () => {
    await terminal.run('scenario', 'list');
    const shipped = terminal.out.split('\n').map((line) => line.split(' ')[0]!);
    for (const { page, body } of blocks('sh')) {
      for (const [, name] of body.matchAll(/raftlab run (\S+)/g)) expect(shipped, page).toContain(name);
    }
  });

  it('name scripts that exist', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    for (const page of PAGES) {
      for (const [, name] of text(page).matchAll(/npm run ([\w:-]+)/g))
        expect(Object.keys(scripts), page).toContain(name);
    }
  });
});

describe('docs/cli.md', () => {
  /** Commands with a section of their own, by its heading without `raftlab`. */
  const documentedCommands = [...text('docs/cli.md').matchAll(/^## `raftlab ([^`]+)`$/gm)].map((match) => match[1]!);

  it('has sections', () => {
    expect(documentedCommands).toContain('run');
  });

  /** Of a command and of those below it, in the order of their help. */
  async function optionsOf(command: string): Promise<string[]> {
    await terminal.run(...command.split(' '), '--help');
    const help = terminal.out;
    const options = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+(?: <\S+>)?)/gm)].map((match) => match[1]!);
    const below = [...(help.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]!);
    for (const name of below) if (name !== 'help') options.push(...(await optionsOf(`${command} ${name}`)));
    return [...new Set(options)].filter((option) => option !== '--help');
  }

  it.each(documentedCommands)('has the options of %s, all of them', async (command) => {
    const cells = cellsOf(section(text('docs/cli.md'), `\`raftlab ${command}\``));
    const documented = cells.filter((cell) => /^--\w/.test(cell));
    expect([...new Set(documented)].sort()).toEqual((await optionsOf(command)).sort());
  });

  it.each(['docs/cli.md', 'README.md'])('%s has the exit codes of the program', (page) => {
    const codes = Object.values(EXIT_CODES).filter((value) => typeof value === 'number');
    expect(firstCells(page).filter((cell) => /^\d+$/.test(cell))).toEqual(codes.map(String));
  });
});

describe('docs/dependencies.md', () => {
  const manifest = JSON.parse(text('package.json')) as Record<'dependencies' | 'devDependencies', object>;
  const [atRunTime, forDevelopment] = text('docs/dependencies.md').split('## For development');
  const documented = (part: string): string[] =>
    [...part.matchAll(/^\| *([^|]*?) *\|/gm)]
      .map((match) => match[1]!)
      .filter((cell) => cell !== 'package' && !/^-+$/.test(cell))
      .flatMap((cell) => cell.split(', '))
      .sort((a, b) => (a < b ? -1 : 1));

  it('names the packages of package.json', () => {
    expect(documented(atRunTime!)).toEqual(Object.keys(manifest.dependencies));
    const types = Object.keys(manifest.devDependencies).filter((name) => name.startsWith('@types/'));
    expect([...documented(forDevelopment!), ...types].sort((a, b) => (a < b ? -1 : 1))).toEqual(
      Object.keys(manifest.devDependencies),
    );
  });

  it('names none that nothing imports, and the program imports no other', () => {
    const imported = new Set<string>();
    for (const { text: source } of sourceFiles(['sim', 'engines', 'scenarios', 'reports', 'cli']))
      for (const match of source.matchAll(/(?:from|import\(|resolve\()\s*'((?!node:)@?[a-z][\w-]*)(?:\/[\w./-]+)?'/g))
        imported.add(match[1]!);
    expect([...imported].sort((a, b) => (a < b ? -1 : 1))).toEqual(Object.keys(manifest.dependencies));
  });
});
