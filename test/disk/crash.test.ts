import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { type CrashModel, POWER_CUT, PROCESS_KILL, TORN_SECTORS } from '../../sim/disk/crash-model.ts';
import { CATEGORIES, REQUEST_FLUSH, SECTOR_BYTES } from '../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { contentOf, finishOne, LOSE_ALL, makeDisk, run, text } from './bed.ts';
import { act, action, cutAction, StateTwin, Twin } from './write-twin.ts';

const BY_SECTOR: CrashModel = { ...PROCESS_KILL, blockKept: 0, blockLost: 0, sectorKept: 0.4, sectorLost: 0.4 };
const NO_GARBAGE: CrashModel = { ...TORN_SECTORS, tornGarbage: 0 };

describe('a crash, told as stories', () => {
  it('keeps what was synced, whatever the model', () => {
    const disk = makeDisk(1, LOSE_ALL);
    const file = disk.create('log', 'wal');
    disk.write(file, 0, text('synced '));
    disk.sync(file);
    disk.settle();
    disk.write(file, 7, text('not synced'));
    disk.crash();
    expect(contentOf(disk, 'log')).toBe('synced ');
  });

  it('undoes what a thread did after a sync that had not finished, whatever the model', () => {
    const disk = makeDisk(1, PROCESS_KILL);
    const file = disk.create('log', 'wal');
    disk.write(file, 0, text('first '));
    disk.sync(file);
    disk.write(file, 6, text('second '));
    disk.sync(file);
    disk.write(file, 13, text('third'));
    disk.create('made too early', 'other');
    disk.remove('log');
    expect(finishOne(disk, 0)).toBe(1);
    expect(finishOne(disk, 0)).toBe(REQUEST_FLUSH);
    disk.crash();
    expect(disk.list('')).toEqual(['log']);
    expect(contentOf(disk, 'log')).toBe('first second ');
  });

  it('lets two threads write to one block and undoes one of them by the byte', () => {
    const disk = makeDisk(1, PROCESS_KILL);
    const file = disk.create('shared', 'other');
    disk.write(file, 0, text('................'));
    disk.sync(file);
    disk.settle();
    disk.thread = 1;
    disk.sync(file);
    disk.write(file, 4, text('AAAA'));
    disk.thread = 2;
    disk.write(file, 6, text('BBBB'));
    disk.thread = 1;
    disk.write(file, 9, text('CC'));
    disk.crash();
    expect(contentOf(disk, 'shared')).toBe('......BBBB......');
  });

  it('keeps a finished sync of one thread over the unhappened write of another', () => {
    const disk = makeDisk(1, LOSE_ALL);
    const file = disk.create('shared', 'other');
    disk.write(file, 0, text('........'));
    disk.sync(file);
    disk.settle();
    disk.thread = 1;
    disk.sync(file);
    disk.write(file, 0, text('AAAA'));
    disk.thread = 2;
    disk.write(file, 2, text('BB'));
    disk.sync(file);
    while (finishOne(disk, 2) >= 0);
    disk.crash();
    expect(contentOf(disk, 'shared')).toBe('..BB....');
  });

  it('loses a rename whose directory was not synced, and not the other way round', () => {
    for (const isSynced of [false, true]) {
      const disk = makeDisk(1, LOSE_ALL);
      disk.create('db/CURRENT', 'manifest');
      const next = disk.create('db/CURRENT.tmp', 'manifest');
      disk.write(next, 0, text('new'));
      disk.sync(next);
      disk.rename('db/CURRENT.tmp', 'db/CURRENT');
      if (isSynced) disk.syncDirectory('db/');
      disk.settle();
      disk.crash(LOSE_ALL);
      // a lost rename brings the old file back as well
      const expected = isSynced ? ['db/CURRENT'] : ['db/CURRENT', 'db/CURRENT.tmp'];
      const names = disk.list('db/');
      if (isSynced) expect(contentOf(disk, 'db/CURRENT')).toBe('new');
      else if (names.length === 2) expect(contentOf(disk, 'db/CURRENT')).toBe('');
      expect([expected, ['db/CURRENT']]).toContainEqual(names);
    }
  });

  it("brings a removed file back with its content, if the removal's directory was not synced", () => {
    let returned = 0;
    for (let seed = 0; seed < 40; seed++) {
      const disk = makeDisk(seed, LOSE_ALL);
      const file = disk.create('a', 'other');
      disk.write(file, 0, text('precious'));
      disk.sync(file);
      disk.settle();
      disk.close(file);
      disk.remove('a');
      expect(disk.usedBytes).toBe(0);
      disk.crash();
      if (disk.list('').length === 0) continue;
      returned++;
      expect(contentOf(disk, 'a')).toBe('precious');
      expect(disk.usedBytes).toBe(8);
    }
    // with no `newestNames`, 0 or 1 of the one change survives: half and half
    expect(returned).toBeGreaterThan(8);
    expect(returned).toBeLessThan(32);
  });

  it('keeps a removed file readable until it is closed, and gives its space back then', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'other');
    disk.write(file, 0, text('still here'));
    disk.remove('a');
    const into = new SparseBuffer();
    disk.read(file, 0, 100, into);
    expect(new TextDecoder().decode(into.toBytes())).toBe('still here');
    expect([disk.usedBytes, disk.open('a')]).toEqual([10, undefined]);
    disk.close(file);
    expect(disk.usedBytes).toBe(0);
    disk.syncDirectory('');
    disk.settle();
    expect(disk.store.usedBytes).toBe(0);
  });

  it('makes unsynced data durable by write-back after two calls, not after one', () => {
    const disk = makeDisk(1, LOSE_ALL);
    const file = disk.create('a', 'other');
    disk.write(file, 0, text('old'));
    disk.writeBack();
    expect(disk.counters.deviceWrittenBytes[CATEGORIES.indexOf('other')]).toBe(0);
    disk.write(file, 8192, text('young'));
    disk.writeBack();
    expect(disk.counters.deviceWrittenBytes[CATEGORIES.indexOf('other')]).toBe(4096);
    disk.settle();
    disk.crash();
    expect(contentOf(disk, 'a')).toBe('old');
  });

  it('kills every handle', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'other');
    disk.sync(file);
    disk.settle();
    disk.crash();
    expect(() => disk.write(file, 0, text('x'))).toThrow('dead process');
    expect(disk.open('a')).toBeDefined();
  });
});

