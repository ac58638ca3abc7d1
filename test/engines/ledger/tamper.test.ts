/** Every byte of every file of a small store is changed, one at a time; and what audits cannot see alone. */
import { describe, expect, it } from 'vitest';
import { ledger } from '../../../engines/ledger/index.ts';
import { Ledger } from '../../../engines/ledger/ledger.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytesOf, DIRECTORY, del, EngineBed, put } from '../bed.ts';
import type { Operation } from '../sorted-array.ts';

const FORMS: readonly ParameterValues[] = [
  { block_size_entries: 4, journal_file_bytes: 4096 },
  { form: 'chain', block_size_entries: 4 },
];

const BATCHES: readonly (readonly Operation[])[] = [
  [put('apple', 'one'), put('apricot', 'two'), put('b', 'three', 1)],
  [put('apple', 'four'), del('b', 1)],
  [put('cherry', Value.filled(bytesOf('five'), 40))],
];

function builtStore(options: ParameterValues, batches = BATCHES): EngineBed {
  const bed = EngineBed.opened(ledger, options);
  for (const batch of batches) {
    bed.write(batch);
    bed.sync();
  }
  bed.relieve();
  expect(bed.engine.close()).toBe('ok');
  bed.disk.settle();
  return bed;
}

/** The same, opened again, and what was written since is in no block yet: in a table behind those that are. */
function storeWithTail(options: ParameterValues): EngineBed {
  const bed = builtStore(options);
  expect(bed.reopen()).toBe('recovered');
  bed.write([put('a tail', 'six', 1)]);
  bed.sync();
  bed.disk.settle();
  return bed;
}

const ledgerOf = (bed: EngineBed): Ledger => {
  expect(bed.engine).toBeInstanceOf(Ledger);
  return bed.engine as Ledger;
};

function byteAt(bed: EngineBed, name: string, offset: number): number {
  const buffer = new SparseBuffer();
  bed.disk.read(bed.disk.open(name)!, offset, 1, buffer);
  return buffer.byteAt(0);
}

/** After damage: every read gives what was written, or less and a reason. */
function wrongValues(bed: EngineBed): number {
  if (bed.reopen() === 'corrupt') {
    expect(bed.engine.corruption).toBeDefined();
    return 0;
  }
  let wrong = 0;
  const into = new Value();
  bed.twin.tables.forEach((entries, table) => {
    let scanned = 0;
    bed.engine.scan(table, new Uint8Array(0), undefined, (bytes, from, to, value) => {
      const expected = bed.twin.get(table, bytes.slice(from, to));
      if (expected === undefined || !expected.equals(value)) wrong++;
      scanned++;
      return true;
    });
    if (scanned < entries.length && bed.engine.corruption === undefined) wrong++;
    for (const { key, value } of entries) {
      if (!bed.engine.get(table, key, into)) wrong += bed.engine.corruption === undefined ? 1 : 0;
      else if (!into.equals(value)) wrong++;
    }
  });
  return wrong;
}

describe.each(FORMS)('a tampered ledger %j', (options) => {
  it('is found out at every byte, and never shows a wrong value', () => {
    let tried = 0;
    let detected = 0;
    let wrong = 0;
    const bed = builtStore(options);
    expect(ledgerOf(bed).audit().faults).toEqual([]);
    for (const name of bed.disk.list(DIRECTORY)) {
      const { length } = bed.disk.open(name)!;
      for (let offset = 0; offset < length; offset++) {
        const original = byteAt(bed, name, offset);
        bed.damage(name, offset, Uint8Array.of(original ^ (1 << (offset % 8))));
        tried++;
        const [fault] = ledgerOf(bed).audit().faults;
        if (fault?.where.startsWith(DIRECTORY)) detected++;
        bed.damage(name, offset, Uint8Array.of(original));
      }
    }
    console.log(`ledger ${JSON.stringify(options)}: bytes changed ${tried}, found by audit ${detected}`);
    expect(detected).toBe(tried);
    expect(tried).toBeGreaterThan(1000);

    for (const name of bed.disk.list(DIRECTORY)) {
      const { length } = bed.disk.open(name)!;
      for (let offset = 0; offset < length; offset += 17) {
        // opening may repair what it can, so each damage gets a store of its own
        for (const copy of [builtStore(options), storeWithTail(options)]) {
          copy.damage(name, offset, Uint8Array.of(byteAt(copy, name, offset) ^ 0x40));
          wrong += wrongValues(copy);
        }
      }
    }
    expect(wrong).toBe(0);
  }, 30_000);

  it('is found out wherever a file is cut', () => {
    const bed = builtStore(options);
    // a chain that lost its last commits whole is a chain whose last block was never built: the digest tells
    const kept = ledgerOf(bed).digest;
    let tried = 0;
    let detected = 0;
    for (const name of bed.disk.list(DIRECTORY)) {
      const file = bed.disk.open(name)!;
      const { length } = file;
      const bytes = new SparseBuffer();
      bed.disk.read(file, 0, length, bytes);
      for (let cut = 0; cut < length; cut += 5) {
        bed.disk.truncate(file, cut);
        tried++;
        if (ledgerOf(bed).audit(kept).faults.length > 0) detected++;
        bed.disk.write(file, 0, bytes);
      }
    }
    console.log(`ledger ${JSON.stringify(options)}: cuts ${tried}, found by audit ${detected}`);
    expect(detected).toBe(tried);
  });

  it('names block and entry', () => {
    const bed = builtStore(options);
    // entry 3 is the second "apple"; its value stands at the end of it
    const journal = `${DIRECTORY}journal-000001`;
    const buffer = new SparseBuffer();
    bed.disk.read(bed.disk.open(journal)!, 0, 100_000, buffer);
    const at = Buffer.from(buffer.toBytes()).indexOf('four');
    bed.damage(journal, at, bytesOf('f0ur'));
    const [fault] = ledgerOf(bed).audit().faults;
    expect(fault).toEqual({
      where: expect.stringMatching(/journal-000001 offset \d+ \(block 0, entry 3\)/),
      what: 'wrong checksum',
    });
  });

  it('that was written anew as a whole is found out by a digest that somebody kept', () => {
    const kept = ledgerOf(builtStore(options)).digest;
    const other = [[put('apple', 'one'), put('apricot', 'TWO'), put('b', 'three', 1)], ...BATCHES.slice(1)];
    const forged = ledgerOf(builtStore(options, other));
    expect(forged.audit().faults).toEqual([]);
    expect(forged.audit(forged.digest).faults).toEqual([]);
    expect(forged.audit(kept).faults).toEqual([
      { where: `${DIRECTORY}commits`, what: 'no block has the digest that was kept' },
    ]);
  });
});
