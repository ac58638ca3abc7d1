/** `raftlab check` in this process: verdicts, counterexamples, exit codes, bad input. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.remove());

function history(name: string, ...lines: readonly object[]): string {
  writeFileSync(join(terminal.directory, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  return name;
}

const write = { process: 1, key: 'k', kind: 'write', argument: 'x', called: 1, returned: 2 };
const fresh = { process: 2, key: 'k', kind: 'read', result: 'x', called: 3, returned: 4 };
const stale = { process: 2, key: 'k', kind: 'read', called: 3, returned: 4 };

describe('raftlab check', () => {
  it('says linearizable and exits 0', async () => {
    const file = history('good.jsonl', write, fresh);
    expect(await terminal.run('check', file, '--model', 'register')).toBe(0);
    expect(terminal.out).toBe('linearizable\n');
    expect(terminal.error).toBe('');
  });

  it('shows what cannot be placed and exits 1', async () => {
    const file = history('bad.jsonl', write, stale);
    expect(await terminal.run('check', file, '--model', 'register')).toBe(1);
    expect(terminal.out).toBe(`not linearizable
object k: 2 operations; of these 1 can be put in order:
  process 1 write "x" (line 1)
which leaves "x". Returned by then, but cannot be placed:
  process 2 read → nil (line 2)
`);
  });

  it('says unknown and exits 4 when the time is over', async () => {
    const concurrent = Array.from({ length: 26 }, (_, i) => ({
      process: i,
      kind: 'append',
      argument: `${i}`,
      called: 1,
      returned: 2,
    }));
    const impossible = { process: 'reader', kind: 'get', result: 'never written', called: 1, returned: 2 };
    const file = history('hard.jsonl', ...concurrent, impossible);
    expect(await terminal.run('check', file, '--model', 'kv-append', '--time', '50ms')).toBe(4);
    expect(terminal.out).toBe('unknown\n');
  });

  it('names several histories and exits with the gravest', async () => {
    const good = history('good.jsonl', write, fresh);
    const bad = history('bad.jsonl', write, stale);
    expect(await terminal.run('check', good, bad, good, '--model', 'register', '--quiet')).toBe(1);
    expect(terminal.out).toBe('good.jsonl: linearizable\nbad.jsonl: not linearizable\ngood.jsonl: linearizable\n');
  });

  it('refuses what is no history, before checking any', async () => {
    const good = history('good.jsonl', write, fresh);
    writeFileSync(join(terminal.directory, 'text.txt'), 'hello\n');
    const cas = history('cas.jsonl', write, { process: 3, kind: 'cas', called: 5 });
    mkdirSync(join(terminal.directory, 'folder'));
    const cases: [string[], RegExp][] = [
      [['missing', '--model', 'register'], /^missing: there is no such file\n$/],
      [['folder', '--model', 'register'], /^folder: cannot be read \(EISDIR\)\n$/],
      [['text.txt', '--model', 'register'], /^text.txt:1: is no history in a known form/],
      [[cas, '--model', 'register'], /^cas.jsonl:2: register has no "cas"; it has: read, write, delete\n$/],
      [[good], /required option '--model <model>' not specified/],
      [[good, '--model', 'queue'], /^there is no model 'queue'.*register, cas-register.*kv-append/],
      [[good, '--model', 'register', '--time', '5'], /^--time: '5' has no unit; write it like/],
      [[good, 'missing', '--model', 'register'], /^missing: there is no such file\n$/],
    ];
    for (const [given, message] of cases) {
      expect(await terminal.run('check', ...given)).toBe(2);
      expect(terminal.error).toMatch(message);
      expect(terminal.out).toBe('');
    }
  });
});