describe('names', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const directory = fc.constantFrom('', 'x/', 'x/y/');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('create' as const), directory, name }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), directory, name, to: name }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), directory, name }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('sync' as const), directory }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('finish' as const) }) },
  );

  const asText = (names: Map<string, number>): string => [...names].sort().join(' ');
  const namesIn = (disk: SimulatedDisk, directory: string): string => {
    const found = new Map<string, number>();
    for (const path of disk.list(directory)) {
      const rest = path.slice(directory.length);
      if (!rest.includes('/')) found.set(rest, disk.exportFile(path).length);
    }
    return asText(found);
  };

  it.each([
    ['a power cut', false],
    ['the end of the process and then a power cut', true],
  ])('of each directory survive %s as they were after some call since its last finished sync', (_, isKilledBefore) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.integer(), (steps, seed) => {
        const disk = makeDisk(seed);
        // by directory: every state since the beginning as text; files are told apart by their length
        const states = new Map<string, string[]>();
        const durable = new Map<string, number>();
        const live = new Map<string, Map<string, number>>();
        for (const each of ['', 'x/', 'x/y/']) {
          states.set(each, ['']);
          durable.set(each, 0);
          live.set(each, new Map());
        }
        let fileNumber = 1;
        let waiting: { directory: string; state: number; total: Map<string, number> }[] = [];
        const total = (): Map<string, number> => new Map([...states].map(([each, all]) => [each, all.length - 1]));
        for (const each of steps) {
          if (each.kind === 'finish') {
            if (finishOne(disk, 0) < 0) continue;
            const done = waiting.shift()!;
            durable.set(done.directory, Math.max(durable.get(done.directory)!, done.state));
            continue;
          }
          if (each.kind === 'sync') {
            disk.syncDirectory(each.directory);
            const state = states.get(each.directory)!.length - 1;
            waiting.push({ directory: each.directory, state, total: total() });
            continue;
          }
          const names = live.get(each.directory)!;
          if (each.kind === 'create') {
            // `newestLength: 1` below keeps it: only the name is in question
            const length = fileNumber++;
            disk.truncate(disk.create(each.directory + each.name, 'other'), length);
            names.set(each.name, length);
          } else if (each.kind === 'remove') {
            if (disk.remove(each.directory + each.name) === 'ok') names.delete(each.name);
          } else if (disk.rename(each.directory + each.name, each.directory + each.to) === 'ok') {
            const length = names.get(each.name)!;
            names.delete(each.name);
            names.set(each.to, length);
          }
          states.get(each.directory)!.push(asText(names));
        }
        // what stands behind the oldest unfinished sync has not happened
        const happened = waiting[0]?.total ?? total();
        waiting = [];
        if (isKilledBefore) {
          disk.endProcess();
          for (const [each, all] of states) expect(namesIn(disk, each)).toBe(all[happened.get(each)!]);
        }
        disk.crash({ ...TORN_SECTORS, newestLength: 1 });
        for (const [each, all] of states) {
          expect(all.slice(durable.get(each)!, happened.get(each)! + 1)).toContain(namesIn(disk, each));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('stay whole over a rename between directories: there or here, never both or neither', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const disk = makeDisk(seed, TORN_SECTORS);
      disk.create('old/a', 'other');
      disk.syncDirectory('old/');
      disk.settle();
      disk.create('new/first', 'other');
      disk.rename('old/a', 'new/a');
      if (seed >= 20) disk.syncDirectory('old/');
      disk.settle();
      disk.crash();
      const names = disk.list('').join(' ');
      seen.add(names);
      if (seed >= 20) expect(names).toBe('new/a new/first');
    }
    expect([...seen].sort()).toEqual(['new/a new/first', 'new/first old/a', 'old/a']);
  });

  it('of a new file become durable by its own sync, with what came before in the directory', () => {
    const disk = makeDisk(1, { ...LOSE_ALL, newestNames: 0 });
    disk.create('d/before', 'other');
    disk.sync(disk.create('d/file', 'other'));
    disk.settle();
    disk.crash();
    expect(disk.list('')).toEqual(['d/before', 'd/file']);
  });
});

