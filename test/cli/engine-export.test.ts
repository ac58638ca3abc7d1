/** `raftlab engine export` and the report of a bench: what is written, what is refused. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEngine } from '../../engines/index.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { KEY_BYTES, writeKey } from '../../sim/engine-bench/generator.ts';
import { Rng } from '../../sim/rng.ts';
import { Work } from '../../sim/work.ts';
import { withDefaults } from '../engines/bed.ts';
import { importStore } from '../import-store.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.remove());

const exportOf = (...given: string[]): Promise<number> => terminal.run('engine', 'export', '--quiet', ...given);
const PHASE = ['--phase', 'load:put:perm:500:500:1'];

describe('engine export', () => {
  it.each(['bolt', 'rocksdb', 'badger'])('writes what %s opens again', async (name) => {
    expect(await exportOf('--engine', name, ...PHASE, '--phase', 'del:del:evens:250:500:0', '--out', 'there')).toBe(0);
    expect(terminal.out).toMatch(new RegExp(`^${name}: wrote \\d+ files?, .*B to there\\n$`));
    const disk = new SimulatedDisk({
      store: new BlockStore(),
      rng: new Rng(1),
      pageCacheBytes: 2 ** 26,
      capacityBytes: 2 ** 40,
    });
    importStore(join(terminal.directory, 'there'), disk, 'data/');
    const definition = findEngine(name)!;
    const context = { disk, directory: 'data/', tables: ['bucket'], work: new Work(), clock: STOPPED_CLOCK };
    const engine = definition.create(context, withDefaults(definition.options, {}));
    expect(engine.open()).toBe('recovered');
    const key = new Uint8Array(KEY_BYTES);
    for (let index = 0; index < 500; index++) {
      writeKey(index, key);
      expect(engine.get(0, key, new Value())).toBe(index % 2 === 1);
    }
    expect(engine.check()).toEqual([]);
  });

  it('writes the store of a node at the end of a run', async () => {
    const file = terminal.scenario(
      'small',
      'cluster: {engine: bolt}\nworkload: {clients: 2}\nend: {operations: 50}\nseeds: 1..2\n',
    );
    expect(await exportOf('--scenario', file, '--seed', '2', '--node', 'n2', '--out', 'there')).toBe(0);
    expect(terminal.out).toMatch(/^bolt of n2: wrote 1 file, .*B to there\n$/);
    expect(readdirSync(join(terminal.directory, 'there'))).toEqual(['db']);
  });

  it('takes --force for a folder that is not empty', async () => {
    mkdirSync(join(terminal.directory, 'there'));
    writeFileSync(join(terminal.directory, 'there/mine'), 'x');
    expect(await exportOf('--engine', 'bolt', ...PHASE, '--out', 'there')).toBe(2);
    expect(terminal.error).toBe(
      '--out there: is not empty; --force writes there all the same, over files of the same names\n',
    );
    expect(await exportOf('--engine', 'bolt', ...PHASE, '--out', 'there', '--force')).toBe(0);
    expect(readdirSync(join(terminal.directory, 'there')).sort()).toEqual(['db', 'mine']);
  });

  it.each<[string, string[], RegExp]>([
    ['neither bench nor run', [], /^missing: either --engine with its phases or --scenario/],
    ['both', ['--engine', 'bolt', '--scenario', 's.yaml'], /^missing: either/],
    ['an unknown engine', ['--engine', 'lmdb', ...PHASE], /^--engine lmdb: is unknown; allowed: bolt/],
    ['a scenario that is not there', ['--scenario', 's.yaml', '--node', 'n1'], /^s\.yaml: there is no such file/],
    ['no node', ['--scenario', 'quickstart', '--variant', 'bolt'], /^missing: --node; allowed: n1, n2, n3/],
    [
      'a node too many',
      ['--scenario', 'quickstart', '--variant', 'bolt', '--node', 'n4'],
      /^--node n4: is unknown; allowed: n1, n2, n3/,
    ],
    ['several variants', ['--scenario', 'quickstart', '--node', 'n1'], /^missing: --variant; allowed: one of bolt, /],
    [
      'several seeds',
      ['--scenario', 'quickstart', '--variant', 'bolt', '--seed', '1..2', '--node', 'n1'],
      /^--seed 1..2: one seed only$/m,
    ],
  ])('refuses %s with one line', async (_what, given, line) => {
    expect(await exportOf(...given, '--out', 'there')).toBe(2);
    expect(terminal.error).toMatch(line);
    expect(terminal.error.trimEnd().split('\n').length).toBe(1);
  });
});

describe('engine bench --report', () => {
  it('writes a page that loads nothing, and the figures beside it', async () => {
    const phases = ['--phase', 'load:put:perm:500:500:1', '--phase', 'get:get:zipf:100:500:2'];
    expect(await terminal.run('engine', 'bench', '--engine', 'rocksdb', ...phases, '--report', 'r', '--quiet')).toBe(0);
    expect(terminal.out).toMatch(/wrote r\/report\.html\nwrote r\/phases\.json\n$/);
    const page = readFileSync(join(terminal.directory, 'r/report.html'), 'utf8');
    expect(page).toContain('<h1>rocksdb</h1>');
    for (const id of ['phases', 'categories', 'progress', 'latency', 'stalls', 'end-state', 'memory', 'figures']) {
      expect(page).toContain(`id="${id}"`);
    }
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)=/);
    const figures = JSON.parse(readFileSync(join(terminal.directory, 'r/phases.json'), 'utf8'));
    expect(figures.map(({ columns }: { columns: { phase: string } }) => columns.phase)).toEqual(['load', 'get']);
  });

  it('tries the folder before anything is run', async () => {
    writeFileSync(join(terminal.directory, 'file'), '');
    expect(await terminal.run('engine', 'bench', '--engine', 'bolt', ...PHASE, '--report', 'file/r')).toBe(2);
    expect(terminal.error).toMatch(/^cannot write to file\/r/);
  });
});
