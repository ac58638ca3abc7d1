/** Each disk fault on its own: what a program sees while it is in force, and that lifting it leaves the content as it was. */
import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { MILLISECOND } from '../../sim/clock.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { POWER_CUT, PROCESS_KILL } from '../../sim/disk/crash-model.ts';
import { REQUEST_WRITE } from '../../sim/disk/disk.ts';
import { type DiskFault, findDiskFault } from '../../sim/disk/faults/index.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';

const SECTORS = 64;
const BYTES = SECTORS * 512;

/** A disk with one durable file of distinct bytes. */
class Bed {
  readonly disk = new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1),
    pageCacheBytes: 1 << 20,
    capacityBytes: 1 << 30,
  });
  readonly file = this.disk.create('f', 'other');
  readonly content = Uint8Array.from({ length: BYTES }, (_, i) => (i * 7 + (i >> 9)) & 0xff);
  readonly fault: DiskFault;

  constructor(name: string, parameters: ParameterValues = {}, seed = 1) {
    this.write(0, this.content);
    this.disk.sync(this.file);
    this.disk.syncDirectory('');
    this.disk.settle();
    this.fault = findDiskFault(name)!.create(parameters, new Rng(seed));
    this.disk.faults.add(this.fault);
  }

  write(offset: number, bytes: Uint8Array): string {
    const buffer = new SparseBuffer();
    buffer.bytes(bytes);
    return this.disk.write(this.file, offset, buffer);
  }

  /** undefined: the read failed. */
  read(offset = 0, length = BYTES): Uint8Array | undefined {
    const into = new SparseBuffer();
    return this.disk.read(this.file, offset, length, into) === 'ok' ? into.toBytes() : undefined;
  }

  /** Sectors that differ from what was written. */
  wrong(): number[] {
    const seen = this.read()!;
    return Array.from({ length: SECTORS }, (_, i) => i).filter((i) =>
      seen.subarray(i * 512, i * 512 + 512).some((byte, at) => byte !== this.content[i * 512 + at]),
    );
  }

  lift(): void {
    this.disk.faults.remove(this.fault);
  }
}

describe('bit-rot', () => {
  it('shows one wrong bit in each struck sector, the same at every read', () => {
    const bed = new Bed('bit-rot', { sectors: 0.2 });
    const wrong = bed.wrong();
    expect(wrong.length).toBeGreaterThan(4);
    expect(wrong.length).toBeLessThan(30);
    const seen = bed.read()!;
    let bits = 0;
    for (let i = 0; i < BYTES; i++) {
      for (let rest = seen[i]! ^ bed.content[i]!; rest > 0; rest &= rest - 1) bits++;
    }
    expect(bits).toBe(wrong.length);
    // piece by piece, in another order
    for (let offset = BYTES - 100; offset >= 0; offset -= 100) {
      expect(bed.read(offset, 100)).toEqual(seen.slice(offset, offset + 100));
    }
    bed.lift();
    expect(bed.wrong()).toEqual([]);
  });

  it('is mended by writing, and strikes other sectors under another seed', () => {
    const bed = new Bed('bit-rot', { sectors: 0.2 });
    const [first, ...others] = bed.wrong();
    bed.write(first! * 512, bed.content.subarray(first! * 512, first! * 512 + 512));
    expect(bed.wrong()).toEqual(others);
    expect(new Bed('bit-rot', { sectors: 0.2 }, 2).wrong()).not.toEqual([first, ...others]);
    expect(new Bed('bit-rot', { sectors: 0 }).wrong()).toEqual([]);
    expect(new Bed('bit-rot', { sectors: 1 }).wrong()).toHaveLength(SECTORS);
  });
});

describe('latent-sector-error', () => {
  it('fails reads of struck sectors only, until they are written', () => {
    const bed = new Bed('latent-sector-error', { sectors: 0.2 });
    const unreadable = Array.from({ length: SECTORS }, (_, i) => i).filter((i) => bed.read(i * 512, 512) === undefined);
    expect(unreadable.length).toBeGreaterThan(4);
    expect(unreadable.length).toBeLessThan(30);
    expect(bed.read()).toBeUndefined();
    for (const i of unreadable) bed.write(i * 512, bed.content.subarray(i * 512, i * 512 + 512));
    expect(bed.read()).toEqual(bed.content);
  });
});

describe('lying-sync', () => {
  /** Sectors of a rewrite that survive a power failure after a sync that said ok. */
  const survivors = (probability: number, seed: number): number => {
    const bed = new Bed('lying-sync', { probability }, seed);
    bed.write(0, new Uint8Array(BYTES).fill(1));
    expect(bed.disk.sync(bed.file)).toBe('ok');
    bed.disk.settle();
    bed.disk.crash();
    const into = new SparseBuffer();
    bed.disk.read(bed.disk.open('f')!, 0, BYTES, into);
    return into.toBytes().filter((byte, i) => byte === 1 && bed.content[i] !== 1 && i % 512 === 3).length;
  };

  it('says ok and leaves the rest to chance', () => {
    const whole = survivors(0, 1);
    expect(whole).toBeGreaterThan(50);
    expect([1, 2, 3, 4].some((seed) => survivors(1, seed) < whole)).toBe(true);
  });
});

