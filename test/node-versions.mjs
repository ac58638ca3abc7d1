/**
 * Runs scenarios with several versions of Node and compares their trace hashes: `npm run check:nodes`,
 * or `node test/node-versions.mjs 20.19.0 26 --scenarios partition`. npm fetches the versions.
 *
 * Exit code 0 if every run has the same hash everywhere, 1 if not, 2 if something could not be run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PROGRAM = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scenarios: { type: 'string', default: 'quickstart,partition,toxics,thesis-bolt-vs-rocksdb' } },
});
const versions = positionals.length > 0 ? positionals : ['20', '22', '24'];
const folder = mkdtempSync(join(tmpdir(), 'raftlab-node-'));

/** `npm exec` puts the version's `node` first in the path. */
function node(version, ...given) {
  const npm = ['exec', '--yes', `--package=node@${version}`, '--', 'node', ...given];
  return spawnSync('npm', npm, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Trace hash by variant and seed. */
function hashesOf(scenario, version) {
  const out = join(folder, `${scenario}-${version}`);
  const { status } = node(version, PROGRAM, 'run', scenario, '--quiet', '--out', out);
  if (status !== 0 && status !== 1) throw new Error(`${scenario} on Node ${version} ended with exit code ${status}`);
  const { runs } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  return new Map(runs.map((run) => [`${run.variant}, seed ${run.seed}`, run.traceHash]));
}

try {
  const names = versions.map((version) => {
    const { status, stdout } = node(version, '--version');
    if (status !== 0) throw new Error(`npm has no node@${version} for this machine`);
    return stdout.trim();
  });
  console.log(`${names.join(', ')}:`);
  for (const scenario of values.scenarios.split(',')) {
    const [first, ...others] = versions.map((version) => hashesOf(scenario, version));
    for (const [run, hash] of first) {
      const hashes = [hash, ...others.map((other) => other.get(run))];
      const same = hashes.every((other) => other === hash);
      console.log(`${same ? 'same ' : 'DIFFER'} ${scenario}: ${run}: ${same ? hash : hashes.join(', ')}`);
      if (!same) process.exitCode = 1;
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
