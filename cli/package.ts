/** The package this program was installed as: its version, and the files it ships. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Package {
  readonly root: string;
  readonly version: string;
}

/** The same from the sources and from the built files, which lie one folder deeper. */
function findPackage(): Package {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
      if (name === 'raftlab') return { root: folder, version };
    }
    if (folder === dirname(folder)) throw new Error('the package of raftlab is not above its own files');
  }
}

export const PACKAGE: Package = findPackage();

const SCENARIOS = join(PACKAGE.root, 'scenarios');

/** Names of the scenarios that come with raftlab, ascending. */
export function shippedScenarios(): string[] {
  return readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort((a, b) => (a < b ? -1 : 1));
}

/** The scenario that finds one of the museum's bugs. */
export function museumScenarioFile(bug: string): string {
  return join(SCENARIOS, 'museum', `${bug}.yaml`);
}

export function shippedScenarioFile(name: string): string {
  return join(SCENARIOS, `${name}.yaml`);
}
