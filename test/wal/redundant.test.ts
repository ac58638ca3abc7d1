/** What recovery makes of damage and of crashes when the log has identifiers. */
import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { decodeSlot, encodeIdentifier, type Identifier, SLOT_BYTES } from '../../sim/nodes/wal/identifiers.ts';
import { openWriteAheadLog } from '../../sim/nodes/wal/recovery.ts';
import { create, entry, makeEntry, newDisk, optionsOn, reopen } from './bed.ts';

const FIRST = 'member/wal/0000000000000000-0000000000000000.wal';
const REGION = 4096;

const optionsFor = (disk: SimulatedDisk) => optionsOn(disk, { integrity: 'redundant', segmentBytes: 65_536 });

function withEntries(disk: SimulatedDisk, count: number): void {
  const log = create(optionsFor(disk));
  for (let index = 1; index <= count; index++) {
    expect(log.save({ term: 3, vote: 2, commit: index - 1 }, [entry(3, index, 200)])).toBe('ok');
  }
  log.close();
  disk.settle();
}

function slotsOf(disk: SimulatedDisk): Identifier[] {
  const buffer = new SparseBuffer();
  disk.read(disk.open(FIRST)!, 0, REGION, buffer);
  const bytes = buffer.toBytes();
  const slots: Identifier[] = [];
  for (let at = 0; at < REGION; at += SLOT_BYTES) {
    const slot = decodeSlot(bytes, at);
    if (typeof slot === 'object') slots.push(slot);
  }
  return slots;
}

/** Flips the lowest bit of a byte for good. */
function flip(disk: SimulatedDisk, at: number, name = FIRST): void {
  const file = disk.open(name)!;
  const buffer = new SparseBuffer();
  disk.read(file, at, 1, buffer);
  const byte = buffer.byteAt(0) ^ 1;
  buffer.reset().u8(byte);
  disk.write(file, at, buffer);
  disk.sync(file);
  disk.settle();
}

const placeOf = (disk: SimulatedDisk, index: number): Identifier =>
  slotsOf(disk).find((slot) => slot.recordType === 2 && slot.index === index)!;

it('a slot is 32 bytes, fields as documented', () => {
  const bytes = new Uint8Array(SLOT_BYTES);
  const id = {
    index: 2 ** 40 + 5,
    term: 7,
    offset: 4096,
    length: 328,
    crc: 0xdeadbeef,
    durable: 9,
    recordType: 2,
    entryType: 1,
  };
  encodeIdentifier(bytes, 0, id);
  expect(Buffer.from(bytes).toString('hex')).toBe(
    `050000000001${'07000000'}${'00100000'}${'48010000'}${'efbeadde'}${'09000000'}0201${Buffer.from(bytes.subarray(28)).toString('hex')}`,
  );
  expect(decodeSlot(bytes, 0)).toEqual(id);
  bytes[3]! ^= 4;
  expect(decodeSlot(bytes, 0)).toBe('damaged');
  expect(decodeSlot(new Uint8Array(SLOT_BYTES), 0)).toBe('none');
});

describe('damage', () => {
  it.each([1, 3, 5])('to entry %s of five is known by index and term, and can be mended in place', (index) => {
    const disk = newDisk();
    withEntries(disk, 5);
    const place = placeOf(disk, index);
    flip(disk, place.offset + 60);
    const opened = reopen(optionsFor(disk));
    expect(opened.damaged).toEqual([index]);
    expect(opened.entries.map((each) => `${each.term}/${each.index}`)).toEqual(['3/1', '3/2', '3/3', '3/4', '3/5']);
    expect(opened.log.repair(entry(3, index, 200))).toBe('ok');
    opened.log.close();
    disk.settle();
    const again = reopen(optionsFor(disk));
    expect(again.damaged).toEqual([]);
    expect(again.entries.every((each) => each.data.equals(entry(each.term, each.index, 200).data))).toBe(true);
  });

  it('to a frame does not lose what follows', () => {
    const disk = newDisk();
    withEntries(disk, 4);
    flip(disk, placeOf(disk, 2).offset + 1);
    expect(reopen(optionsFor(disk)).damaged).toEqual([2]);
  });

  it('to an identifier alone is made good', () => {
    const disk = newDisk();
    withEntries(disk, 4);
    flip(disk, SLOT_BYTES * 5 + 2);
    const before = slotsOf(disk).length;
    const opened = reopen(optionsFor(disk));
    expect(opened.damaged).toEqual([]);
    opened.log.close();
    disk.settle();
    expect(slotsOf(disk).length).toBeGreaterThan(before);
  });

  it('to an entry and its identifier is corruption', () => {
    const disk = newDisk();
    withEntries(disk, 4);
    const slot = slotsOf(disk).findIndex((each) => each.recordType === 2 && each.index === 2);
    flip(disk, placeOf(disk, 2).offset + 60);
    flip(disk, SLOT_BYTES * slot + 2);
    expect(openWriteAheadLog(optionsFor(disk), [], makeEntry).outcome).toBe('corrupt');
  });

  it('to the last term and vote in the log: the copies have them', () => {
    const disk = newDisk();
    withEntries(disk, 2);
    const states = slotsOf(disk).filter((slot) => slot.recordType === 3);
    for (const { offset, length } of states) flip(disk, offset + length - 12);
    expect(reopen(optionsFor(disk)).state).toMatchObject({ term: 3, vote: 2 });
  });
});

describe('term and vote have three copies: the log, promise-0, promise-1', () => {
  const NAMES = ['log', 'promise-0', 'promise-1'];
  const COMBINATIONS = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => NAMES.filter((_, i) => ((bits >> i) & 1) === 1));

  it.each(COMBINATIONS)('damaged: %s %s %s', (...damaged) => {
    const disk = newDisk();
    withEntries(disk, 2);
    if (damaged.includes('log')) {
      const states = slotsOf(disk).filter((slot) => slot.recordType === 3);
      for (const { offset, length } of states) flip(disk, offset + length - 12);
    }
    for (const name of damaged) if (name !== 'log') flip(disk, 4, `member/wal/${name}`);
    const opening = openWriteAheadLog(optionsFor(disk), [], makeEntry);
    if (damaged.length === 3) expect(opening.outcome).toBe('corrupt');
    else expect(opening).toMatchObject({ outcome: 'ok', state: { term: 3, vote: 2 } });
  });
});

it('a crash in the middle of a save never makes damage of what was synced', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const disk = newDisk(seed);
    const log = create(optionsFor(disk));
    log.save({ term: 1, vote: 1, commit: 0 }, [entry(1, 1, 700), entry(1, 2, 700)]);
    disk.settle();
    log.save({ term: 1, vote: 1, commit: 2 }, [entry(1, 3, 1500), entry(1, 4, 1500)]);
    disk.crash();
    const opened = reopen(optionsFor(disk));
    expect(opened.entries.length).toBeGreaterThanOrEqual(2);
    expect(opened.damaged.filter((index) => index <= 2)).toEqual([]);
    // goes on, and the next recovery finds it
    const next = opened.entries.length + 1;
    opened.log.save(undefined, [entry(1, next, 10)]);
    disk.settle();
    expect(reopen(optionsFor(disk)).entries.length).toBe(next);
  }
});
