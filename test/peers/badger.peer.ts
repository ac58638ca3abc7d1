/** Badger itself opens what ours wrote, and ours what Badger wrote; both show the same keys and values. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportStore } from '../../cli/store-folder.ts';
import { badger } from '../../engines/badger/index.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import type { StorageEngine } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { bytesOf, withDefaults } from '../engines/bed.ts';
import { importStore } from '../import-store.ts';
import { BADGER, BADGER_SOURCE, buildGo, describePeer, GO, runTool, withFolder } from './peer.ts';

const DIRECTORY = 'data/';
/** Those that `badger.go` opens with, as far as they show. */
const SMALL: ParameterValues = {
  max_table_size: 262144,
  level_one_size: 524288,
  value_log_file_size: 1048576,
  sync_writes: false,
};

class Bed {
  readonly disk = new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1),
    pageCacheBytes: 1 << 26,
    capacityBytes: 2 ** 40,
  });
  engine: StorageEngine;
  readonly #options: ParameterValues;

  constructor(options: ParameterValues) {
    this.#options = withDefaults(badger.options, { ...SMALL, ...options });
    this.engine = this.#make();
  }

  #make(): StorageEngine {
    const { disk } = this;
    return badger.create(
      { disk, directory: DIRECTORY, tables: ['only'], work: new Work(), clock: STOPPED_CLOCK },
      this.#options,
    );
  }

  open(): string {
    this.engine = this.#make();
    const outcome = this.engine.open();
    this.disk.settle();
    return `${outcome} ${this.engine.corruption?.where ?? ''} ${this.engine.corruption?.what ?? ''}`.trim();
  }

  close(): void {
    expect(this.engine.close()).toBe('ok');
    this.disk.settle();
  }

  rest(): void {
    this.engine.pressure();
    for (let job = this.engine.background(); job !== undefined; job = this.engine.background()) {
      while (job.next().done !== true);
      this.disk.settle();
    }
  }

  /** The rounds of `badger.go`. */
  write(rounds: number): void {
    const batch = new Batch();
    for (let round = 0; round < rounds; round++) {
      for (let from = 0; from < 2000; from += 40) {
        batch.clear();
        for (let i = from; i < from + 40; i++) {
          const key = bytesOf(`key${String((i * (round + 1)) % 3000).padStart(6, '0')}`);
          const stamp = bytesOf(`round ${round} key ${i}`);
          if ((i + round) % 7 === 0) batch.delete(0, key);
          else batch.put(0, key, Value.filled(stamp, 40 + ((i * 37 + round * 101) % 1500) - stamp.length));
        }
        expect(this.engine.write(batch)).toBe('ok');
        this.rest();
      }
    }
    expect(this.engine.sync()).toBe('ok');
    this.disk.settle();
  }

  /** As `badger.go` prints it. */
  dump(): string {
    const lines: string[] = [];
    this.engine.scan(0, new Uint8Array(0), undefined, (bytes, from, to, value) => {
      const key = Buffer.from(bytes.subarray(from, to)).toString('hex');
      lines.push(`${key} ${value.length} ${value.crc32c(0).toString(16).padStart(8, '0')}\n`);
      return true;
    });
    return lines.join('');
  }
}

describePeer('Badger 2.2007', [GO, BADGER_SOURCE, BADGER], () => {
  const compiled = mkdtempSync(join(tmpdir(), 'raftlab-peer-'));
  let peer = '';
  beforeAll(() => {
    peer = buildGo(join(import.meta.dirname, 'badger.go'), compiled);
  });
  afterAll(() => {
    rmSync(compiled, { recursive: true, force: true });
  });

  /** What the real one shows of the store that the disk holds. */
  const readBack = (bed: Bed, closed: boolean): string =>
    withFolder((folder) => {
      exportStore(bed.disk, DIRECTORY, folder);
      if (closed) {
        const info = runTool('badger', ['info', '--dir', folder]);
        expect(info.error + info.out).toMatch(/Level/);
        expect(info.status, info.error).toBe(0);
      }
      const { status, out, error } = runTool(peer, ['dump', folder]);
      expect(status, error).toBe(0);
      return out;
    });

  const STORES: readonly (readonly [string, ParameterValues])[] = [
    ['values in the value log', { value_threshold: 32 }],
    ['values in both', { value_threshold: 700 }],
    ['values in the tables', { value_threshold: 32768 }],
  ];

  it.each(STORES)('reads every key after a load: %s', (_, options) => {
    const bed = new Bed(options);
    expect(bed.open()).toBe('fresh');
    bed.write(4);
    const shown = bed.dump();
    expect(shown.split('\n').length).toBeGreaterThan(1500);
    // As it stands, open and not closed: the real one replays the value log.
    expect(readBack(bed, false)).toBe(shown);
    bed.close();
    expect(readBack(bed, true)).toBe(shown);
  });

  it('reads every key after garbage collection', () => {
    const bed = new Bed({ value_threshold: 32 });
    expect(bed.open()).toBe('fresh');
    bed.write(6);
    bed.close();
    expect(bed.open()).toBe('recovered');
    const before = bed.disk.list(DIRECTORY).filter((name) => name.endsWith('.vlog')).length;
    const shown = bed.dump();
    let runs = 0;
    for (let job = bed.engine.maintain?.('gc', 0.3); job !== undefined; job = bed.engine.maintain?.('gc', 0.3)) {
      while (job.next().done !== true);
      bed.rest();
      expect(++runs).toBeLessThan(100);
    }
    expect(bed.engine.stats().figures.collectedFiles).toBeGreaterThan(1);
    expect(bed.disk.list(DIRECTORY).filter((name) => name.endsWith('.vlog')).length).not.toBe(before);
    expect(bed.dump()).toBe(shown);
    expect(bed.engine.check()).toEqual([]);
    bed.close();
    expect(readBack(bed, true)).toBe(shown);
  });

  it('reads every key after a crash and what recovery made of it', () => {
    const bed = new Bed({ value_threshold: 700 });
    expect(bed.open()).toBe('fresh');
    bed.write(3);
    const synced = bed.dump();
    const batch = new Batch();
    batch.put(0, bytesOf('never synced'), Value.filled(bytesOf('lost or kept'), 5000));
    expect(bed.engine.write(batch)).toBe('ok');
    bed.disk.crash();
    expect(bed.open()).toBe('recovered');
    const shown = bed.dump();
    expect(shown.replace(/^6e65766572[^\n]*\n/m, '')).toBe(synced);
    expect(readBack(bed, false)).toBe(shown);
  });

  it.each([
    ['write', '32'],
    ['write', '700'],
    ['write', '32768'],
    ['crash', '32'],
    ['crash', '700'],
  ])('wrote a store (%s, threshold %s) that ours opens', (command, threshold) => {
    const bed = new Bed({ value_threshold: Number(threshold) });
    let theirs = '';
    withFolder((folder) => {
      const written = runTool(peer, [command, folder, threshold, '3']);
      expect(written.status, written.error).toBe(0);
      importStore(folder, bed.disk, DIRECTORY);
      expect(readdirSync(folder).some((name) => name.endsWith('.vlog'))).toBe(true);
      theirs = runTool(peer, ['dump', folder]).out;
    });
    expect(bed.open()).toBe('recovered');
    expect(bed.dump()).toBe(theirs);
    expect(bed.engine.check()).toEqual([]);
    // And they can go on from there, each on the other's.
    bed.write(2);
    const shown = bed.dump();
    bed.close();
    expect(readBack(bed, true)).toBe(shown);
  });
});
