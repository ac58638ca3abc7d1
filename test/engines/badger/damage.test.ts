/**
 * Bytes of a closed store are flipped and files are cut, one at a time. Each time opening, checking or reading must say so,
 * or everything must be as it was; nothing may throw, hang, or show a wrong value.
 */
import { describe, expect, it } from 'vitest';
import type { Badger } from '../../../engines/badger/badger.ts';
import { Batch } from '../../../sim/batch.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytesOf, DIRECTORY, text } from '../bed.ts';
import { makeDisk } from '../crash-story.ts';
import { makeEngine } from './bench.ts';

const OPTIONS: ParameterValues = {
  max_table_size: 32768,
  level_one_size: 32768,
  value_threshold: 300,
  sync_writes: false,
  value_log_max_entries: 120,
};

type Files = ReadonlyMap<string, Uint8Array>;

function write(engine: Badger, round: number): void {
  const batch = new Batch();
  for (let from = 0; from < 100; from += 10) {
    batch.clear();
    for (let i = from; i < from + 10; i++) {
      const stamp = bytesOf(`round ${round} key ${i}`);
      if ((i + round) % 9 === 0) batch.delete(0, bytesOf(`key${i}`));
      else batch.put(0, bytesOf(`key${i}`), Value.filled(stamp, 50 + ((i * 97) % 600) - stamp.length));
    }
    expect(engine.write(batch)).toBe('ok');
  }
}

function contentOf(engine: Badger): Map<string, string> {
  const content = new Map<string, string>();
  engine.scan(0, new Uint8Array(0), undefined, (bytes, from, to, value) => {
    content.set(text(bytes.slice(from, to)), `${value.length} ${value.crc32c(0)}`);
    return true;
  });
  return content;
}

function diskOf(files: Files): SimulatedDisk {
  const disk = makeDisk(1);
  const buffer = new SparseBuffer();
  for (const [name, bytes] of files) {
    const file = disk.create(name, 'other');
    buffer.reset();
    buffer.bytes(bytes);
    disk.write(file, 0, buffer);
    disk.close(file);
  }
  disk.settle();
  return disk;
}

/** A store with tables on two levels, several value-log files and moved values; closed. */
const [FILES, CONTENT] = ((): [Files, Map<string, string>] => {
  const disk = makeDisk(1);
  for (let round = 0; round < 4; round++) {
    const engine = makeEngine(disk, OPTIONS);
    engine.open();
    write(engine, round);
    for (let job = engine.background(); job !== undefined; job = engine.background()) while (job.next().done !== true);
    const collection = round === 3 ? engine.maintain('gc', 0.05) : undefined;
    while (collection !== undefined && collection.next().done !== true);
    engine.close();
    disk.settle();
  }
  const files = new Map<string, Uint8Array>();
  for (const name of disk.list(DIRECTORY)) {
    const bytes = new SparseBuffer();
    const file = disk.open(name)!;
    disk.read(file, 0, file.length, bytes);
    files.set(name, bytes.toBytes());
  }
  const engine = makeEngine(diskOf(files), OPTIONS);
  expect(engine.open()).toBe('recovered');
  expect(engine.check()).toEqual([]);
  return [files, contentOf(engine)];
})();

/** Whether the damage was detected; if not, everything must be as it was. */
function meets(files: Files, what: string): boolean {
  const engine = makeEngine(diskOf(files), OPTIONS);
  const outcome = engine.open();
  if (outcome === 'corrupt') {
    expect(engine.corruption, what).toBeDefined();
    return true;
  }
  expect(outcome, what).toBe('recovered');
  const shown = contentOf(engine);
  for (const [key, value] of shown) expect(value, `${what}: ${key}`).toBe(CONTENT.get(key));
  if (engine.corruption !== undefined || engine.check().length > 0) return true;
  expect(shown, what).toEqual(CONTENT);
  return false;
}

const with_ = (name: string, bytes: Uint8Array): Files => new Map([...FILES, [name, bytes]]);

/** All of the small files; of the others every so many-th byte. */
const STRIDE = 211;

describe('damage', () => {
  it('to any byte is detected, but for IVs, which nothing uses', () => {
    let tried = 0;
    let detected = 0;
    for (const [name, bytes] of FILES) {
      const isSmall = /MANIFEST|KEYREGISTRY/.test(name);
      for (let at = 0; at < bytes.length; at += isSmall ? 1 : STRIDE) {
        const flipped = bytes.slice();
        flipped[at]! ^= 1 << (at % 8);
        const isInitialVector = name.endsWith('KEYREGISTRY') ? at < 16 : name.endsWith('.vlog') && at < 20;
        const found = meets(with_(name, flipped), `${name} at ${at}`);
        if (!isInitialVector) expect(found, `${name} at ${at}`).toBe(true);
        tried++;
        if (found) detected++;
      }
    }
    console.log(`badger: ${detected} of ${tried} flipped bytes detected; the others are IVs`);
    expect(tried).toBeGreaterThan(500);
  });

  it('by a cut is detected, or loses nothing', () => {
    let tried = 0;
    for (const [name, bytes] of FILES) {
      for (let cut = 0; cut < 12; cut++) {
        const length = Math.floor((bytes.length * cut) / 12);
        meets(with_(name, bytes.slice(0, length)), `${name} cut at ${length}`);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(40);
  });

  it('by a missing file is detected', () => {
    for (const name of FILES.keys()) {
      if (name.endsWith('KEYREGISTRY')) continue; // made again: there are no keys in it
      const files = new Map(FILES);
      files.delete(name);
      expect(meets(files, name), name).toBe(true);
    }
  });
});
