/**
 * The package as a stranger gets it: packed, unpacked in an empty folder beside its run-time
 * dependencies and nothing else, and run by its bin.
 *
 * Built by the package's own script. Does not check that the registry has the dependencies; `npm ci` does.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../source-files.ts';

interface Manifest {
  readonly version: string;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string>;
}
interface LockFile {
  readonly packages: Record<string, { readonly dev?: boolean; readonly optional?: boolean }>;
}

const SOURCES = ['sim', 'engines', 'scenarios', 'reports', 'cli', 'bench'];

let scratch: string;
let app: string;
let installed: string;
let manifest: Manifest;

function succeeds(command: string, given: readonly string[], directory: string): string {
  // a folder with a space in it, and npm as it comes: neither may matter
  const ended = spawnSync(command, [...given], { cwd: directory, encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${command} ${given.join(' ')}: ${ended.stdout}${ended.stderr}`);
  return ended.stdout;
}

function raftlab(...given: string[]): SpawnSyncReturns<string> {
  return spawnSync(join(app, 'node_modules/.bin/raftlab'), given, { cwd: app, encoding: 'utf8' });
}

/** Every file below a folder, as a path with slashes. */
function filesBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(folder, `${prefix}${entry.name}/`) : [prefix + entry.name]))
    .sort((a, b) => (a < b ? -1 : 1));
}

beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'raftlab packed ')));
  // packed from a copy, since the build in this tree may be older than the sources
  const copy = join(scratch, 'copy');
  for (const name of [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'README.md',
    'LICENSE',
    'ARCHITECTURE.md',
    'docs',
    ...SOURCES,
  ])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  succeeds('npm', ['run', 'build'], copy);
  const [packed] = JSON.parse(succeeds('npm', ['pack', '--json', '--ignore-scripts', '--offline'], copy)) as [
    { filename: string },
  ];

  app = join(scratch, 'app');
  installed = join(app, 'node_modules/raftlab');
  mkdirSync(installed, { recursive: true });
  succeeds('tar', ['-xzf', join(copy, packed.filename), '-C', installed, '--strip-components=1'], scratch);
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;

  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as LockFile;
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (path === '' || dev === true || path.lastIndexOf('node_modules/') !== 0 || !existsSync(join(ROOT, path)))
      continue;
    mkdirSync(dirname(join(app, path)), { recursive: true });
    symlinkSync(join(ROOT, path), join(app, path));
  }
  mkdirSync(join(app, 'node_modules/.bin'));
  symlinkSync(join(installed, manifest.bin.raftlab!), join(app, 'node_modules/.bin/raftlab'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the package', () => {
  it('ships what is needed and nothing else', () => {
    const files = filesBelow(installed);
    const folders = new Set(files.map((file) => (file.includes('/') ? file.split('/')[0] : file)));
    expect([...folders]).toEqual([
      'ARCHITECTURE.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'engines',
      'package.json',
      'scenarios',
    ]);
    expect(files.filter((file) => /\.ts$|^dist\/(bench|test)|\.png$|\.test\./.test(file))).toEqual([]);
    expect(files.filter((file) => file.startsWith('scenarios/') && !file.endsWith('.yaml'))).toEqual([
      'scenarios/toxiproxy.json',
    ]);
    expect(files.filter((file) => file.startsWith('engines/') && !file.endsWith('/FORMAT.md'))).toEqual([]);
    expect(files.reduce((sum, file) => sum + statSync(join(installed, file)).size, 0)).toBeLessThan(4e6);
  });

  it('has a program that can be run as it was built', () => {
    // npx sets the bit when it first links a checkout, and not again after the next build
    expect(statSync(join(scratch, 'copy', manifest.bin.raftlab!)).mode & 0o111).toBe(0o111);
  });

  it('exports files that are there', () => {
    for (const file of Object.values(manifest.exports)) expect(existsSync(join(installed, file)), file).toBe(true);
  });

  it('tells its version', () => {
    expect(raftlab('--version').stdout).toBe(`${manifest.version}\n`);
  });

  it('finds the file that a shipped scenario names', () => {
    expect(raftlab('scenario', 'validate', 'toxiproxy')).toMatchObject({ status: 0, stderr: '' });
  });

  it('lists the scenarios it ships', () => {
    const shipped = readdirSync(join(ROOT, 'scenarios')).filter((file) => file.endsWith('.yaml'));
    const { status, stdout } = raftlab('scenario', 'list');
    expect(status).toBe(0);
    for (const file of shipped) expect(stdout).toContain(file.slice(0, -'.yaml'.length));
  });

  it('prints the schema that it ships', () => {
    const shipped = readFileSync(join(installed, 'docs/scenario.schema.json'), 'utf8');
    expect(JSON.parse(raftlab('scenario', 'schema').stdout)).toEqual(JSON.parse(shipped));
  });

  it.each(['1', '2'])('runs a shipped scenario with --jobs %s and writes all four files', (jobs) => {
    const short = ['--set', 'end.after=4s', '--set', 'faults=[]', '--set', 'workload.rateLimit=200/s'];
    const ended = raftlab('run', 'quickstart', '--out', `out${jobs}`, '--jobs', jobs, ...short, '--set', 'expect=[]');
    expect(ended.stderr).not.toContain('defect');
    expect(ended.status).toBe(0);
    expect(ended.stdout).toContain('rocksdb');
    expect(readdirSync(join(app, `out${jobs}`)).sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'report.html',
      'report.md',
      'result.json',
      'results.csv',
    ]);
    const page = readFileSync(join(app, `out${jobs}`, 'report.html'), 'utf8');
    expect(page.length).toBeGreaterThan(500_000); // the drawing runtime is in it
  });
});
