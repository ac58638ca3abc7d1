/** Options of the engine that a rolling restart changes: only such as an existing store can be opened with. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { faultEntry } from '../../scenarios/fault-entry.ts';
import { type Loaded, loadScenario, runSpecs } from '../../scenarios/loader.ts';
import type { FaultSpec } from '../../sim/run-spec.ts';

function load(engine: string, options: string): Loaded {
  const fault = `{at: 1s, rolling-restart: {options: ${options}}}`;
  return loadScenario('t.yaml', `name: t\nwhy: to test\ncluster: {engine: ${engine}}\nfaults: [${fault}]`, {
    catalogue: CATALOGUE,
  });
}

const AT = 'faults[0].rolling-restart.options';
const BOLT = 'freelist, noFreelistSync, fillPercent, initialMmapSize';

describe('a wrong one is named', () => {
  it.each([
    [
      'unknown',
      'bolt',
      '{freelst: array}',
      `4:47: ${AT}.freelst: unknown field; allowed: ${BOLT}; did you mean freelist?`,
    ],
    [
      'of another engine',
      'bolt',
      '{write_buffer_size: 1MiB}',
      `4:47: ${AT}.write_buffer_size: unknown field; allowed: ${BOLT}`,
    ],
    [
      'with a wrong value',
      'bolt',
      '{freelist: map}',
      `4:57: ${AT}.freelist: 'map' is unknown; allowed: array, hashmap`,
    ],
    [
      'out of range',
      'rocksdb',
      '{write_buffer_size: 1B}',
      `4:66: ${AT}.write_buffer_size: 1B is out of range; allowed: 64KiB to 1GiB`,
    ],
    [
      'fixed in bolt',
      'bolt',
      '{pageSize: 8KiB}',
      `4:47: ${AT}.pageSize: is fixed when a store of bolt is made; allowed: options that an existing store can be opened with`,
    ],
    [
      'fixed in rocksdb',
      'rocksdb',
      '{num_levels: 3}',
      `4:47: ${AT}.num_levels: is fixed when a store of rocksdb is made; allowed: options that an existing store can be opened with`,
    ],
    ['none', 'bolt', '{}', `4:37: ${AT}: is empty; allowed: ${BOLT}`],
    ['no mapping', 'bolt', '5', `4:46: ${AT}: 5 is not a mapping of options`],
  ])('%s', (_what, engine, options, message) => {
    const loaded = load(engine, options);
    expect(loaded.ok ? [] : loaded.problems).toEqual([`t.yaml:${message}`]);
  });
});

it('each variant’s options are those of its engine', () => {
  const text =
    'name: t\nwhy: to test\nmatrix: {cluster.engine: [bolt, rocksdb]}\nfaults: [{at: 1s, rolling-restart: {options: {freelist: array}}}]';
  const loaded = loadScenario('t.yaml', text, { catalogue: CATALOGUE });
  expect(loaded.ok ? [] : loaded.problems.map((line) => line.slice(0, 70))).toEqual([
    't.yaml:4:47: faults[0].rolling-restart.options.freelist: unknown field',
  ]);
});

it('what is written is resolved, nothing else is added, and it can be written again', () => {
  const faultsOf = (loaded: Loaded): readonly FaultSpec[] => (loaded.ok ? runSpecs(loaded.scenario)[0]!.faults : []);
  const faults = faultsOf(
    load('rocksdb', '{write_buffer_size: 1MiB, enable_blob_files: true, max_bytes_for_level_multiplier: 4}'),
  );
  expect(faults[0]!.parameters.options).toEqual({
    write_buffer_size: 1 << 20,
    enable_blob_files: true,
    max_bytes_for_level_multiplier: 4,
  });
  const entries = faults.map((fault) => faultEntry(fault, 'rocksdb', CATALOGUE));
  const again = stringify({ name: 't', why: 'w', cluster: { engine: 'rocksdb' }, faults: entries });
  expect(faultsOf(loadScenario('t.yaml', again, { catalogue: CATALOGUE }))).toEqual(faults);
});
