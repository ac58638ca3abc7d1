import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { FILL } from '../../sim/bytes/value.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { CATEGORIES, type Category, type DeviceRequest } from '../../sim/disk/disk.ts';
import { findDiskFault } from '../../sim/disk/faults/index.ts';
import { SimulatedDisk, WRITE_BACK_THREAD } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';

const PAGE = 4096;
const KINDS = ['read', 'write', 'flush'];

interface Settings {
  readonly store?: BlockStore;
  readonly pages?: number;
  readonly capacityBytes?: number;
}
function makeDisk({ store = new BlockStore(), pages = 1000, capacityBytes = 1e9 }: Settings = {}): SimulatedDisk {
  return new SimulatedDisk({ store, rng: new Rng(1), pageCacheBytes: pages * PAGE, capacityBytes });
}
function run(byte: number, length: number): SparseBuffer {
  const buffer = new SparseBuffer();
  buffer.run(byte, length);
  return buffer;
}
/** The thread's requests as words, finished. */
function requests(disk: SimulatedDisk, thread = 0): string[] {
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  const words: string[] = [];
  while (disk.takeRequest(thread, request)) {
    words.push(`${KINDS[request.kind]} ${request.bytes / PAGE} in ${request.operations}`);
  }
  for (let i = words.length; i > 0; i--) disk.complete(thread);
  return words;
}
const count = (figures: Float64Array, category: Category): number => figures[CATEGORIES.indexOf(category)];
const into = new SparseBuffer();

describe('requests', () => {
  it('a sync writes what is dirty, contiguous pages in one access, then flushes', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'page');
    // backwards, so that the order of writing is not the order on the device
    for (const page of [9, 8, 3, 2, 1, 2]) disk.write(file, page * PAGE, run(1, PAGE));
    disk.sync(file);
    expect(requests(disk)).toEqual(['write 5 in 2', 'flush 0 in 1']);
    disk.sync(file);
    expect(requests(disk)).toEqual(['flush 0 in 1']);
    expect(count(disk.counters.syncs, 'page')).toBe(2);
    expect(count(disk.counters.writtenBytes, 'page')).toBe(6 * PAGE);
    expect(count(disk.counters.deviceWrittenBytes, 'page')).toBe(5 * PAGE);
  });

  it('an append costs the device a whole page each time it is synced', () => {
    const disk = makeDisk();
    const file = disk.create('log', 'wal');
    for (let i = 0; i < 4; i++) {
      disk.write(file, file.length, run(7, 100));
      disk.sync(file);
    }
    expect(requests(disk)).toEqual([
      'write 1 in 1',
      'flush 0 in 1',
      'write 1 in 1',
      'flush 0 in 1',
      'write 1 in 1',
      'flush 0 in 1',
      'write 1 in 1',
      'flush 0 in 1',
    ]);
    expect(count(disk.counters.writtenBytes, 'wal')).toBe(400);
    expect(count(disk.counters.deviceWrittenBytes, 'wal')).toBe(4 * PAGE);
  });

  it('belong to the thread that asked', () => {
    const disk = makeDisk();
    const a = disk.create('a', 'page');
    const b = disk.create('b', 'page');
    disk.thread = 3;
    disk.write(a, 0, run(1, 10));
    disk.sync(a);
    disk.thread = 4;
    disk.write(b, 0, run(1, 5000));
    disk.sync(b);
    disk.syncDirectory('');
    expect([requests(disk, 0), requests(disk, 3), requests(disk, 4)]).toEqual([
      [],
      ['write 1 in 1', 'flush 0 in 1'],
      ['write 2 in 1', 'flush 0 in 1', 'flush 0 in 1'],
    ]);
    expect(disk.counters.directorySyncs).toBe(1);
  });

  it('a page written for several reasons counts for the last', () => {
    const disk = makeDisk();
    const file = disk.create('db', 'page');
    disk.write(file, 0, run(1, PAGE), 0, PAGE, 'meta');
    disk.write(file, PAGE, run(1, PAGE), 0, PAGE, 'freelist');
    disk.write(file, PAGE, run(1, PAGE));
    disk.sync(file);
    const { writtenBytes, deviceWrittenBytes } = disk.counters;
    expect(
      [writtenBytes, deviceWrittenBytes].map((each) =>
        (['meta', 'freelist', 'page'] as const).map((name) => count(each, name) / PAGE),
      ),
    ).toEqual([
      [1, 1, 1],
      [1, 0, 1],
    ]);
  });
});

