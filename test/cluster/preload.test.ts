/** Stores that exist before time 0: the same however they were built, sound, and untouched by the runs that share them. */
import { describe, expect, it } from 'vitest';
import type { EngineContext, EngineDefinition } from '../../engines/engine.ts';
import { ENGINES } from '../../engines/index.ts';
import { Batch } from '../../sim/batch.ts';
import { fingerprint } from '../../sim/checkers/fingerprint.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { type BuiltStore, buildStore, PRELOAD_DIRECTORY } from '../../sim/cluster/preload-build.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { findStateMachine, STATE_MACHINES } from '../../sim/nodes/kv/index.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import type { StorageEngine } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { at, clusterOf, play, type Sketch } from './bed.ts';

const KEYS = 1600;

type BulkLoad = NonNullable<StorageEngine['bulkLoad']>;

/** The engine with another bulk load, or with none. */
function withBulkLoad(
  definition: EngineDefinition,
  make: ((engine: StorageEngine) => BulkLoad) | undefined,
): EngineDefinition {
  return {
    ...definition,
    create(context: EngineContext, options: ParameterValues) {
      const engine = definition.create(context, options);
      Object.defineProperty(engine, 'bulkLoad', { value: make?.(engine) });
      return engine;
    },
  };
}

/** The simplest: one batch, one sync. */
const atOnce =
  (engine: StorageEngine): BulkLoad =>
  (table, records) => {
    const batch = new Batch();
    while (records.next()) batch.put(table, records.key, records.value);
    const written = engine.write(batch);
    return written === 'ok' ? engine.sync() : written;
  };

function specOf(engine: EngineDefinition, machine: string, holes: RunSpec['workload']['preloadHoles']): RunSpec {
  const spec = clusterOf({
    engine: engine.name as NonNullable<Sketch['engine']>,
    machine: machine as 'raw' | 'mvcc',
    preload: KEYS,
    value: 700,
  });
  return { ...spec, workload: { ...spec.workload, ...(holes === undefined ? {} : { preloadHoles: holes }) } };
}

/** What a node finds in its copy of a built store, key by key. */
function contentOf(built: BuiltStore, definition: EngineDefinition, spec: RunSpec): string[] {
  const machine = findStateMachine(spec.cluster.stateMachine)!;
  const disk = new SimulatedDisk({
    store: new BlockStore(undefined, built.blocks),
    rng: new Rng(1),
    pageCacheBytes: 2 ** 30,
    capacityBytes: 2 ** 40,
  });
  expect(disk.preload(built.image, PRELOAD_DIRECTORY, PRELOAD_DIRECTORY, 'other')).toBe('ok');
  const engine = definition.create(
    { disk, directory: PRELOAD_DIRECTORY, tables: machine.tables, work: new Work(), clock: STOPPED_CLOCK },
    spec.cluster.engine.options,
  );
  const work = new Work();
  const store = machine.create(engine, work);
  expect([store.open(), store.appliedIndex]).toEqual(['recovered', 0]);
  expect(engine.check()).toEqual([]);
  const found: string[] = [];
  store.range(new Uint8Array(0), undefined, 0, KEYS + 1, (bytes, from, to, value) => {
    found.push(`${Buffer.from(bytes.subarray(from, to)).toString()}: ${value.length} B ${fingerprint(value)}`);
    return true;
  });
  return found;
}

function build(definition: EngineDefinition, spec: RunSpec): BuiltStore {
  const machine = findStateMachine(spec.cluster.stateMachine)!;
  return buildStore(spec, definition, machine, new Rng(1), undefined);
}

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))('a store preloaded on %s', (_, engine) => {
  it.each(
    STATE_MACHINES.flatMap(({ name }) => [
      [name, 'without holes', undefined] as const,
      [name, 'with holes', { share: 0.3, runKeys: 4 }] as const,
    ]),
  )('under %s, %s, holds what ordinary writes leave', (machine, _holes, holes) => {
    const spec = specOf(engine, machine, holes);
    const written = build(withBulkLoad(engine, undefined), spec);
    const expected = contentOf(written, engine, spec);
    expect(expected.length).toBe(holes === undefined ? KEYS : KEYS - 4 * Math.floor((KEYS / 4) * holes.share));
    const built = build(engine, spec);
    expect(built.fingerprints).toEqual(written.fingerprints);
    expect(contentOf(built, engine, spec)).toEqual(expected);
  });
});

describe('runs that share a store', () => {
  const sketch: Sketch = {
    preload: 2000,
    keys: { count: 2000 },
    mix: { put: 2, delete: 1, get: 1 },
    ms: 1500,
    faults: [at(700, 300, 'crash', { node: 'follower' })],
  };

  it.each(ENGINES.map(({ name }) => name as NonNullable<Sketch['engine']>))(
    'on %s leave it as it was: the same run again is the same',
    (engine) => {
      const first = play({ ...sketch, engine });
      expect(first.violations).toEqual([]);
      play({ ...sketch, engine, seed: 2 }); // other writes, onto the same store
      expect(play({ ...sketch, engine }).traceHash).toBe(first.traceHash);
    },
  );

  it('see nothing of what was built with other lengths of values', () => {
    const value = { kind: 'uniform', bytesMin: 16, bytesMax: 900 } as const;
    for (const seed of [1, 2, 1]) expect(play({ ...sketch, seed, value }).violations).toEqual([]);
  });
});

it('hears how far the build is', () => {
  const spec = specOf(ENGINES[0]!, 'raw', undefined);
  const many = { ...spec, workload: { ...spec.workload, preloadKeys: 25_000 } };
  const heard: string[] = [];
  buildStore(many, withBulkLoad(ENGINES[0]!, atOnce), findStateMachine('raw')!, new Rng(1), (done, keys) =>
    heard.push(`${done} of ${keys}`),
  );
  expect(heard).toEqual(['10000 of 25000', '20000 of 25000']);
});
