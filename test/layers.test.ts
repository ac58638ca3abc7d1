/** Imports go down the floors only: a file sees lower floors and its own room. See ARCHITECTURE.md. */
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

interface Room {
  readonly floor: number;
  readonly name: string;
}

/** The first match decides. Rooms on one floor don't see one another; files within a room do. */
const ROOMS: readonly (readonly [RegExp, number, string])[] = [
  [/^sim\/(loop|trace)\.ts$/, 1, 'kernel'],
  [/^sim\/linearizability\//, 1, 'linearizability'],
  [/^sim\/disk\//, 2, 'disk'],
  [/^sim\/nodes\/raft\//, 2, 'raft'],
  [/^sim\/network\//, 3, 'network'],
  [/^engines\/([^/]+)\//, 3, 'engine $1'],
  [/^engines\/index\.ts$/, 3.5, 'engine registry'],
  [/^engines\/engine\.ts$/, 2.5, 'engine definition'],
  [/^sim\/nodes\//, 4, 'nodes'],
  [/^sim\/clients\//, 4, 'clients'],
  [/^sim\/checkers\//, 4, 'checkers'],
  [/^sim\/faults\//, 4, 'faults'],
  [/^sim\/(cluster|determinism|replay)/, 5, 'cluster'],
  [/^sim\/engine-bench\//, 5, 'engine bench'],
  [/^sim\/(bytes\/)?[^/]+\.ts$/, 0, 'ground'],
  [/^scenarios\//, 6, 'scenarios'],
  [/^reports\//, 6, 'reports'],
  [/^cli\//, 7, 'cli'],
  [/^bench\//, 8, 'bench'],
];

function roomOf(path: string): Room {
  for (const [pattern, floor, name] of ROOMS) {
    const match = pattern.exec(path);
    if (match) return { floor, name: name.replace('$1', match[1] ?? '') };
  }
  throw new Error(`${path} is in no room: add it to ARCHITECTURE.md and to this table`);
}

function mayImport(from: Room, to: Room): boolean {
  return to.floor < from.floor || (to.floor === from.floor && to.name === from.name);
}

describe('floors', () => {
  it('are only looked down from', () => {
    const wrong: string[] = [];
    for (const { path, text } of sourceFiles(['sim', 'engines', 'scenarios', 'reports', 'cli', 'bench'])) {
      for (const match of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
        const target = join(dirname(path), match[1]!);
        if (target === 'package.json') continue;
        if (!mayImport(roomOf(path), roomOf(target)))
          wrong.push(`${path} (${roomOf(path).name}) imports ${target} (${roomOf(target).name})`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['sim/loop.ts', 'sim/clock.ts', true],
    ['sim/clock.ts', 'sim/loop.ts', false],
    ['engines/bolt/page.ts', 'engines/rocksdb/table.ts', false],
    ['engines/bolt/page.ts', 'sim/disk/disk.ts', true],
    ['sim/nodes/raft/log.ts', 'sim/disk/disk.ts', false],
    ['sim/nodes/host.ts', 'engines/index.ts', true],
    ['sim/clients/load.ts', 'sim/nodes/host.ts', false],
    ['reports/index.ts', 'scenarios/schema.ts', false],
    ['cli/main.ts', 'reports/index.ts', true],
  ])('%s → %s: %s', (from, to, allowed) => {
    expect(mayImport(roomOf(from), roomOf(to))).toBe(allowed);
  });
});
