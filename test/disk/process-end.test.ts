import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROCESS_KILL } from '../../sim/disk/crash-model.ts';
import { CATEGORIES } from '../../sim/disk/disk.ts';
import { contentOf, finishOne, LOSE_ALL, makeDisk, run, text } from './bed.ts';
import { act, action, cutAction, StateTwin, Twin } from './write-twin.ts';

describe('the end of a process, told as stories', () => {
  it('leaves what it had written to the next process, and takes nothing of it to the medium', () => {
    const disk = makeDisk(1, LOSE_ALL);
    const file = disk.create('log', 'wal');
    disk.write(file, 0, text('synced '));
    disk.sync(file);
    disk.settle();
    disk.write(file, 7, text('not synced'));
    disk.endProcess();
    expect(contentOf(disk, 'log')).toBe('synced not synced');
    disk.crash();
    expect(contentOf(disk, 'log')).toBe('synced ');
  });

  it('leaves it for write-back, or the sync of another process, to make durable', () => {
    for (const way of ['write-back', 'sync']) {
      const disk = makeDisk(1, LOSE_ALL);
      disk.write(disk.create('log', 'wal'), 0, text('written'));
      disk.endProcess();
      if (way === 'sync') disk.sync(disk.open('log')!);
      else for (let i = 0; i < 2; i++) disk.writeBack();
      disk.settle();
      expect(disk.counters.deviceWrittenBytes[CATEGORIES.indexOf('wal')], way).toBe(4096);
      disk.crash();
      expect(contentOf(disk, 'log'), way).toBe('written');
    }
  });

  it('does not undo the sync of write-back that is under way', () => {
    const disk = makeDisk(1, LOSE_ALL);
    disk.write(disk.create('log', 'wal'), 0, text('written'));
    for (let i = 0; i < 2; i++) disk.writeBack();
    disk.endProcess();
    disk.settle();
    disk.crash();
    expect(contentOf(disk, 'log')).toBe('written');
  });

  it('undoes what a thread did after a sync that had not finished', () => {
    const disk = makeDisk();
    const file = disk.create('log', 'wal');
    disk.write(file, 0, text('first '));
    disk.sync(file);
    disk.write(file, 6, text('second '));
    disk.sync(file);
    disk.write(file, 13, text('third'));
    disk.create('made too early', 'other');
    disk.rename('log', 'old log');
    expect([finishOne(disk, 0), finishOne(disk, 0)]).toEqual([1, 2]);
    disk.endProcess();
    expect(disk.list('')).toEqual(['log']);
    expect(contentOf(disk, 'log')).toBe('first second ');
    expect(disk.usedBytes).toBe(13);
    disk.crash(LOSE_ALL);
    expect(contentOf(disk, 'log')).toBe('first ');
  });

  it('gives the next process a warm page cache', () => {
    const disk = makeDisk();
    disk.write(disk.create('a', 'page'), 0, run(1, 8192));
    disk.settle();
    disk.endProcess();
    disk.read(disk.open('a')!, 0, 8192, text(''));
    expect(disk.waitingRequests(0)).toBe(0);
  });

  it('frees what was removed and only held open by the process', () => {
    const disk = makeDisk();
    disk.write(disk.create('a', 'other'), 0, text('gone'));
    disk.remove('a');
    disk.syncDirectory('');
    disk.settle();
    expect(disk.usedBytes).toBe(4);
    disk.endProcess();
    expect([disk.usedBytes, disk.store.usedBytes]).toEqual([0, 0]);
  });

  it('tells the names that one thread gave from those that another had not come to', () => {
    const twoThreads = (seed = 1): ReturnType<typeof makeDisk> => {
      const disk = makeDisk(seed, LOSE_ALL);
      disk.sync(disk.create('a', 'other'));
      disk.settle();
      disk.thread = 1;
      disk.sync(disk.open('a')!);
      return disk;
    };
    const left = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const displacing = twoThreads(seed);
      displacing.write(displacing.create('x', 'other'), 0, text('not yet'));
      displacing.thread = 2;
      displacing.write(displacing.create('x', 'other'), 0, text('done'));
      displacing.endProcess();
      expect(contentOf(displacing, 'x')).toBe('done');
      displacing.crash({ ...PROCESS_KILL, newestNames: 0 });
      left.add(displacing.list('').includes('x') ? contentOf(displacing, 'x') : 'no x');
    }
    expect([...left].sort()).toEqual(['done', 'no x']);

    const removing = twoThreads();
    removing.rename('a', 'b');
    removing.thread = 2;
    removing.remove('b');
    removing.endProcess();
    expect(removing.list('')).toEqual(['a']);
    removing.crash();
    expect(removing.list('')).toEqual(['a']);
  });

  it('kills every handle', () => {
    const disk = makeDisk();
    const file = disk.create('a', 'other');
    disk.endProcess();
    expect(() => disk.write(file, 0, text('x'))).toThrow('dead process');
  });
});

describe('processes that end at random', () => {
  const end = fc.record({ kind: fc.constant('end' as const), thread: fc.constant(0) });
  const steps = fc.array(fc.oneof({ weight: 12, arbitrary: action }, { weight: 1, arbitrary: end }), {
    maxLength: 60,
    size: 'max',
  });

  it.each([
    ['what happened', PROCESS_KILL],
    ['what is durable', LOSE_ALL],
  ])('leave exactly what happened, and a power cut then %s', (_, model) => {
    fc.assert(
      fc.property(steps, (taken) => {
        const disk = makeDisk(1, model, 65536);
        let file = disk.create('a', 'page');
        disk.syncDirectory('');
        disk.settle();
        const twin = new Twin();
        for (const each of taken) {
          if (each.kind !== 'end') {
            act(disk, file, twin, each);
            continue;
          }
          disk.endProcess();
          twin.endProcess();
          expect(
            Buffer.compare(
              disk.exportFile('a'),
              twin.replay(() => true),
            ),
          ).toBe(0);
          file = disk.open('a')!;
        }
        disk.crash();
        const expected = twin.replay((write) => (model === LOSE_ALL ? write.isDurable : twin.happened(write)));
        const bytes = disk.exportFile('a');
        expect(Buffer.compare(bytes.subarray(0, expected.length), expected)).toBe(0);
        expect(bytes.subarray(expected.length).every((byte) => byte === 0)).toBe(true);
        if (model === PROCESS_KILL) expect(bytes.length).toBe(expected.length);
        disk.remove('a');
        disk.syncDirectory('');
        disk.settle();
        expect([disk.usedBytes, disk.store.usedBytes, disk.store.blockCount]).toEqual([0, 0, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('leave, of one thread with cuts, the file as it was after some call, and lose none that was synced', () => {
    const steps = fc.oneof(
      { weight: 15, arbitrary: cutAction },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30, size: 'max' }), fc.boolean(), (taken, losesAll) => {
        const disk = makeDisk(1, losesAll ? LOSE_ALL : PROCESS_KILL, 65536);
        let file = disk.create('a', 'page');
        disk.syncDirectory('');
        disk.settle();
        const twin = new StateTwin();
        for (const each of taken) {
          if (each.kind !== 'end') {
            twin.act(disk, file, each);
            continue;
          }
          disk.endProcess();
          twin.endProcess();
          expect(Buffer.compare(disk.exportFile('a'), twin.happened)).toBe(0);
          file = disk.open('a')!;
        }
        disk.crash();
        const bytes = disk.exportFile('a');
        if (!losesAll) expect(Buffer.compare(bytes, twin.happened)).toBe(0);
        else if (twin.durable === twin.states.length - 1) expect(Buffer.compare(bytes, twin.states.at(-1)!)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
