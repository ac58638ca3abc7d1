/** Byte for byte what bbolt 1.3.6 wrote, on the runs that are quick enough for a test. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BoltRun, EXACT_COLUMNS, parseCsv } from '../../../bench/ground-truth/bolt.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { Rng } from '../../../sim/rng.ts';

const FOLDER = new URL('../../../../shared/ground-truth/', import.meta.url);
const isThere = existsSync(new URL('bbolt.csv', FOLDER));
if (!isThere) console.log('skipped: no measured runs of bbolt in ../shared/ground-truth');

function rows(file: string): ReturnType<typeof parseCsv> {
  return parseCsv(readFileSync(new URL(file, FOLDER), 'utf8'));
}

function disk(): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1),
    pageCacheBytes: 1024 * 1024 * 1024,
    capacityBytes: 1024 * 1024 * 1024 * 1024,
  });
}

describe.skipIf(!isThere)('bbolt 1.3.6', () => {
  it('is matched commit by commit on bb14', () => {
    const trace = rows('bbolt_trace_bb14.csv');
    const phases = rows('bbolt.csv').filter(({ run }) => run === 'bb14');
    expect(phases.length).toBe(2);
    const run = new BoltRun(disk(), phases);
    let commit = 0;
    for (const phase of phases) {
      run.phase(phase, (record) => {
        const measured = trace[commit++]!;
        for (const [name, value] of Object.entries(record)) {
          expect(value, `${name} of ${measured.phase} ${measured.commit}`).toBe(Number(measured[name]));
        }
      });
    }
    expect(commit).toBe(trace.length);
    expect(run.engine.check()).toEqual([]);
  });

  // deletes too, where few enough are in a transaction that their order does not matter
  it.each(['bb10', 'bb11', 'bb14', 'bb15'])('is matched in every column of %s', (name) => {
    const phases = rows('bbolt.csv').filter(({ run }) => run === name);
    const run = new BoltRun(disk(), phases);
    for (const phase of phases) {
      const found = run.phase(phase);
      const expected = Object.fromEntries(EXACT_COLUMNS.map((column) => [column, Number(phase[column])]));
      expect(found, `${name} ${phase.phase}`).toEqual(expected);
    }
  });
});
