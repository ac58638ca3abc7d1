/**
 * The real engines' own tools, for `npm run test:peers`. On Debian:
 *
 *     apt-get install golang-go golang-github-coreos-bbolt-dev golang-github-dgraph-io-badger-dev rocksdb-tools badger
 *
 * A suite whose tools are missing is skipped, and says which.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

export interface Requirement {
  /** Command on the PATH, or a folder that must exist. */
  readonly needs: string;
  readonly debianPackage: string;
}

export const GO: Requirement = { needs: 'go', debianPackage: 'golang-go' };
export const BBOLT_SOURCE: Requirement = {
  needs: '/usr/share/gocode/src/github.com/coreos/bbolt',
  debianPackage: 'golang-github-coreos-bbolt-dev',
};
export const BADGER_SOURCE: Requirement = {
  needs: '/usr/share/gocode/src/github.com/dgraph-io/badger',
  debianPackage: 'golang-github-dgraph-io-badger-dev',
};
export const BADGER: Requirement = { needs: 'badger', debianPackage: 'badger' };
export const LDB: Requirement = { needs: 'ldb', debianPackage: 'rocksdb-tools' };
export const SST_DUMP: Requirement = { needs: 'sst_dump', debianPackage: 'rocksdb-tools' };

function isThere({ needs }: Requirement): boolean {
  if (needs.startsWith('/')) return existsSync(needs);
  return spawnSync('sh', ['-c', `command -v ${needs}`]).status === 0;
}

/** A suite that runs where everything that it requires is there, and says what is missing where it is not. */
export function describePeer(name: string, requirements: readonly Requirement[], suite: () => void): void {
  const missing = requirements.filter((requirement) => !isThere(requirement));
  if (missing.length === 0) {
    describe(name, suite);
    return;
  }
  const packages = missing.map(({ debianPackage }) => debianPackage).join(' ');
  console.log(
    `skipped: ${name}: missing ${missing.map(({ needs }) => needs).join(', ')} (apt-get install ${packages})`,
  );
  describe.skip(`${name} (needs ${packages})`, suite);
}

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

export function runTool(command: string, args: readonly string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (error !== undefined) throw error;
  return { status: status ?? -1, out: stdout, error: stderr };
}

/** Compiles a Go program of this folder against Debian's packaged sources; returns the binary's path. */
export function buildGo(source: string, into: string): string {
  const binary = join(into, 'peer');
  const { status, stderr } = spawnSync('go', ['build', '-o', binary, source], {
    encoding: 'utf8',
    env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
  });
  if (status !== 0) throw new Error(`go build ${source}: ${stderr}`);
  return binary;
}

/** A folder that is gone when `use` returns. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'raftlab-peer-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
