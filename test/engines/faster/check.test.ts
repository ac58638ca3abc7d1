/** Every kind of fault that `check` claims to find, planted, found and named. */
import { expect, it } from 'vitest';
import { faster } from '../../../engines/faster/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { bytesOf, DIRECTORY, EngineBed, put } from '../bed.ts';

const OPTIONS = { IndexSize: 512, PageSizeBits: 12, MemorySizeBits: 13, SegmentSizeBits: 14 };
const RECORD_BYTES = 8 + 16 + 4 + 100;

/** 100 records of one size, most of them on disk only; an index checkpoint. */
function store(): EngineBed {
  const bed = EngineBed.opened(faster, OPTIONS);
  const value = Value.filled(bytesOf('stamp'), 95);
  for (let i = 100; i < 200; i++) bed.write([put(`key${i}`, value)]);
  bed.sync();
  const job = bed.engine.maintain!('index-checkpoint', 0)!;
  while (job.next().done !== true) bed.disk.settle();
  expect(bed.engine.check()).toEqual([]);
  return bed;
}

function only(bed: EngineBed, end: string): string {
  const names = bed.disk.list(DIRECTORY).filter((name) => name.endsWith(end));
  expect(names.length).toBe(1);
  return names[0]!;
}

const word = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
/** The i-th record of the first page. */
const at = (i: number): number => 64 + i * RECORD_BYTES;

it.each<[string, (bed: EngineBed) => void, RegExp]>([
  [
    'a record that leads to the middle of another',
    (bed) => bed.damage(only(bed, 'hlog.log.0'), at(12), word(at(3) + 8)),
    /leads to 456, which is no record of its tag/,
  ],
  [
    'a record that leads forward',
    (bed) => bed.damage(only(bed, 'hlog.log.0'), at(12), word(at(20))),
    /leads to 2624, which is not before it/,
  ],
  [
    'a key that leads out of its page',
    (bed) => bed.damage(only(bed, 'hlog.log.0'), at(12) + 8, word(5000)),
    /page 0, offset 1600: a key of 5000 bytes/,
  ],
  [
    'a value that leads out of its page',
    (bed) => bed.damage(only(bed, 'hlog.log.0'), at(12) + 24, word(9000)),
    /page 0, offset 1600: a value of 9000 bytes/,
  ],
  [
    'a record that is gone',
    (bed) => bed.damage(only(bed, 'hlog.log.0'), at(12), new Uint8Array(RECORD_BYTES)),
    /a key that the hash index does not lead to|leads to address 1600|which is no record/,
  ],
  [
    'another key of another tag',
    (bed) => bed.damage(only(bed, 'hlog.log.0'), at(12) + 13, bytesOf('yek')),
    /which is no record of its tag|leads to address|does not lead to/,
  ],
  [
    'metadata that changed',
    (bed) => bed.damage(bed.disk.list(`${DIRECTORY}checkpoints/cpr-checkpoints/`)[0]!, 60, bytesOf('7')),
    /is not the metadata/,
  ],
  [
    'an index file with another address',
    (bed) => bed.damage(only(bed, 'ht.dat.0'), 0, word(at(5) + 8)),
    /an entry of tag \d+ leads to address/,
  ],
])('%s', (_what, plant, found) => {
  const bed = store();
  plant(bed);
  expect(
    bed.engine
      .check()
      .map(({ where, what }) => `${where}: ${what}`)
      .join('\n'),
  ).toMatch(found);
});

it('names what a read met, and goes on', () => {
  const bed = store();
  bed.damage(only(bed, 'hlog.log.0'), at(12) + 8, word(5000));
  const into = new Value();
  expect(bed.engine.get(0, bytesOf('key112'), into)).toBe(false);
  expect(bed.engine.corruption).toEqual({ where: 'hlog.log, address 1600', what: 'holds a key of 5000 bytes' });
  expect(bed.engine.get(0, bytesOf('key199'), into)).toBe(true);
});