/** What a file holds for the process, and after the power failed. */
function story(name: string, parameters: ParameterValues, model = KEEPS_NOTHING) {
  const bed = new Bed(name, parameters);
  const { disk } = bed;
  const outcomes = [bed.write(512, new Uint8Array(1024).fill(1)), disk.sync(bed.file)];
  disk.settle();
  const before = bed.read()!;
  disk.crash(model);
  const into = new SparseBuffer();
  disk.read(disk.open('f')!, 0, BYTES, into);
  return { bed, outcomes, before, after: into.toBytes() };
}

/** What no sync covers is gone. */
const KEEPS_NOTHING = { ...POWER_CUT, blockKept: 0, blockLost: 1, newestLength: 0 };

describe('failed-sync', () => {
  it('fails once, then says ok for what was never written', () => {
    const bed = new Bed('failed-sync', { probability: 1 });
    const { disk } = bed;
    bed.write(512, new Uint8Array(1024).fill(1));
    expect(disk.sync(bed.file)).toBe('io-error');
    bed.lift();
    expect(disk.sync(bed.file)).toBe('ok');
    disk.settle();
    expect(bed.read(512, 1)).toEqual(Uint8Array.of(1));
    disk.crash(KEEPS_NOTHING);
    expect(disk.forgotten).toBe(1);
    const into = new SparseBuffer();
    disk.read(disk.open('f')!, 0, BYTES, into);
    expect(into.toBytes()).toEqual(bed.content);
  });

  it('loses nothing of what is written again, and promises nothing to who stops', () => {
    const bed = new Bed('failed-sync', { probability: 1 });
    const { disk } = bed;
    const bytes = new Uint8Array(1024).fill(1);
    bed.write(512, bytes);
    disk.sync(bed.file);
    bed.lift();
    bed.write(512, bytes);
    expect(disk.sync(bed.file)).toBe('ok');
    disk.settle();
    disk.crash(KEEPS_NOTHING);
    const into = new SparseBuffer();
    disk.read(disk.open('f')!, 512, 1024, into);
    expect(into.toBytes()).toEqual(bytes);
    expect(story('failed-sync', { probability: 1 }).bed.disk.forgotten).toBe(0);
  });

  it('takes with it what made the file longer', () => {
    const bed = new Bed('failed-sync', { probability: 1 });
    bed.write(BYTES, new Uint8Array(100).fill(1));
    bed.disk.sync(bed.file);
    bed.lift();
    expect(bed.disk.sync(bed.file)).toBe('ok');
    bed.disk.settle();
    bed.disk.crash(KEEPS_NOTHING);
    const into = new SparseBuffer();
    bed.disk.read(bed.disk.open('f')!, BYTES, 100, into);
    expect(into.toBytes().every((byte) => byte === 0)).toBe(true);
  });
});

it.each(['lying-sync', 'failed-sync', 'lost-write', 'misdirected-write'])(
  '%s deceives the next process: it finds what was written, and syncing it is of no avail',
  (name) => {
    const bed = new Bed(name, { probability: 1 });
    const { disk } = bed;
    bed.write(8192, new Uint8Array(4096).fill(1));
    disk.sync(bed.file);
    disk.settle();
    // one that lies goes on lying
    if (name === 'failed-sync') bed.lift();
    disk.endProcess();
    expect(disk.exportFile('f')[8192]).toBe(1);
    expect(disk.syncAll('')).toBe('ok');
    disk.settle();
    disk.crash(KEEPS_NOTHING);
    expect(disk.exportFile('f').subarray(8192, 12_288)).toEqual(bed.content.subarray(8192, 12_288));
    expect(disk.forgotten).toBe(1);
  },
);