describe('sectors', () => {
  it('are old or new when nothing is torn, each by itself, and both occur', () => {
    let old = 0;
    let fresh = 0;
    for (let seed = 0; seed < 30; seed++) {
      const disk = makeDisk(seed, { ...BY_SECTOR, sectorLost: 0.6 });
      const file = disk.create('a', 'page');
      disk.write(file, 0, run(1, 8192));
      disk.sync(file);
      disk.settle();
      disk.write(file, 0, run(2, 8192));
      disk.crash();
      const bytes = disk.exportFile('a');
      for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
        const sector = bytes.subarray(at, at + SECTOR_BYTES);
        expect(sector.every((byte) => byte === sector[0])).toBe(true);
        if (sector[0] === 1) old++;
        else if (sector[0] === 2) fresh++;
      }
    }
    expect(old + fresh).toBe(30 * 16);
    // 480 draws at 0.6 : 0.4, six standard deviations
    expect(Math.abs(fresh / 480 - 0.4)).toBeLessThan(0.135);
  });

  it('are torn by `TORN_SECTORS` and not by `POWER_CUT`', () => {
    const torn = (model: CrashModel): number => {
      const disk = makeDisk(1, model);
      const file = disk.create('a', 'page');
      disk.sync(file);
      disk.settle();
      for (let i = 0; i < 200; i++) disk.write(file, i * 4096, run(7, 4096));
      const outcome = disk.crash();
      expect(outcome.blocksMixed).toBeGreaterThan(20);
      expect(outcome.blocksKept + outcome.blocksLost + outcome.blocksMixed).toBe(200);
      return outcome.sectorsTorn;
    };
    expect(torn(POWER_CUT)).toBe(0);
    expect(torn(TORN_SECTORS)).toBeGreaterThan(100);
  });

  it('torn: one part new, the rest old or garbage, and never a byte that no unsynced write covered', () => {
    let mixed = 0;
    for (let seed = 0; seed < 60; seed++) {
      const disk = makeDisk(seed, { ...BY_SECTOR, sectorKept: 0, sectorLost: 0, tornGarbage: 0.5 });
      const file = disk.create('a', 'page');
      disk.write(file, 0, run(1, 4096));
      disk.sync(file);
      disk.settle();
      disk.write(file, 700, run(2, 200));
      disk.crash();
      const bytes = disk.exportFile('a');
      expect(bytes.findIndex((byte, at) => (at < 700 || at >= 900) && byte !== 1)).toBe(-1);
      const part = [...bytes.subarray(700, 900)];
      if (part.some((byte) => byte === 2) && part.some((byte) => byte !== 2)) mixed++;
    }
    expect(mixed).toBeGreaterThan(0);
  });
});

