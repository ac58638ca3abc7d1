/** One engine alone in virtual time: what the phases come to, and that the time is the engine's and the disk's. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../engines/index.ts';
import { Value } from '../../sim/bytes/value.ts';
import { EngineBenchRun } from '../../sim/engine-bench/bench.ts';
import { KEY_BYTES, keyIndices, writeKey } from '../../sim/engine-bench/generator.ts';
import type { PhaseResult } from '../../sim/engine-bench/result.ts';
import type { BenchSpec, PhaseSpec } from '../../sim/engine-bench/spec.ts';
import { withDefaults } from '../engines/bed.ts';

function phase(text: string, valueBytes = 100): PhaseSpec {
  const [name, operation, order, operations, keyspace, seed, batch] = text.split(':');
  return {
    name: name!,
    operation: operation!,
    order: order as PhaseSpec['order'],
    operations: Number(operations),
    keyspace: Number(keyspace),
    seed: Number(seed),
    batch: Number(batch ?? 100),
    valueBytes,
    argument: 0,
  };
}

function spec(engine: string, phases: readonly string[], given: Partial<BenchSpec> = {}): BenchSpec {
  return {
    engine,
    options: {},
    phases: phases.map((text) => phase(text)),
    sync: false,
    paced: false,
    disk: { profile: 'nvme', pageCacheBytes: 2 ** 30 },
    cpu: { profile: 'etcd-2021', cores: 4 },
    seed: 1,
    ...given,
    ...(given.options === undefined ? {} : { options: given.options }),
  };
}

function run(of: BenchSpec): EngineBenchRun {
  const definition = ENGINES.find(({ name }) => name === of.engine)!;
  const bench = new EngineBenchRun({ ...of, options: withDefaults(definition.options, of.options) });
  while (bench.advance(1000));
  expect(bench.failure).toBeUndefined();
  return bench;
}

const SMALL_ROCKSDB = {
  write_buffer_size: 65536,
  target_file_size_base: 65536,
  max_bytes_for_level_base: 262144,
};
const optionsOf = (engine: string) => (engine === 'rocksdb' ? SMALL_ROCKSDB : {});

describe.each(ENGINES.map(({ name }) => name))('%s', (engine) => {
  const phases = [
    'load:put:perm:4000:4000:1',
    'ow:put:zipf:2000:4000:2:10',
    'del:del:evens:1000:4000:0',
    'get:get:unif:500:4000:3',
  ];
  const bench = run(spec(engine, phases, { options: optionsOf(engine) }));
  const [load, ow, del, get] = bench.results as [PhaseResult, PhaseResult, PhaseResult, PhaseResult];

  it('counts what clients wrote', () => {
    expect([load, ow, del].map(({ measurement }) => measurement.logicalBytes)).toEqual([4000 * 116, 2000 * 116, 16000]);
    expect([load, ow, del, get].map(({ measurement }) => measurement.batches)).toEqual([40, 200, 10, 5]);
    expect(load.columns).toMatchObject({
      engine,
      phase: 'load',
      op: 'put',
      order: 'perm',
      ops: 4000,
      keyspace: 4000,
      batch: 100,
    });
  });

  it('counts what was written by category', () => {
    for (const { measurement, columns } of [load, ow]) {
      expect(columns.wa_total).toBe(Number(columns.total_write_bytes) / measurement.logicalBytes);
      const all = Object.values(measurement.writtenBytes).reduce((sum, bytes) => sum + bytes, 0);
      expect(measurement.bytesBeforeEnd).toBeLessThanOrEqual(all);
      expect(Number(columns.total_write_bytes)).toBeLessThanOrEqual(all);
    }
  });

  it('takes time for each batch, the sum of which is the phase', () => {
    for (const { batchLatency, writingNs, totalNs } of [load, ow, del, get]) {
      expect(batchLatency.p50Ns).toBeGreaterThan(0);
      expect(batchLatency.meanNs * batchLatency.count).toBeCloseTo(writingNs, -3);
      expect(totalNs).toBeGreaterThanOrEqual(writingNs);
    }
  });

  it('leaves a sound store with the keys that were not deleted', () => {
    expect(bench.check()).toEqual([]);
    const gone = new Set(keyIndices('evens', 1000, 4000, 0));
    const key = new Uint8Array(KEY_BYTES);
    const value = new Value();
    let found = 0;
    for (let index = 0; index < 4000; index++) {
      writeKey(index, key);
      const isThere = bench.store.engine.get(0, key, value);
      expect(isThere).toBe(!gone.has(index));
      if (isThere) {
        found++;
        expect(value.length).toBe(100);
      }
    }
    expect(found).toBe(4000 - gone.size);
    expect(get.found).toBe(keyIndices('unif', 500, 4000, 3).reduce((sum, index) => sum + (gone.has(index) ? 0 : 1), 0));
  });

  it('repeats', () => {
    const again = run(spec(engine, phases, { options: optionsOf(engine) }));
    expect(again.results).toEqual(bench.results);
  });

  it('samples the bytes over the progress, up to the totals', () => {
    const { series, measurement } = load;
    expect(series.operations.at(-1)).toBe(4000);
    for (const [category, bytes] of Object.entries(series.writtenBytes)) {
      expect(bytes.at(-1)).toBe(measurement.writtenBytes[category as keyof typeof measurement.writtenBytes]);
      expect([...bytes].sort((a, b) => a - b)).toEqual(bytes);
      expect(bytes.length).toBe(series.operations.length);
    }
  });
});

describe('rocksdb', () => {
  const phases = ['load:put:perm:20000:20000:1'];

  it('has a backlog when it is not paced, and writes less', () => {
    const [paced, hurried] = [true, false].map((isPaced) => {
      return run(spec('rocksdb', phases, { paced: isPaced, options: SMALL_ROCKSDB })).results[0]!;
    }) as [PhaseResult, PhaseResult];
    expect(paced.measurement.stallShare).toBe(0);
    expect(hurried.measurement.stallShare).toBeGreaterThan(0);
    expect(hurried.slowedNs + hurried.stoppedNs).toBeLessThan(hurried.writingNs);
    expect(Number(hurried.columns.wa_total)).toBeLessThan(Number(paced.columns.wa_total));
  });

  it('syncs its log with each batch if asked to', () => {
    const { measurement } = run(spec('rocksdb', phases, { sync: true })).results[0]!;
    expect(measurement.syncs['engine-wal']).toBe(200);
    expect(run(spec('rocksdb', phases)).results[0]!.measurement.syncs['engine-wal']).toBe(0);
  });

  it('is slower on a slower disk', () => {
    const times = ['nvme', 'ssd', 'hdd'].map((profile) => {
      return run(spec('rocksdb', phases, { sync: true, disk: { profile, pageCacheBytes: 2 ** 30 } })).results[0]!
        .writingNs;
    });
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[2]).toBeGreaterThan(times[0]! * 10);
  });
});

it('stops with what is done when the disk is full', () => {
  const bench = new EngineBenchRun({
    ...spec('bolt', []),
    phases: [phase('load:put:seq:200:200:1', 2 ** 30)],
    options: withDefaults(ENGINES[0]!.options, {}),
    disk: { profile: 'cloud-volume', pageCacheBytes: 2 ** 30 },
  });
  while (bench.advance(1000));
  expect(bench.failure).toMatch(/^phase load: no-space after 0 operations/);
  expect(bench.results).toEqual([]);
});
