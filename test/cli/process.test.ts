/** The built program as a process: worker threads, signals, pipes, exit codes, and the real simulator. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../source-files.ts';

const BUILT = join(ROOT, 'out/test-cli');
const STUB_MAIN = fileURLToPath(new URL('./stub-main.mjs', import.meta.url));
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'raftlab-test-'));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const built = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', BUILT], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  // files are written in spite of type errors, which are another check's business
  if (!existsSync(join(BUILT, 'cli/main.js')))
    throw new Error(`the build wrote nothing: ${built.stdout}${built.stderr}`);
});
afterAll(() => rmSync(directory, { recursive: true }));

function scenario(name: string, body: string): string {
  writeFileSync(join(directory, `${name}.yaml`), `name: ${name}\nwhy: To test.\n${body}`);
  return `${name}.yaml`;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function program(given: readonly string[], onOutput?: (error: string, child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [...given], { cwd: directory });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    error += String(chunk);
    onOutput?.(error, child);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })));
}

const stub = (...given: string[]): string[] => [STUB_MAIN, BUILT, ...given];
const real = (...given: string[]): string[] => [join(BUILT, 'cli/main.js'), ...given];

describe('the program as a process', () => {
  it('gives the same results whatever the number of jobs', async () => {
    const file = scenario('jobs', 'seeds: 1..4\nmatrix: {cluster.engine: [bolt, rocksdb]}\n');
    const one = await program(stub('run', file, '--json', '--jobs', '1'));
    const three = await program(stub('run', file, '--json', '--jobs', '3'));
    expect([one.code, three.code]).toEqual([0, 0]);
    expect(three.out).toBe(one.out);
    expect(three.error).toBe(one.error);
    expect(JSON.parse(one.out).runs).toHaveLength(8);
  });

  it('reports a defect in a worker like one of its own', async () => {
    const file = scenario('defect', 'seeds: 12..14\n');
    const { code, error } = await program(stub('run', file, '--quiet', '--jobs', '2'));
    expect(code).toBe(3);
    expect(error).toContain('  raftlab run defect.yaml --variant bolt --seed 13 ');
    expect(error).toContain('  Error: stub: seed 13 always breaks\n');
  });

  it.each(['1', '2'])('writes what is done on SIGINT, with --jobs %s', async (jobs) => {
    const file = scenario('slow', 'seeds: 1..4\n');
    const given = stub('run', file, '--jobs', jobs, '--out', `slow${jobs}`);
    const child = spawn(process.execPath, given, { cwd: directory });
    // long enough to have started, however busy the machine: before that the signal would end the process
    const started = (): boolean => existsSync(join(directory, `slow${jobs}`));
    while (!started()) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
    const result = JSON.parse(readFileSync(join(directory, `slow${jobs}`, 'result.json'), 'utf8'));
    expect(result.partial).toBe(true);
    expect(result.runs.map((run: { ended: string }) => run.ended)).toEqual(Array(Number(jobs)).fill('interrupted'));
  });

  it('sweeps to the same verdicts whatever the number of jobs, also after a kill in between', async () => {
    const file = scenario('sweeping', 'seeds: 60..99\nmatrix: {cluster.engine: [bolt, rocksdb]}\n');
    const summary = (out: string): string => readFileSync(join(directory, out, 'sweep.json'), 'utf8');
    const one = await program(stub('sweep', file, '--quiet', '--jobs', '1', '--out', 'one'));
    const three = await program(stub('sweep', file, '--quiet', '--jobs', '3', '--out', 'three'));
    expect([one.code, three.code]).toEqual([1, 1]);
    expect(summary('three')).toBe(summary('one'));

    const killed = spawn(process.execPath, stub('sweep', file, '--jobs', '2', '--out', 'killed'), { cwd: directory });
    const journal = join(directory, 'killed/sweep.jsonl');
    const lines = (): number => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length : 0);
    while (lines() < 5) await new Promise((resolve) => setTimeout(resolve, 1));
    killed.kill('SIGKILL');
    await new Promise((resolve) => killed.on('close', resolve));
    await program(stub('sweep', file, '--quiet', '--jobs', '2', '--out', 'killed'));
    expect(summary('killed')).toBe(summary('one'));
    const runs = readFileSync(journal, 'utf8').trimEnd().split('\n').slice(1);
    expect(new Set(runs).size).toBe(80);
    expect(runs).toHaveLength(80);
  });

  it('does not mind a reader that leaves early', async () => {
    const child = spawn('/bin/sh', ['-c', `"${process.execPath}" "${real()[0]}" scenario schema | head -c 10`], {
      cwd: directory,
    });
    let error = '';
    child.stderr.on('data', (chunk) => {
      error += String(chunk);
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(error).toBe('');
  });

  it('answers --help without loading the simulator', async () => {
    const { code, out } = await program(real('--help'));
    expect(code).toBe(0);
    expect(out).toContain('Exit codes:');
    const loaded = await program(['--import', tracer(), ...real('--help')]);
    expect(loaded.error).toContain('commander');
    expect(loaded.error).not.toMatch(
      /\/(sim|scenarios|reports|engines)\/|node_modules\/(zod|yaml|vega|piscina|immer)\//,
    );
  });

  it('lists and validates the shipped scenarios', async () => {
    const { code, out } = await program(real('scenario', 'list'));
    expect(code).toBe(0);
    const shipped = readdirSync(join(ROOT, 'scenarios')).filter((file) => file.endsWith('.yaml'));
    const names = shipped.map((file) => file.slice(0, -'.yaml'.length)).sort((a, b) => (a < b ? -1 : 1));
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual([...names, '']);
    const validated = await program(real('scenario', 'validate', 'quickstart', 'nowhere'));
    expect(validated.code).toBe(2);
    expect(validated.out).toBe('quickstart.yaml: fine; 2 variants (bolt, rocksdb) × 1 seed\n');
    expect(validated.error).toContain("there is no file and no scenario 'nowhere'");
  });

  it('runs a real cluster, the same twice', async () => {
    const file = scenario('real', 'workload: {clients: 2, rateLimit: 200/s}\nend: {after: 2s, settle: 2s}\n');
    const { code, out, error } = await program(real('run', file, '--check-determinism', '--json', '--quiet'));
    expect(error).toBe('');
    expect(code).toBe(0);
    const [run] = JSON.parse(out).runs;
    expect(run).toMatchObject({ variant: 'bolt', ended: 'complete', violations: [] });
    expect(run.metrics.operations.ok).toBeGreaterThan(100);
  });
});

/** A module that prints the URL of every module that is loaded after it. */
function tracer(): string {
  const hooks = `export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }`;
  const code = `import { register } from 'node:module'; register('data:text/javascript,${encodeURIComponent(hooks)}');`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