describe('the page cache', () => {
  it('serves what was written or read before, and asks the device for the rest', () => {
    const store = new BlockStore();
    const disk = makeDisk({ store });
    const file = disk.create('a', 'page');
    disk.write(file, 0, run(1, 10 * PAGE));
    disk.sync(file);
    requests(disk);
    disk.read(file, 0, 10 * PAGE, into);
    expect(requests(disk)).toEqual([]);
    disk.settle();
    disk.crash();
    const reopened = disk.open('a')!;
    disk.read(reopened, 0, 3 * PAGE, into);
    disk.read(reopened, 3 * PAGE, 10, into);
    disk.read(reopened, 7 * PAGE + 1, PAGE, into);
    disk.read(reopened, 0, PAGE, into);
    // 0 to 3 follow one another; 7 and 8 are elsewhere
    expect(requests(disk)).toEqual(['read 4 in 1', 'read 2 in 1']);
    expect(count(disk.counters.deviceReadBytes, 'page')).toBe(6 * PAGE);
    expect(count(disk.counters.readBytes, 'page')).toBe(15 * PAGE + 10);
  });

  it('keeps what is used again and lets go of what is not', () => {
    const disk = makeDisk({ pages: 64 });
    const file = disk.create('a', 'page');
    disk.write(file, 0, run(1, 1000 * PAGE));
    disk.sync(file);
    disk.settle();
    requests(disk);
    const before = count(disk.counters.deviceReadBytes, 'page');
    let hits = 0;
    for (let i = 200; i < 1000; i++) {
      disk.read(file, i * PAGE, PAGE, into);
      const misses = count(disk.counters.deviceReadBytes, 'page');
      disk.read(file, 0, PAGE, into);
      if (count(disk.counters.deviceReadBytes, 'page') === misses) hits++;
    }
    expect(hits).toBeGreaterThan(790);
    // a scan longer than the cache finds only what was left from writing
    expect((count(disk.counters.deviceReadBytes, 'page') - before) / PAGE).toBeGreaterThan(730);
  });

  it('writes a dirty page to the device before it lets go of it, once', () => {
    const disk = makeDisk({ pages: 20 });
    const file = disk.create('a', 'flush');
    for (let page = 0; page < 100; page++) disk.write(file, page * PAGE, run(1, PAGE));
    expect(count(disk.counters.deviceWrittenBytes, 'flush')).toBe(80 * PAGE);
    expect(requests(disk, WRITE_BACK_THREAD)).toEqual(['write 80 in 80']);
    disk.sync(file);
    expect(requests(disk)).toEqual(['write 20 in 1', 'flush 0 in 1']);
    expect(count(disk.counters.deviceWrittenBytes, 'flush')).toBe(100 * PAGE);
  });

  it('write-back takes what was dirty a round ago, on its own thread; a removed file costs nothing', () => {
    const disk = makeDisk();
    const kept = disk.create('kept', 'compaction');
    const removed = disk.create('removed', 'compaction');
    disk.write(kept, 0, run(1, 3 * PAGE));
    disk.write(removed, 0, run(1, 5 * PAGE));
    disk.writeBack();
    expect(requests(disk, WRITE_BACK_THREAD)).toEqual([]);
    disk.write(kept, 8 * PAGE, run(1, PAGE));
    disk.write(kept, PAGE, run(2, PAGE));
    disk.remove('removed');
    disk.close(removed);
    disk.writeBack();
    expect(requests(disk, WRITE_BACK_THREAD)).toEqual(['write 3 in 1', 'flush 0 in 1']);
    disk.writeBack();
    expect(requests(disk, WRITE_BACK_THREAD)).toEqual(['write 1 in 1', 'flush 0 in 1']);
    disk.writeBack();
    expect(requests(disk, WRITE_BACK_THREAD)).toEqual([]);
    expect(count(disk.counters.deviceWrittenBytes, 'compaction')).toBe(4 * PAGE);
  });
});

