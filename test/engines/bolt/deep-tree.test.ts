/** Trees of several levels that grow and shrink, on small pages; a Map is the twin. */
import { describe, expect, it } from 'vitest';
import { bolt } from '../../../engines/bolt/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import { batchOf, bytesOf, EngineBed, text } from '../bed.ts';
import type { Operation } from '../sorted-array.ts';

/** How likely an operation deletes, wave by wave: grow, overwrite, shrink, shrink to little, grow again. */
const WAVES = [0, 0.3, 0.7, 0.97, 0.1];
const COMMITS_PER_WAVE = 8;
const KEYS = 4000;

describe('a deep tree', () => {
  it.each<[ParameterValues, number]>([
    [{ pageSize: 1024 }, 1],
    [{ pageSize: 1024, freelist: 'hashmap' }, 2],
    [{ pageSize: 1024, freelist: 'hashmap', noFreelistSync: true, fillPercent: 1 }, 3],
    [{ pageSize: 2048, fillPercent: 0.1 }, 4],
  ])('with %j agrees with a map and stays sound, seed %i', (options, seed) => {
    const random = new Rng(seed);
    const { engine, disk } = EngineBed.opened(bolt, options);
    const twin = new Map<string, Value>();
    let branchesMax = 0;
    for (const deletes of WAVES) {
      for (let commit = 0; commit < COMMITS_PER_WAVE; commit++) {
        const operations = Array.from({ length: random.int(1, 400) }, (): Operation => {
          const name = `a prefix that keeps branches thin/${String(random.int(0, KEYS)).padStart(5, '0')}`;
          if (random.chance(deletes)) {
            twin.delete(name);
            return { table: 0, key: bytesOf(name), value: undefined };
          }
          const value = Value.filled(bytesOf(`${commit}`), random.chance(0.02) ? 3000 : random.int(0, 60));
          twin.set(name, value);
          return { table: 0, key: bytesOf(name), value };
        });
        expect(engine.write(batchOf(operations))).toBe('ok');
        expect(engine.sync()).toBe('ok');
        disk.settle();
        expect(engine.check()).toEqual([]);
      }
      const names = [...twin.keys()].sort((a, b) => (a < b ? -1 : 1));
      let at = 0;
      engine.scan(0, new Uint8Array(0), undefined, (bytes, from, to, value) => {
        const name = names[at++]!;
        expect(text(bytes.subarray(from, to))).toBe(name);
        expect(value.equals(twin.get(name)!)).toBe(true);
        return true;
      });
      expect(at).toBe(names.length);
      const into = new Value();
      for (const name of names) expect(engine.get(0, bytesOf(name), into) && into.equals(twin.get(name)!)).toBe(true);
      const branches = engine.stats().figures.branchPages!;
      branchesMax = Math.max(branchesMax, branches);
    }
    expect(branchesMax).toBeGreaterThan(10);
    expect(engine.stats().figures.rebalances).toBeGreaterThan(100);
    expect(engine.stats().liveKeys).toBe(twin.size);
  });
});