describe('lost-write', () => {
  it.each([
    ['a power cut', KEEPS_NOTHING],
    ['one that loses nothing else', PROCESS_KILL],
  ])('shows the old content after %s, though the sync was honest', (_, model) => {
    const { bed, outcomes, before, after } = story('lost-write', { probability: 1 }, model);
    expect(outcomes).toEqual(['ok', 'ok']);
    expect(before[600]).toBe(1);
    expect(after).toEqual(bed.content);
    expect(bed.disk.forgotten).toBe(1);
  });

  it('leaves zeros where the file became longer', () => {
    const bed = new Bed('lost-write', { probability: 1 });
    bed.write(BYTES, new Uint8Array(100).fill(1));
    bed.disk.sync(bed.file);
    bed.disk.settle();
    bed.disk.crash(KEEPS_NOTHING);
    const file = bed.disk.open('f')!;
    expect(file.length).toBe(BYTES + 100);
    const into = new SparseBuffer();
    bed.disk.read(file, BYTES, 100, into);
    expect(into.toBytes()).toEqual(new Uint8Array(100));
  });

  it('is mended by a later write to another part of the page, not by one to another page', () => {
    const after = [0, 4096].map((elsewhere) => {
      const bed = new Bed('lost-write', { probability: 1 });
      bed.write(512, new Uint8Array(1024).fill(1));
      bed.lift();
      bed.write(elsewhere, Uint8Array.of(2));
      bed.disk.sync(bed.file);
      bed.disk.settle();
      bed.disk.crash(KEEPS_NOTHING);
      const into = new SparseBuffer();
      bed.disk.read(bed.disk.open('f')!, 600, 1, into);
      return [into.byteAt(0) === 1, bed.disk.forgotten];
    });
    expect(after).toEqual([
      [true, 0],
      [false, 1],
    ]);
  });

  it('is mended by a later write, and strikes only its area', () => {
    const bed = new Bed('lost-write', { probability: 1 });
    bed.write(512, new Uint8Array(1024).fill(1));
    bed.lift();
    bed.write(512, new Uint8Array(1024).fill(2));
    bed.disk.sync(bed.file);
    bed.disk.settle();
    bed.disk.crash(KEEPS_NOTHING);
    const into = new SparseBuffer();
    bed.disk.read(bed.disk.open('f')!, 512, 1024, into);
    expect(into.toBytes()).toEqual(new Uint8Array(1024).fill(2));
    expect(story('lost-write', { probability: 1, area: 'log' }).after[600]).toBe(1);
  });
});

describe('misdirected-write', () => {
  it('lands in another block, and the right one stays as it was', () => {
    const landed = new Set<number>();
    for (let seed = 1; seed < 30; seed++) {
      const bed = new Bed('misdirected-write', { probability: 1 }, seed);
      bed.write(8192, new Uint8Array(4096).fill(7));
      bed.disk.sync(bed.file);
      bed.disk.settle();
      expect(bed.read(8192, 1)).toEqual(Uint8Array.of(7));
      bed.disk.crash(KEEPS_NOTHING);
      const into = new SparseBuffer();
      bed.disk.read(bed.disk.open('f')!, 0, BYTES, into);
      const after = into.toBytes();
      const blocks = Array.from({ length: BYTES / 4096 }, (_, block) => block);
      const sevens = blocks.filter((block) => after.subarray(block * 4096, block * 4096 + 4096).every((b) => b === 7));
      expect(sevens).toHaveLength(1);
      landed.add(sevens[0]!);
      for (const block of blocks) {
        const range = [block * 4096, block * 4096 + 4096] as const;
        if (block !== sevens[0]) expect(after.slice(...range)).toEqual(bed.content.slice(...range));
      }
      expect(bed.disk.forgotten).toBe(1);
    }
    expect(landed.size).toBeGreaterThan(4);
  });

  it('is mended where it landed by writing there', () => {
    const bed = new Bed('misdirected-write', { probability: 1 });
    bed.write(8192, new Uint8Array(4096).fill(7));
    bed.lift();
    bed.write(0, bed.content);
    bed.disk.sync(bed.file);
    bed.disk.settle();
    bed.disk.crash(KEEPS_NOTHING);
    const into = new SparseBuffer();
    bed.disk.read(bed.disk.open('f')!, 0, BYTES, into);
    expect(into.toBytes()).toEqual(bed.content);
  });
});

describe('no-space and read-only', () => {
  it.each([
    ['no-space', { grow: 'no-space', overwrite: 'ok', sync: 'ok' }],
    ['read-only', { grow: 'io-error', overwrite: 'io-error', sync: 'io-error' }],
  ])('%s', (name, expected) => {
    const bed = new Bed(name);
    expect(bed.write(BYTES, Uint8Array.of(1))).toBe(expected.grow);
    expect(bed.write(0, bed.content.subarray(0, 10))).toBe(expected.overwrite);
    expect(bed.disk.sync(bed.file)).toBe(expected.sync);
    expect(bed.read()).toEqual(bed.content);
    bed.lift();
    expect(bed.write(BYTES, Uint8Array.of(1))).toBe('ok');
    expect(bed.disk.sync(bed.file)).toBe('ok');
  });
});

describe('stalling-disk', () => {
  it('holds up its share of the requests', () => {
    const { fault } = new Bed('stalling-disk', { probability: 0.25, stall: 300 * MILLISECOND });
    const request = { kind: REQUEST_WRITE, bytes: 4096, operations: 1 };
    const times = Array.from({ length: 2000 }, () => fault.onDeviceTime!(request, MILLISECOND));
    const stalled = times.filter((time) => time === 301 * MILLISECOND).length;
    expect(times.filter((time) => time === MILLISECOND)).toHaveLength(2000 - stalled);
    expect(stalled).toBeGreaterThan(400);
    expect(stalled).toBeLessThan(600);
  });
});
