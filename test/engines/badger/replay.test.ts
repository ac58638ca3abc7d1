/** A log that holds more than a memtable: replay fills one, which is flushed, and whoever replays next begins behind it. */
import { expect, it } from 'vitest';
import { badger } from '../../../engines/badger/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';

it.each([2, 3, 5, 7])('loses nothing of the transaction at which the memtable is full, of %i puts', (puts) => {
  const bed = EngineBed.opened(badger, { max_table_size: 65_536, value_threshold: 65_536 });
  const memtables = (): number => bed.engine.stats().figures.memtables!;
  for (let written = 0; memtables() < 2; written += puts) {
    expect(written).toBeLessThan(1000);
    bed.write(Array.from({ length: puts }, (_, i) => put(`key-${written + i}`, Value.filled(bytesOf('v'), 1000))));
  }
  bed.sync();
  for (let restart = 0; restart < 3; restart++) {
    expect(bed.crash(PROCESS_KILL)).toBe('recovered');
    bed.verify();
    // the memtable is flushed once somebody writes
    bed.write([put('after', String(restart))]);
    bed.sync();
    bed.relieve();
  }
  expect(bed.engine.stats().figures.level0Files).toBe(1);
});