describe('space', () => {
  it('is refused beyond the capacity, all or nothing, and found again after removal', () => {
    const disk = makeDisk({ capacityBytes: 10_000 });
    const a = disk.create('a', 'other');
    expect(disk.write(a, 0, run(1, 6000))).toBe('ok');
    expect(disk.write(a, 3000, run(2, 7001))).toBe('no-space');
    expect(disk.truncate(a, 10_001)).toBe('no-space');
    disk.read(a, 0, 9999, into);
    expect([into.length, into.byteAt(3000), disk.usedBytes]).toEqual([6000, 1, 6000]);
    expect(disk.write(a, 3000, run(2, 7000))).toBe('ok');
    const image = disk.capture(['a']);
    expect(disk.install(image, '', 'copy/', 'snapshot')).toBe('no-space');
    disk.release(image);
    disk.remove('a');
    expect(disk.usedBytes).toBe(10_000);
    disk.close(a);
    expect(disk.usedBytes).toBe(0);
    expect(() => disk.write(a, 0, run(1, 1))).toThrow('closed');
    expect(disk.write(disk.create('b', 'other'), 0, run(1, 10_000))).toBe('ok');
  });

  it('of large sparse stores is small in memory', () => {
    const store = new BlockStore();
    const disk = makeDisk({ store, pages: 100, capacityBytes: 1e12 });
    const file = disk.create('values', 'value-log');
    for (let i = 0; i < 64; i++) disk.write(file, file.length, run(FILL, 16 * 1024 * 1024));
    expect(disk.usedBytes).toBe(2 ** 30);
    expect(store.usedBytes).toBe(0);
    expect(disk.memoryBytes).toBeLessThan(2 ** 30 / 200);
  });
});

describe('images', () => {
  it('are what the files were, whatever happens to them, and on any disk of the store', () => {
    const store = new BlockStore();
    const leader = makeDisk({ store });
    const follower = makeDisk({ store });
    const file = leader.create('db/data', 'page');
    const text = new SparseBuffer();
    text.bytes(new TextEncoder().encode('version 1 '));
    text.run(FILL, 9000);
    leader.write(file, 0, text);
    const image = leader.capture(['db/data']);
    const blocks = store.blockCount;
    leader.write(file, 0, run(2, 20_000));
    leader.crash();
    expect(image.bytes).toBe(9010);
    expect(follower.install(image, 'db/', 'snapshot/new/', 'snapshot')).toBe('ok');
    expect(store.blockCount).toBeGreaterThanOrEqual(blocks);
    expect(follower.list('')).toEqual(['snapshot/new/data']);
    expect(Buffer.compare(follower.exportFile('snapshot/new/data'), text.toBytes())).toBe(0);
    expect([count(follower.counters.writtenBytes, 'snapshot'), follower.usedBytes]).toEqual([9010, 9010]);
    const installed = follower.open('snapshot/new/data')!;
    follower.sync(installed);
    expect(requests(follower)).toEqual(['write 3 in 1', 'flush 0 in 1']);
    // the follower's own writes stay its own
    follower.write(installed, 0, run(3, 5000));
    const second = makeDisk({ store });
    second.preload(image, 'db/', 'db/', 'page');
    expect(Buffer.compare(second.exportFile('db/data'), text.toBytes())).toBe(0);
    expect([count(second.counters.writtenBytes, 'page'), requests(second)]).toEqual([0, []]);
    image.release();
    expect(() => follower.install(image, 'db/', 'x/', 'snapshot')).toThrow('released');
    second.crash();
    expect(Buffer.compare(second.exportFile('db/data'), text.toBytes())).toBe(0);
  });

  it('hold what a read would show, which is not always what was written', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'page');
    disk.write(file, 0, run(7, 20 * PAGE));
    expect(disk.showsWhatWasWritten(['a'])).toBe(true);
    const fault = findDiskFault('bit-rot')!.create({ sectors: 0.1 }, new Rng(1));
    disk.faults.add(fault);
    expect(disk.showsWhatWasWritten(['a'])).toBe(false);
    disk.read(file, 0, 20 * PAGE, into);
    const shown = into.toBytes();
    const image = disk.capture(['a']);
    disk.faults.remove(fault);
    expect(disk.showsWhatWasWritten(['a'])).toBe(true);
    expect(disk.install(image, '', 'copy/', 'snapshot')).toBe('ok');
    expect(Buffer.compare(disk.exportFile('copy/a'), shown)).toBe(0);
    expect(disk.exportFile('a').every((byte) => byte === 7)).toBe(true);
    image.release();
    disk.faults.add(findDiskFault('latent-sector-error')!.create({ sectors: 0.5 }, new Rng(1)));
    expect(disk.showsWhatWasWritten(['a'])).toBe(false);
  });

  it('installed and not synced are at the mercy of a crash', () => {
    const store = new BlockStore();
    let complete = 0;
    for (let seed = 0; seed < 20; seed++) {
      const disk = new SimulatedDisk({ store, rng: new Rng(seed), pageCacheBytes: 1e6, capacityBytes: 1e9 });
      const source = makeDisk({ store });
      source.write(source.create('a', 'page'), 0, run(5, 8 * PAGE));
      const image = source.capture(['a']);
      disk.install(image, '', '', 'snapshot');
      image.release();
      disk.crash();
      if (disk.list('').length === 1 && disk.exportFile('a').every((byte) => byte === 5)) complete++;
    }
    expect(complete).toBeLessThan(20);
  });

  it('leave nothing behind when they and their files are gone', () => {
    const store = new BlockStore();
    const disk = makeDisk({ store });
    const file = disk.create('a', 'page');
    for (let i = 0; i < 50; i++) disk.write(file, i * 5000, run((i % 5) + 1, 4999));
    const image = disk.capture(['a']);
    disk.install(image, '', 'copy-', 'snapshot');
    disk.remove('a');
    disk.close(file);
    disk.remove('copy-a');
    disk.syncDirectory('');
    disk.settle();
    expect(store.blockCount).toBeGreaterThan(0);
    image.release();
    expect([store.blockCount, store.usedBytes, disk.usedBytes]).toEqual([0, 0, 0]);
  });
});

