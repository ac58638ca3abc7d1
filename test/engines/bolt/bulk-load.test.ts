/** A bulk load leaves the tree that one transaction of ascending puts leaves, and a store like any other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoltEngine } from '../../../engines/bolt/engine.ts';
import { bolt } from '../../../engines/bolt/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import type { RecordSource } from '../../../sim/storage-engine.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';
import type { Operation } from '../sorted-array.ts';

class ListedRecords implements RecordSource {
  readonly count: number;
  key: Uint8Array = new Uint8Array(0);
  value = new Value();
  readonly #list: readonly Operation[];
  #next = 0;

  constructor(list: readonly Operation[]) {
    this.#list = list;
    this.count = list.length;
  }

  next(): boolean {
    const operation = this.#list[this.#next++];
    if (operation === undefined) return false;
    this.key = operation.key;
    this.value = operation.value!;
    return true;
  }
}

function loaded(options: ParameterValues, list: readonly Operation[]): EngineBed {
  const bed = EngineBed.opened(bolt, options);
  expect(bed.engine.bulkLoad!(0, new ListedRecords(list))).toBe('ok');
  bed.disk.settle();
  bed.twin.apply(list);
  return bed;
}

const census = (bed: EngineBed) => (bed.engine as BoltEngine).tableCensus()[0]!;
/** Value sizes drawn from a few, so that records of very different size meet. */
const sizes = fc.array(fc.constantFrom(0, 1, 20, 100, 400, 1100, 3000), { minLength: 1, maxLength: 40 });

describe.each<ParameterValues>([
  {},
  { fillPercent: 0.9, freelist: 'hashmap', noFreelistSync: true },
  { pageSize: 1024 },
])('a bulk load under %j', (options) => {
  it.each([0, 1024, 1025, 2500])('of %i records', (count) => {
    const list = Array.from({ length: count }, (_, i) =>
      put(`key${String(i).padStart(7, '0')}`, Value.filled(bytesOf(`${i}`), 100)),
    );
    const bed = loaded(options, list);
    bed.verify();
    const twin = EngineBed.opened(bolt, options);
    twin.write(list);
    twin.sync();
    expect(census(bed)).toEqual(census(twin));
    expect(bed.engine.stats().liveKeys).toBe(count);
    expect(bed.engine.stats().figures.tableDepth).toBe(twin.engine.stats().figures.tableDepth);
    bed.restart();
    bed.verify();
  });

  it('of records of all sizes, written to and deleted from afterwards', () => {
    fc.assert(
      fc.property(sizes, fc.nat(300), (pattern, extra) => {
        const list = Array.from({ length: 1025 + extra }, (_, i) =>
          put(`k${String(i).padStart(7, '0')}`, Value.filled(bytesOf('v'), pattern[i % pattern.length]!)),
        );
        const bed = loaded(options, list);
        const twin = EngineBed.opened(bolt, options);
        twin.write(list);
        twin.sync();
        expect(census(bed)).toEqual(census(twin));
        bed.write([
          ...list.slice(100, 700).map(({ key }) => ({ table: 0, key, value: undefined })),
          ...list.slice(650, 800).map(({ key }) => ({ table: 0, key, value: Value.of(bytesOf('new')) })),
        ]);
        bed.sync();
        bed.verify();
      }),
      { numRuns: 2 },
    );
  });
});

it('a bulk load that runs out of space leaves the empty store', () => {
  const bed = EngineBed.opened(bolt);
  const list = Array.from({ length: 3000 }, (_, i) => put(`key${String(i).padStart(7, '0')}`, 'value'));
  Object.defineProperty(bed.disk, 'capacityBytes', { value: 100_000 });
  expect(bed.engine.bulkLoad!(0, new ListedRecords(list))).toBe('no-space');
  bed.disk.settle();
  Object.defineProperty(bed.disk, 'capacityBytes', { value: 2 ** 40 });
  bed.verify();
  bed.write(list.slice(0, 50));
  bed.sync();
  bed.restart();
  bed.verify();
});
