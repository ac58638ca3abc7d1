/** A store filled in bulk is the one that writing the same records leaves, to the byte. */
import { describe, expect, it } from 'vitest';
import { ledger } from '../../../engines/ledger/index.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../../sim/clock.ts';
import { CATEGORIES, type Category } from '../../../sim/disk/disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import type { RecordSource } from '../../../sim/storage-engine.ts';
import { Work } from '../../../sim/work.ts';
import { batchOf, bytesOf, DIRECTORY, EngineBed, put, TABLES, withDefaults } from '../bed.ts';

const COUNT = 300;
const keyOf = (i: number): string => `key${String(i * 7).padStart(6, '0')}`;
const recordValue = (i: number): Value => Value.filled(bytesOf(`v${i}`), 50 + (i % 5) * 700);

function recordsOf(count: number): RecordSource {
  let at = -1;
  const value = new Value();
  return {
    count,
    value,
    get key() {
      return bytesOf(keyOf(at));
    },
    next: () => {
      at++;
      value.assign(recordValue(at));
      return at < count;
    },
  };
}

function filesOf(bed: EngineBed): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of bed.disk.list(DIRECTORY)) {
    const buffer = new SparseBuffer();
    bed.disk.read(bed.disk.open(name)!, 0, 10_000_000, buffer);
    files.set(name, Buffer.from(buffer.toBytes()).toString('latin1'));
  }
  return files;
}

describe.each<ParameterValues>([
  { block_size_entries: 64 },
  { block_size_entries: 64, journal_file_bytes: 50_000 },
  { form: 'chain', block_size_entries: 64 },
])('bulk load %j', (options) => {
  it('leaves what writing leaves', () => {
    const loaded = EngineBed.opened(ledger, options);
    expect(loaded.engine.bulkLoad!(0, recordsOf(COUNT))).toBe('ok');
    loaded.disk.settle();
    for (let i = 0; i < COUNT; i++) loaded.twin.apply([put(keyOf(i), recordValue(i))]);
    loaded.verify();
    expect(loaded.engine.stats().figures['entries in no block']).toBe(0);
    expect(loaded.disk.waitingRequests(0)).toBe(0);

    const written = EngineBed.opened(ledger, options);
    for (let i = 0; i < COUNT; i++) written.write([put(keyOf(i), recordValue(i))]);
    written.relieve();
    const seal = written.engine.maintain!('seal', 0);
    if (seal !== undefined) while (seal.next().done !== true);
    written.disk.settle();
    // appended in other pieces, so journal files may end elsewhere: compare where there is one
    if (options.journal_file_bytes === undefined) expect(filesOf(loaded)).toEqual(filesOf(written));
    expect(loaded.engine.stats().liveKeys).toEqual(written.engine.stats().liveKeys);

    loaded.restart();
    loaded.write([put(keyOf(3), 'again'), put('zzz', 'new')]);
    loaded.sync();
    loaded.restart();
    loaded.verify();
  });

  it('and a start from its image leave every byte in its category', () => {
    const { disk, engine } = EngineBed.opened(ledger, options);
    expect(engine.bulkLoad!(0, recordsOf(COUNT))).toBe('ok');
    disk.settle();
    expect(disk.install(disk.capture(engine.checkpoint()), DIRECTORY, 'copy/', 'other')).toBe('ok');
    const context = { disk, directory: 'copy/', tables: TABLES, work: new Work(), clock: STOPPED_CLOCK };
    const copy = ledger.create(context, withDefaults(ledger.options, options));
    expect(copy.open()).toBe('recovered');
    const before = disk.counters.writtenBytes.slice();
    const written = (category: Category): number => {
      const index = CATEGORIES.indexOf(category);
      return disk.counters.writtenBytes[index]! - before[index]!;
    };
    expect(copy.write(batchOf([put('a', 'one')]))).toBe('ok');
    const seal = copy.maintain!('seal', 0)!;
    while (seal.next().done !== true);
    expect(written('ledger')).toBeGreaterThan(96);
    expect(written('ledger-commit')).toBeGreaterThan(255);
    expect(written('other')).toBe(0);
  });

  it('of nothing leaves an empty store', () => {
    const bed = EngineBed.opened(ledger, options);
    expect(bed.engine.bulkLoad!(0, recordsOf(0))).toBe('ok');
    bed.disk.settle();
    bed.write([put('a', 'one')]);
    bed.verify();
  });
});
