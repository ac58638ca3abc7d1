/**
 * The process is killed after any device request, the next one syncs what it finds, as the host does, and goes on; then
 * the power fails. No synced batch is lost, whatever of the first process's page cache had not reached the disk.
 */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../engines/index.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import type { DeviceRequest } from '../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { StorageEngine } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { bytesOf, withDefaults } from './bed.ts';
import { batchShown, type CrashStory, LOSE_ALL, MiniatureHost, statesOf } from './crash-story.ts';
import { SMALL } from './small-options.ts';

const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
const STEP = 3;

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))('%s', (name, definition) => {
  const options = withDefaults(definition.options, SMALL[name]!);
  const make = (disk: SimulatedDisk): StorageEngine =>
    definition.create({ disk, directory: 'db/', tables: ['all'], work: new Work(), clock: STOPPED_CLOCK }, options);
  const story: CrashStory<StorageEngine> = {
    make,
    batches: 60,
    keys: 40,
    operations: [2, 8],
    valueBytes: () => 700,
    syncChance: 0.3,
    useAgain: () => {},
  };
  const states = statesOf(story);

  /** Puts again what is there. */
  const goOn = (engine: StorageEngine, at: number): void => {
    const batch = new Batch();
    for (const [key, stamp] of [...states[at]!].slice(0, 6)) {
      batch.clear();
      batch.put(0, bytesOf(key), Value.filled(bytesOf(stamp), 700 - stamp.length));
      expect(engine.write(batch)).toBe('ok');
    }
  };

  it.each([
    ['half', undefined],
    ['nothing', LOSE_ALL],
  ])('keeps what was synced through a kill and a power cut after which %s of the rest survives', (_, model) => {
    const whole = new MiniatureHost(story, 1);
    whole.run(Number.POSITIVE_INFINITY);
    expect(whole.finished).toBeGreaterThan(40);
    for (let requests = 1; requests <= whole.finished; requests += STEP) {
      const host = new MiniatureHost(story, 1 + (requests % 7));
      host.run(requests);
      const { disk, durable, written } = host;
      const why = `after ${requests} requests`;
      disk.endProcess();
      disk.thread = 0;
      expect(disk.syncAll('')).toBe('ok');
      const engine = make(disk);
      expect(engine.open(), why).toBe('recovered');
      const at = batchShown(engine, states, `${why}, killed`);
      expect(at, why).toBeGreaterThanOrEqual(durable);
      expect(at, why).toBeLessThanOrEqual(written);
      const toSync = disk.waitingRequests(0);
      goOn(engine, at);
      let finished = 0;
      for (let i = (requests * 3) % 11; i > 0 && disk.takeRequest(0, request); i--, finished++) disk.complete(0);
      disk.crash(model);
      const last = make(disk);
      expect(last.open(), `${why}: ${JSON.stringify(last.corruption)}`).toBe('recovered');
      const left = batchShown(last, states, `${why}, killed and cut off`);
      expect(left, why).toBeGreaterThanOrEqual(finished >= toSync ? at : durable);
      expect(last.check(), why).toEqual([]);
    }
  });
});