describe('crashes at random', () => {
  const crashing = (model: CrashModel, check: (twin: Twin, bytes: Uint8Array) => void) =>
    fc.property(fc.array(action, { maxLength: 40, size: 'max' }), fc.integer(), (actions, seed) => {
      const disk = makeDisk(seed, model, 65536);
      const file = disk.create('a', 'page');
      disk.syncDirectory('');
      disk.settle();
      const twin = new Twin();
      for (const each of actions) act(disk, file, twin, each);
      disk.crash();
      check(twin, disk.exportFile('a'));
    });

  function durableEnd(twin: Twin): number {
    return Math.max(
      0,
      ...twin.writes.filter((write) => write.isDurable).map((write) => write.offset + write.bytes.length),
    );
  }

  it('leave each byte durable, or as one of the writes left it that happened', () => {
    fc.assert(
      crashing(NO_GARBAGE, (twin, bytes) => {
        expect(bytes.length).toBeGreaterThanOrEqual(durableEnd(twin));
        for (let at = 0; at < bytes.length; at++) {
          if (!twin.allowed(at).has(bytes[at])) expect.fail(`byte ${at} is ${bytes[at]}`);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leave synced bytes that nobody wrote again alone, garbage or not', () => {
    fc.assert(
      crashing(TORN_SECTORS, (twin, bytes) => {
        for (let at = 0; at < bytes.length; at++) {
          const allowed = twin.allowed(at);
          if (allowed.size === 1 && !allowed.has(bytes[at])) expect.fail(`byte ${at} is ${bytes[at]}`);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leave exactly what happened when everything is kept, and exactly what is durable when all is lost', () => {
    fc.assert(
      crashing(PROCESS_KILL, (twin, bytes) => {
        const expected = twin.replay((write) => twin.happened(write));
        expect(Buffer.compare(bytes, expected)).toBe(0);
      }),
      { numRuns: 150 },
    );
    fc.assert(
      crashing(LOSE_ALL, (twin, bytes) => {
        const expected = twin.replay((write) => write.isDurable);
        expect(Buffer.compare(bytes.subarray(0, expected.length), expected)).toBe(0);
        expect(bytes.subarray(expected.length).every((byte) => byte === 0)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('leave, of one thread with cuts, exactly what happened when everything is kept', () => {
    fc.assert(
      fc.property(fc.array(cutAction, { maxLength: 25, size: 'max' }), (actions) => {
        const disk = makeDisk(1, PROCESS_KILL, 65536);
        const file = disk.create('a', 'page');
        disk.syncDirectory('');
        disk.settle();
        const twin = new StateTwin();
        for (const each of actions) twin.act(disk, file, each);
        disk.crash();
        expect(Buffer.compare(disk.exportFile('a'), twin.happened)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('are the same for the same seed and differ between seeds', () => {
    const outcome = (seed: number): string => {
      const disk = makeDisk(seed);
      for (let i = 0; i < 10; i++) {
        const file = disk.create(`dir/${i}`, 'other');
        disk.write(file, 0, run(i + 1, 5000));
      }
      disk.crash();
      return disk
        .list('')
        .map((name) => `${name} ${disk.exportFile(name).reduce((hash, byte) => (hash * 31 + byte) % 1e9, 7)}`)
        .join('; ');
    };
    expect(outcome(3)).toBe(outcome(3));
    expect(new Set([1, 2, 3, 4, 5, 6].map(outcome)).size).toBeGreaterThan(1);
  });

  it('leak no block', () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = makeDisk(seed);
      for (let i = 0; i < 8; i++) {
        const file = disk.create(`f${i}`, 'other');
        disk.write(file, 0, text(`number ${i} `.repeat(700)));
        if (i % 3 === 0) disk.sync(file);
        if (i % 4 === 0) disk.settle();
        disk.write(file, 3000, text('changed '.repeat(400)));
        disk.truncate(file, 5000);
        if (i % 2 === 1) disk.rename(`f${i}`, 'f0');
      }
      disk.crash();
      for (const name of disk.list('')) disk.remove(name);
      disk.syncDirectory('');
      disk.settle();
      expect([disk.usedBytes, disk.store.usedBytes, disk.store.blockCount]).toEqual([0, 0, 0]);
    }
  });
});
