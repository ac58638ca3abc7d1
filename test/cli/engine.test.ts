/** `raftlab engine …` in this process: what is printed and returned. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.remove());

const bench = (...given: string[]): Promise<number> => terminal.run('engine', 'bench', ...given);

describe('engine bench', () => {
  it('prints a line for each phase and the command that shows them again', async () => {
    expect(
      await bench(
        '--engine',
        'bolt',
        '--phase',
        'load:put:perm:2000:2000:120',
        '--phase',
        'ow:put:unif:2000:2000:121',
        '--batch',
        '10',
      ),
    ).toBe(0);
    const lines = terminal.out.split('\n');
    expect(lines[0]).toMatch(/^bolt: /);
    expect(lines[2]).toMatch(/^phase +ops +WA +data pages +freelist +meta +written/);
    expect(lines[3]).toMatch(/^load +2,000 /);
    expect(lines[4]).toMatch(/^ow +2,000 /);
    expect(lines.at(-2)).toBe(
      'raftlab engine bench --engine bolt --phase load:put:perm:2000:2000:120:10 --phase ow:put:unif:2000:2000:121:10 --value-bytes 100',
    );
    expect(terminal.error).toBe('bolt: phase load done, 1 of 2\nbolt: phase ow done, 2 of 2\n');
  });

  it('--json prints a phase a line in the columns of the measurements, and nothing else', async () => {
    const phases = ['--phase', 'load:put:perm:2000:2000:120:10', '--phase', 'ow:put:unif:2000:2000:121'];
    expect(await bench('--engine', 'bolt', ...phases, '--option', 'freelist=array', '--json', '--quiet')).toBe(0);
    const rows = terminal.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { engine: 'bolt', phase: 'load', key_check: 418061970, batch: 10, value_bytes: 100, logical_bytes: 232000 },
      { phase: 'ow', key_check: 2132664393, batch: 100 },
    ]);
    expect(rows[0].total_write_bytes).toBe(rows[0].data_page_bytes + rows[0].freelist_bytes + rows[0].meta_bytes);
    expect(rows[0].wa_total).toBe(rows[0].total_write_bytes / 232000);
    expect(terminal.error).toBe('');
  });

  it('--check looks at the files in the end', async () => {
    expect(
      await bench('--engine', 'rocksdb', '--phase', 'load:put:perm:2000:2000:1', '--check', '--json', '--quiet'),
    ).toBe(0);
  });

  const phase = ['--phase', 'load:put:perm:10:10:1'];
  it.each<[string, string[], string]>([
    ['an unknown engine', ['--engine', 'rockdb', ...phase], '--engine rockdb: is unknown; allowed: bolt'],
    ['no phase', ['--engine', 'bolt'], 'missing: --phase, at least once, e.g. --phase load:put:perm:200000:200000:101'],
    [
      'too few parts',
      ['--engine', 'bolt', '--phase', 'a:put:seq:1:1'],
      '--phase a:put:seq:1:1: has 5 parts; allowed: name:op:order:ops:keyspace:seed[:batch]',
    ],
    [
      'an operation',
      ['--engine', 'bolt', '--phase', 'a:pet:seq:1:1:1'],
      "--phase a:pet:seq:1:1:1: op 'pet' is unknown; allowed: put, del, get",
    ],
    [
      'an order',
      ['--engine', 'bolt', '--phase', 'a:put:zipff:1:1:1'],
      "--phase a:put:zipff:1:1:1: order 'zipff' is unknown; allowed: seq, perm, unif, evens, zipf; did you mean zipf?",
    ],
    [
      'a number',
      ['--engine', 'bolt', '--phase', 'a:put:seq:1k:1:1'],
      "--phase a:put:seq:1k:1:1: ops '1k' is not a whole number; allowed: 1 to 200000000",
    ],
    [
      'too many operations',
      ['--engine', 'bolt', '--phase', 'a:put:seq:999999999:1:1'],
      '--phase a:put:seq:999999999:1:1: ops 999999999 is out of range; allowed: 1 to 200000000',
    ],
    [
      'a batch of 0',
      ['--engine', 'bolt', '--phase', 'a:put:seq:1:1:1:0'],
      '--phase a:put:seq:1:1:1:0: batch 0 is out of range; allowed: 1 to 1000000',
    ],
    [
      'a setting',
      ['--engine', 'bolt', '--phase', 'a:put:seq:1:1:1,ratio=1'],
      "--phase a:put:seq:1:1:1,ratio=1: setting 'ratio' is unknown; allowed: batch, value_bytes",
    ],
    [
      'an option',
      ['--engine', 'bolt', ...phase, '--option', 'frelist=array'],
      '--option frelist=array: unknown option frelist; allowed: ',
    ],
    [
      "an option's value",
      ['--engine', 'bolt', ...phase, '--option', 'freelist=list'],
      "--option freelist: 'list' is unknown; allowed: array, hashmap",
    ],
    [
      'an option without a value',
      ['--engine', 'bolt', ...phase, '--option', 'freelist'],
      '--option freelist: is not name=value',
    ],
    [
      'a value that is too large',
      ['--engine', 'bolt', ...phase, '--value-bytes', '99999999999'],
      '--value-bytes 99999999999: is not a whole number from 0 to 268435456',
    ],
    [
      'a batch that is too large',
      ['--engine', 'bolt', '--phase', 'a:put:seq:100:100:1:100', '--value-bytes', '200000000'],
      '--phase a:put:seq:100:100:1:100: a batch of 100 values of 200000000 bytes is too large; allowed: up to 1073741824 bytes in all',
    ],
    [
      'a disk',
      ['--engine', 'bolt', ...phase, '--disk', 'nvm'],
      '--disk nvm: is unknown; allowed: nvme, ssd, cloud-volume, hdd; did you mean nvme?',
    ],
    [
      'a size',
      ['--engine', 'bolt', ...phase, '--page-cache', 'much'],
      '--page-cache much: is not a size up to 1TiB; allowed: 512B, 64KiB, 10MB, 2GiB',
    ],
  ])('refuses %s with one line', async (_what, given, line) => {
    expect(await bench(...given)).toBe(2);
    expect(terminal.error.startsWith(line), terminal.error).toBe(true);
    expect(terminal.error.trimEnd().split('\n').length).toBe(1);
    expect(terminal.out).toBe('');
  });

  it('keeps the phases that are done when it is interrupted', async () => {
    const ended = bench(
      '--engine',
      'bolt',
      '--phase',
      'a:put:seq:10:10:1',
      '--phase',
      'b:put:perm:5000000:5000000:1:1',
      '--json',
    );
    await terminal.interruptible;
    while (!terminal.error.includes('phase a done')) await new Promise((resume) => setTimeout(resume, 5));
    terminal.interrupt();
    expect(await ended).toBe(130);
    expect(
      terminal.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).phase),
    ).toEqual(['a']);
    expect(terminal.error).toContain('interrupted: 1 of 2 phases are done\n');
  });
});

describe('engine list', () => {
  it('names the engines', async () => {
    expect(await terminal.run('engine', 'list')).toBe(0);
    expect(terminal.out).toMatch(/^bolt {2,}bbolt/);
  });

  it("describes an engine's options and maintenance tasks", async () => {
    expect(await terminal.run('engine', 'list', 'rocksdb')).toBe(0);
    expect(terminal.out).toContain('  write_buffer_size=64MiB\n');
    expect(terminal.out).toContain('\n  flush\n');
  });

  it('refuses one that is not there', async () => {
    expect(await terminal.run('engine', 'list', 'leveldb')).toBe(2);
  });
});
