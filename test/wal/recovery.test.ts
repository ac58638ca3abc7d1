import { describe, expect, test } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { openWriteAheadLog } from '../../sim/nodes/wal/recovery.ts';
import { SnapshotFiles } from '../../sim/nodes/wal/snapshot-files.ts';
import { Work } from '../../sim/work.ts';
import { create, entry, METADATA, makeEntry, newDisk, optionsOn, reopen, say } from './bed.ts';

const FIRST = 'member/wal/0000000000000000-0000000000000000.wal';

/** Overwrites bytes of a file behind everybody's back. */
function scribble(disk: SimulatedDisk, name: string, offset: number, bytes: ArrayLike<number>): void {
  const data = new SparseBuffer();
  data.bytes(Uint8Array.from(bytes));
  expect(disk.write(disk.open(name)!, offset, data)).toBe('ok');
}

function content(disk: SimulatedDisk, name: string, from: number, to: number): Uint8Array {
  const buffer = new SparseBuffer();
  expect(disk.read(disk.open(name)!, from, to - from, buffer)).toBe('ok');
  return buffer.toBytes();
}

describe('stories', () => {
  test('no log is there: missing', () => {
    expect(openWriteAheadLog(optionsOn(newDisk()), [], makeEntry).outcome).toBe('missing');
  });

  test('what was saved is read, and appending goes on', () => {
    const options = optionsOn(newDisk());
    const log = create(options);
    log.save({ term: 1, vote: 2, commit: 0 }, [entry(1, 1), entry(1, 2, 1000)]);
    log.save({ term: 1, vote: 2, commit: 2 }, [entry(1, 3)]);
    const second = reopen(options);
    expect(say(second.entries)).toBe('1/1 1/2 1/3');
    expect(second.state).toEqual({ term: 1, vote: 2, commit: 2 });
    expect(second.metadata).toEqual(METADATA);
    expect(second.snapshot).toEqual({ index: 0, term: 0 });
    expect(second.torn).toBeUndefined();
    second.log.save(undefined, [entry(2, 4)]);
    expect(say(reopen(options).entries)).toBe('1/1 1/2 1/3 2/4');
  });

  test('a payload with fill comes back with fill, not with a kilobyte of literal bytes', () => {
    const options = optionsOn(newDisk());
    create(options).save(undefined, [entry(1, 1, 1000)]);
    const { data } = reopen(options).entries[0]!;
    expect(data.length).toBe(1003);
    expect(data.literalLength).toBeLessThan(16);
  });

  test('only entries, a new term or a new vote are synced at once', () => {
    const log = create(optionsOn(newDisk()));
    const synced = (...args: Parameters<typeof log.save>): boolean => {
      expect(log.save(...args)).toBe('ok');
      return log.lastSaveSynced;
    };
    expect(synced({ term: 1, vote: 0, commit: 0 }, [])).toBe(true);
    expect(synced({ term: 1, vote: 1, commit: 0 }, [])).toBe(true);
    expect(synced(undefined, [entry(1, 1)])).toBe(true);
    expect(synced({ term: 1, vote: 1, commit: 1 }, [])).toBe(false);
    expect(synced({ term: 0, vote: 0, commit: 0 }, [])).toBe(false);
    expect(synced(undefined, [])).toBe(false);
  });

  test('a commit index that waited in memory is lost with the process; the entries are not', () => {
    const options = optionsOn(newDisk());
    const log = create(options);
    log.save({ term: 1, vote: 1, commit: 0 }, [entry(1, 1)]);
    log.save({ term: 1, vote: 1, commit: 1 }, []);
    const { entries, state } = reopen(options);
    expect(say(entries)).toBe('1/1');
    expect(state.commit).toBe(0);
  });

  test('a new leader overwrites what was not committed', () => {
    const options = optionsOn(newDisk());
    const log = create(options);
    log.save(undefined, [entry(1, 1), entry(1, 2), entry(1, 3), entry(1, 4)]);
    log.save(undefined, [entry(2, 3)]);
    const second = reopen(options);
    expect(say(second.entries)).toBe('1/1 1/2 2/3');
    expect(second.log.lastIndex).toBe(3);
  });

  test('a segment is cut when it is full, and the next carries sum, metadata and state', () => {
    const disk = newDisk();
    const options = optionsOn(disk, { segmentBytes: 8192 });
    const log = create(options);
    for (let index = 1; index <= 40; index++)
      log.save({ term: 1, vote: 1, commit: index - 1 }, [entry(1, index, 1000)]);
    // what waits in memory does not count: eight saves fill 8 KiB, the ninth notices it
    expect(log.segments.map((segment) => segment.name)).toEqual([
      FIRST,
      'member/wal/0000000000000001-000000000000000a.wal',
      'member/wal/0000000000000002-0000000000000013.wal',
      'member/wal/0000000000000003-000000000000001c.wal',
      'member/wal/0000000000000004-0000000000000025.wal',
    ]);
    expect(disk.list('member/wal/').filter((name) => name.endsWith('.tmp'))).toEqual(['member/wal/0.tmp']);
    const second = reopen(options);
    expect(second.entries.length).toBe(40);
    expect(say(second.entries.slice(37))).toBe('1/38 1/39 1/40');
    expect(second.state.commit).toBe(39);
  });

  test('many entries in one save: written in full pages, a few calls', () => {
    const disk = newDisk();
    const log = create(optionsOn(disk));
    const before = disk.counters.writeCalls[0]!;
    const entries = Array.from({ length: 400 }, (_, i) => entry(1, i + 1, 1000));
    log.save(undefined, entries);
    // 421 KB: three times a buffer of 128 KiB, and the rest
    expect(disk.counters.writeCalls[0]! - before).toBe(4);
    expect(disk.counters.syncs[0]).toBeGreaterThan(0);
    expect(reopen(optionsOn(disk)).entries.length).toBe(400);
  });

  test('released segments are purged down to the limit; what is needed stays', () => {
    const disk = newDisk();
    const options = optionsOn(disk, { segmentBytes: 8192, segmentsMax: 3 });
    const snapshots = new SnapshotFiles(disk, 'member/snap/', new Work());
    const log = create(options);
    for (let index = 1; index <= 60; index++)
      log.save({ term: 1, vote: 1, commit: index - 1 }, [entry(1, index, 1000)]);
    const all = log.segments.length;
    expect(log.purge()).toBe(0);
    const mark = { index: 50, term: 1 };
    expect(snapshots.save(mark, new Uint8Array(0))).toBe('ok');
    expect(log.saveSnapshot(mark)).toBe('ok');
    log.releaseTo(50);
    expect(log.purge()).toBe(all - 3);
    expect(log.segments[0]!.firstIndex).toBeLessThan(50);
    const second = reopen(options, snapshots.list());
    expect(second.snapshot.index).toBe(50);
    expect(say(second.entries)).toBe('1/51 1/52 1/53 1/54 1/55 1/56 1/57 1/58 1/59 1/60');
    // without the snapshot the log has no beginning
    expect(openWriteAheadLog(options, [], makeEntry)).toMatchObject({ outcome: 'corrupt' });
  });

  test('releasing keeps the segment that holds the index', () => {
    const options = optionsOn(newDisk(), { segmentBytes: 8192, segmentsMax: 1 });
    const log = create(options);
    for (let index = 1; index <= 40; index++) log.save(undefined, [entry(1, index, 1000)]);
    const starts = log.segments.map((segment) => segment.firstIndex);
    expect(starts).toEqual([0, 10, 19, 28, 37]);
    log.releaseTo(19);
    expect(log.purge()).toBe(1);
    log.releaseTo(20);
    expect(log.purge()).toBe(1);
    log.releaseTo(1000);
    expect(log.purge()).toBe(2);
    expect(log.segments.map((segment) => segment.firstIndex)).toEqual([37]);
  });

  test('the start is the newest snapshot that is on disk, in the log, and committed', () => {
    const disk = newDisk();
    const options = optionsOn(disk);
    const snapshots = new SnapshotFiles(disk, 'member/snap/', new Work());
    const log = create(options);
    const entries = Array.from({ length: 9 }, (_, i) => entry(1, i + 1));
    log.save({ term: 1, vote: 1, commit: 6 }, entries);
    const configuration = { voters: [1, 2, 3], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
    const save = (index: number): void => {
      expect(snapshots.save({ index, term: 1, configuration }, Uint8Array.of(index))).toBe('ok');
    };
    const data = (index: number): number => snapshots.list().find((each) => each.index === index)!.data[0]!;
    save(2);
    log.saveSnapshot({ index: 2, term: 1 });
    save(4);
    log.saveSnapshot({ index: 4, term: 1 });
    // not named by the log: a crash came between marker and record
    save(5);
    // not committed
    save(8);
    log.saveSnapshot({ index: 8, term: 1 });
    const second = reopen(options, snapshots.list());
    expect(second.snapshot).toMatchObject({ index: 4, term: 1, configuration });
    expect(say(second.entries)).toBe('1/5 1/6 1/7 1/8 1/9');
    expect(data(4)).toBe(4);
    // the newest marker is damaged: one before it serves
    scribble(disk, 'member/snap/0000000000000001-0000000000000004.snap', 3, [0xff]);
    expect(reopen(options, snapshots.list()).snapshot.index).toBe(2);
    expect(snapshots.purge(1)).toBe(3);
    expect(snapshots.list().map((each) => each.index)).toEqual([8]);
  });

  test('a follower that received a snapshot far ahead goes on from there', () => {
    const options = optionsOn(newDisk());
    const log = create(options);
    log.save({ term: 1, vote: 1, commit: 2 }, [entry(1, 1), entry(1, 2)]);
    const mark = { index: 500, term: 3 };
    log.saveSnapshot(mark);
    log.save({ term: 3, vote: 2, commit: 500 }, []);
    expect(reopen(options, [mark])).toMatchObject({ snapshot: mark, entries: [] });
    log.save({ term: 3, vote: 2, commit: 500 }, [entry(3, 501), entry(3, 502)]);
    const second = reopen(options, [mark]);
    expect(second.snapshot).toEqual(mark);
    expect(say(second.entries)).toBe('3/501 3/502');
  });

  test('a snapshot of another term than the log says is corruption', () => {
    const options = optionsOn(newDisk());
    const log = create(options);
    log.save({ term: 1, vote: 1, commit: 1 }, [entry(1, 1)]);
    log.saveSnapshot({ index: 1, term: 1 });
    expect(openWriteAheadLog(options, [{ index: 1, term: 2 }], makeEntry)).toMatchObject({
      outcome: 'corrupt',
      corruption: { what: expect.stringContaining('named with term 1') },
    });
  });
});

describe('a torn tail', () => {
  /** Three entries, each in a save of its own; the last one long enough to span sectors. */
  function written(): { disk: SimulatedDisk; lastFrom: number; lastTo: number } {
    const disk = newDisk();
    const log = create(optionsOn(disk));
    log.save(undefined, [entry(1, 1)]);
    log.save(undefined, [entry(1, 2)]);
    const lastFrom = log.tailBytes;
    log.save(undefined, [entry(1, 3, 2000)]);
    const lastTo = log.tailBytes;
    return { disk, lastFrom, lastTo };
  }

  test('every way to cut the last record short recovers what was before it', () => {
    const { lastFrom, lastTo } = written();
    for (let cut = lastFrom + 1; cut < lastTo; cut += cut < lastFrom + 40 || cut > lastTo - 40 ? 1 : 97) {
      const { disk } = written();
      disk.truncate(disk.open(FIRST)!, cut);
      const second = reopen(optionsOn(disk));
      expect(say(second.entries), `cut at ${cut}`).toBe('1/1 1/2');
      expect(second.torn!.where).toBe(`${FIRST} offset ${lastFrom}`);
      second.log.save(undefined, [entry(2, 3), entry(2, 4)]);
      const third = reopen(optionsOn(disk));
      expect(say(third.entries)).toBe('1/1 1/2 2/3 2/4');
      expect(third.torn).toBeUndefined();
    }
  });

  test('every sector of the last record that is lost makes it torn', () => {
    const { lastFrom, lastTo } = written();
    for (let sector = Math.ceil(lastFrom / 512) * 512; sector < lastTo; sector += 512) {
      const { disk } = written();
      scribble(disk, FIRST, sector, new Uint8Array(Math.min(512, lastTo - sector)));
      const second = reopen(optionsOn(disk));
      expect(say(second.entries), `sector at ${sector}`).toBe('1/1 1/2');
      expect(second.torn).toBeDefined();
      second.log.save(undefined, [entry(2, 3)]);
      expect(say(reopen(optionsOn(disk)).entries)).toBe('1/1 1/2 2/3');
    }
  });

  test('its first sector lost: the log ends there, and what the crash left behind it is zeroed', () => {
    const { disk, lastFrom, lastTo } = written();
    scribble(disk, FIRST, lastFrom, new Uint8Array(512 - (lastFrom % 512)));
    const second = reopen(optionsOn(disk));
    expect(say(second.entries)).toBe('1/1 1/2');
    expect(second.torn).toBeUndefined();
    expect(content(disk, FIRST, lastFrom, lastTo).every((byte) => byte === 0)).toBe(true);
    second.log.save(undefined, [entry(2, 3)]);
    expect(say(reopen(optionsOn(disk)).entries)).toBe('1/1 1/2 2/3');
  });

  test('a byte that flipped in it is corruption, unless any damage may end the log', () => {
    const { disk, lastFrom } = written();
    scribble(disk, FIRST, lastFrom + 600, [0]);
    expect(openWriteAheadLog(optionsOn(disk), [], makeEntry)).toEqual({
      outcome: 'corrupt',
      corruption: { where: `${FIRST} offset ${lastFrom}`, what: 'wal: crc mismatch' },
    });
    expect(say(reopen(optionsOn(disk, { tornRule: 'first-damage' })).entries)).toBe('1/1 1/2');
  });
});

describe('damage elsewhere is named', () => {
  test('a flipped byte in the middle: file and offset of the record', () => {
    const disk = newDisk();
    const log = create(optionsOn(disk));
    const offsets: number[] = [];
    for (let index = 1; index <= 5; index++) {
      offsets.push(log.tailBytes);
      log.save(undefined, [entry(1, index, 100)]);
    }
    scribble(disk, FIRST, offsets[2]! + 50, [0]);
    expect(openWriteAheadLog(optionsOn(disk), [], makeEntry)).toEqual({
      outcome: 'corrupt',
      corruption: { where: `${FIRST} offset ${offsets[2]}`, what: 'wal: crc mismatch' },
    });
  });

  const OLD = 'an old segment that';
  test.each([
    [`${OLD} ends within a record`, 'truncate', 'the segment ends within a record'],
    [`${OLD} lost a sector of a record`, 'zero', 'crc mismatch'],
  ])('%s is corrupt, not torn', (_, how, what) => {
    const disk = newDisk();
    const options = optionsOn(disk, { segmentBytes: 8192 });
    const log = create(options);
    for (let index = 1; index <= 20; index++) log.save(undefined, [entry(1, index, 1000)]);
    const file = disk.open(FIRST)!;
    if (how === 'truncate') disk.truncate(file, file.length - 100);
    else scribble(disk, FIRST, 7680, new Uint8Array(512));
    const opening = openWriteAheadLog(options, [], makeEntry);
    expect(opening.outcome).toBe('corrupt');
    if (opening.outcome === 'corrupt') {
      expect(opening.corruption.what).toBe(`wal: ${what}`);
      expect(opening.corruption.where).toContain(FIRST);
    }
  });

  test('records lost at the end of an old segment break the sum in the next', () => {
    const disk = newDisk();
    const options = optionsOn(disk, { segmentBytes: 8192 });
    const log = create(options);
    for (let index = 1; index <= 20; index++) log.save(undefined, [entry(1, index, 1000)]);
    const file = disk.open(FIRST)!;
    const length = file.length;
    // the last record of the segment, frame and all, reads as zeros
    const from = length - 1032;
    scribble(disk, FIRST, from, new Uint8Array(1032));
    const opening = openWriteAheadLog(options, [], makeEntry);
    expect(opening).toMatchObject({ outcome: 'corrupt', corruption: { what: 'wal: crc mismatch' } });
    if (opening.outcome === 'corrupt') expect(opening.corruption.where).toContain('0000000000000001-');
  });

  test('a missing segment in the middle: what is left has no beginning', () => {
    const disk = newDisk();
    const options = optionsOn(disk, { segmentBytes: 8192 });
    const log = create(options);
    for (let index = 1; index <= 40; index++) log.save(undefined, [entry(1, index, 1000)]);
    disk.remove(log.segments[2]!.name);
    expect(openWriteAheadLog(options, [], makeEntry)).toMatchObject({
      outcome: 'corrupt',
      corruption: { what: 'wal: no snapshot that the log can go on from' },
    });
  });
});

describe('a disk without room', () => {
  test('creating fails with no-space; a full disk later makes the log unusable', () => {
    const options = optionsOn(newDisk(1, undefined, 1 << 20), { segmentBytes: 1 << 21 });
    expect(() => create(options)).toThrow('no-space');

    // room for the first segment and the next one, and a little for what each exceeds its size by
    const log = create(optionsOn(newDisk(1, undefined, 20_000), { segmentBytes: 8192 }));
    let outcome = 'ok';
    let saved = 0;
    for (; saved < 100 && outcome === 'ok'; saved++) outcome = log.save(undefined, [entry(1, saved + 1, 1000)]);
    expect(outcome).toBe('no-space');
    expect(saved).toBeGreaterThan(5);
    expect(log.save(undefined, [entry(1, saved + 1)])).toBe('no-space');
    expect(log.failure).toBe('no-space');
  });
});
