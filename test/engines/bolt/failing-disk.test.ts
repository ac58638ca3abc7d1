/** A disk that fails at one operation of a commit, whichever it is: what is there afterwards, and after a crash. */
import { describe, expect, it } from 'vitest';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytesOf } from '../bed.ts';
import { bucketOf, contentOf, DatabaseBed, putText } from './database-bed.ts';

const RUNS = 8;
const NAME = bytesOf('bucket');

function fill(bed: DatabaseBed, value: string): void {
  const bucket = bucketOf(bed.database.begin().root.createBucketIfNotExists(NAME));
  for (let i = 0; i < 60; i++) putText(bucket, `key${100 + i}`, value);
  putText(bucketOf(bucket.createBucketIfNotExists(bytesOf('inner'))), 'in', value);
}

/** Fails one write or sync, after so many that succeed. */
class OneFailure {
  readonly name = 'one failure';
  #left: number;
  hasFailed = false;

  constructor(operations: number) {
    this.#left = operations;
  }

  onWrite(): 'ok' | 'io-error' | 'no-space' {
    return this.#isDue() ? 'no-space' : 'ok';
  }

  onSync(): 'ok' | 'io-error' {
    return this.#isDue() ? 'io-error' : 'ok';
  }

  #isDue(): boolean {
    if (this.#left-- !== 0) return false;
    this.hasFailed = true;
    return true;
  }
}

describe.each<ParameterValues>([{ pageSize: 1024 }, { pageSize: 1024, freelist: 'hashmap', noFreelistSync: true }])(
  'a failing disk under %j',
  (options) => {
    it('leaves the commit before, or this one if all but its last sync went well; readers see theirs', () => {
      const outcomes = new Set<string>();
      let failures = 0;
      for (let run = 0; ; run++) {
        // each place several times: every other one with a commit after it, and each with another crash
        const operations = Math.floor(run / RUNS);
        const bed = new DatabaseBed({ ...options, initialMmapSize: 1 << 20 }, run + 1);
        for (const value of ['one', 'two', 'three']) {
          fill(bed, value);
          expect(bed.database.commit()).toBe('ok');
        }
        bed.disk.settle();
        const reader = bed.database.beginRead();
        const before = contentOf(reader);
        fill(bed, 'four');
        const after = contentOf(bed.database.transaction);
        const failure = new OneFailure(operations);
        bed.disk.faults.add(failure);
        const outcome = bed.database.commit();
        bed.disk.faults.remove(failure);
        if (!failure.hasFailed) {
          expect(outcome).toBe('ok');
          break;
        }
        failures++;
        outcomes.add(outcome);
        expect(outcome).not.toBe('ok');
        expect(bed.database.isServing).toBe(true);
        const now = contentOf(bed.database.transaction);
        expect([before, after]).toContainEqual(now);
        expect(contentOf(reader)).toEqual(before);
        expect(bed.faults()).toEqual([]);
        // what is written next, and not synced, must not destroy what a crash may bring back
        fill(bed, 'five');
        if (run % 2 === 0) {
          expect(bed.database.commit()).toBe('ok');
          expect(contentOf(reader)).toEqual(before);
          expect(bed.faults()).toEqual([]);
        }
        const latest = contentOf(bed.database.transaction);
        bed.disk.crash();
        bed.reopenAfterCrash();
        expect(bed.faults()).toEqual([]);
        expect([before, after, latest]).toContainEqual(contentOf(bed.database.transaction));
      }
      expect(failures).toBeGreaterThan(7 * RUNS);
      expect([...outcomes].sort((a, b) => (a < b ? -1 : 1))).toEqual(['io-error', 'no-space']);
    });
  },
);