describe('faults', () => {
  const ioError = (read: number, write: number, sync: number, seed = 1) =>
    findDiskFault('io-error')!.create({ read, write, sync }, new Rng(seed));

  it('io-error: what fails has no effect, and lifting the fault ends it', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'page');
    disk.write(file, 0, run(1, 100));
    const fault = ioError(1, 1, 1);
    disk.faults.add(fault);
    const outcomes = (): string[] => [
      disk.read(file, 0, 100, into),
      disk.write(file, 0, run(2, 100)),
      disk.sync(file),
      disk.syncDirectory(''),
    ];
    expect(outcomes()).toEqual(['io-error', 'io-error', 'io-error', 'io-error']);
    expect(requests(disk)).toEqual([]);
    disk.faults.remove(fault);
    disk.read(file, 0, 100, into);
    expect(into.byteAt(0)).toBe(1);
    expect(outcomes()).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(requests(disk)).toEqual(['write 1 in 1', 'flush 0 in 1', 'flush 0 in 1']);
  });

  it('io-error: fails as often as it says, each kind by its own stream', () => {
    const failures = (read: number): string => {
      const disk = makeDisk();
      const file = disk.create('a', 'page');
      disk.faults.add(ioError(read, 0.3, 0));
      let reads = 0;
      let writes = '';
      for (let i = 0; i < 1000; i++) {
        if (disk.read(file, 0, 1, into) !== 'ok') reads++;
        writes += disk.write(file, 0, run(1, 1)) === 'ok' ? '.' : 'x';
      }
      expect(Math.abs(reads / 1000 - read)).toBeLessThan(0.08);
      return writes;
    };
    const writes = failures(0.5);
    expect(failures(0.1)).toBe(writes);
    const rate = [...writes].filter((mark) => mark === 'x').length / 1000;
    expect(Math.abs(rate - 0.3)).toBeLessThan(0.08);
  });

  it('can show other content than what is stored, and lie about a sync', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'page');
    disk.write(file, 0, run(1, 100));
    disk.sync(file);
    disk.syncDirectory('');
    disk.settle();
    const rot = {
      name: 'rot',
      onContent: (_file: unknown, _offset: number, content: SparseBuffer) => {
        content.reset().run(9, 100);
        return true;
      },
      onSync: () => 'ok-volatile' as const,
    };
    disk.faults.add(rot);
    disk.read(file, 0, 100, into);
    expect(into.byteAt(50)).toBe(9);
    disk.write(file, 0, run(2, 100));
    expect(disk.sync(file)).toBe('ok');
    disk.settle();
    disk.faults.remove(rot);
    disk.read(file, 0, 100, into);
    expect(into.byteAt(50)).toBe(2);
    disk.crash({ ...disk.crashModel, blockKept: 0, blockLost: 1 });
    expect(disk.exportFile('a')[50]).toBe(1);
  });
});
