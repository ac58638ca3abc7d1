/** `raftlab explain`, and the pages beside a report: what is written, and what is said of bad input. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { museumScenarioFile } from '../../cli/package.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;
beforeEach(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.remove());

const file = museumScenarioFile('vote-not-synced');
const page = (path: string): string => readFileSync(join(terminal.directory, path), 'utf8');

describe('raftlab explain', () => {
  it('writes a page about a run and says what was found', async () => {
    expect(await terminal.run('explain', file, '--seed', '2', '--out', 'here')).toBe(0);
    const lines = terminal.out.trimEnd().split('\n');
    expect(lines.slice(1)).toEqual([
      'one-leader-per-term: n1 and n3 both became leader of term 4',
      'wrote here/explain-bolt-seed2.html',
    ]);
    expect(page('here/explain-bolt-seed2.html')).toContain('n1 and n3 both became leader of term 4');
  });

  it('shows a window of a sound run', async () => {
    const sound = terminal.scenario(
      'sound',
      'workload: { clients: 2, value: 64B, keys: { count: 5 } }\nend: { after: 2s }\n',
    );
    expect(await terminal.run('explain', sound, '--from', '1s', '--to', '1200ms')).toBe(0);
    expect(terminal.out).toContain('no check complained\nwrote out/sound/explain-');
    const [name] = /explain-\S+\.html/.exec(terminal.out)!;
    expect(page(`out/sound/${name}`)).toContain('between 1.000000 s and 1.200000 s');
  });

  it.each([
    [['--seed', 'x'], /--seed/],
    [['--seed', '1..3'], /--seed 1\.\.3: one seed only/],
    [['--variant', 'nosuch'], /nosuch/],
    [['--from', '2s', '--to', '1s'], /--from must be before --to/],
    [['--from', 'soon'], /--from: 'soon'/],
    [['--from', '1h'], /--from 1h: the run is over by then/],
    [['--out', '/proc/nowhere'], /cannot write to/],
  ])('%s is refused', async (options, message) => {
    expect(await terminal.run('explain', file, ...options)).toBe(2);
    expect(terminal.error).toMatch(message);
    expect(terminal.error.trimEnd().split('\n')).toHaveLength(1);
  });
});

it('a failing run gets its page beside the report, and a link to it', async () => {
  terminal.simulator = undefined;
  expect(await terminal.run('run', file, '--seed', '2', '--out', 'out', '--jobs', '1')).toBe(1);
  expect(terminal.out).toContain('wrote out/explain-bolt-seed2.html');
  expect(existsSync(join(terminal.directory, 'out/explain-bolt-seed2.html'))).toBe(true);
  expect(page('out/report.html')).toContain('<a href="explain-bolt-seed2.html">');
});
