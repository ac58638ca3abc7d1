import { describe, expect, it } from 'vitest';
import { badger } from '../../../engines/badger/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { RecordSource } from '../../../sim/storage-engine.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';

const COUNT = 3000;
const keyOf = (i: number): string => `key${String(i).padStart(6, '0')}`;
const filledOf = (i: number): Value => Value.filled(bytesOf(`v${i}`), 100 + (i % 5) * 200);

class Records implements RecordSource {
  readonly count = COUNT;
  key = bytesOf('');
  value = new Value();
  #at = -1;

  next(): boolean {
    if (++this.#at >= COUNT) return false;
    this.key = bytesOf(keyOf(this.#at));
    this.value = filledOf(this.#at);
    return true;
  }
}

describe.each([
  { max_table_size: 65536, level_one_size: 262144, value_threshold: 500, value_log_file_size: 1048576 },
  { max_table_size: 65536, level_one_size: 65536, value_threshold: 32, sync_writes: false },
  { max_table_size: 65536, level_one_size: 65536, profile: 'v3' },
])('a bulk load with %o', (options) => {
  it('leaves a settled store, at no cost, that goes on like any other', () => {
    const bed = EngineBed.opened(badger, options);
    expect(bed.engine.bulkLoad!(1, new Records())).toBe('ok');
    bed.disk.settle();
    bed.twin.apply(Array.from({ length: COUNT }, (_, i) => put(keyOf(i), filledOf(i), 1)));
    bed.verify();
    expect(bed.engine.background()).toBeUndefined();

    // Durable, and nothing of it is replayed.
    expect(bed.crash()).toBe('recovered');
    bed.verify();
    expect(bed.engine.stats().figures.replayedEntries).toBe(0);

    bed.write([put(keyOf(7), 'after', 1), put('other', 'table', 0)]);
    bed.sync();
    bed.restart();
    bed.verify();
    bed.relieve();
    bed.verify();
  });
});
