/** Every scenario that comes with raftlab must load with this version's registries. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBeside } from '../../cli/scenario-files.ts';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { type Loaded, loadScenario } from '../../scenarios/loader.ts';
import { ROOT } from '../source-files.ts';

const FOLDER = join(ROOT, 'scenarios');
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

function load(file: string): Loaded {
  const path = join(FOLDER, file);
  const readFile = (name: string) => readBeside(path, file, name);
  return loadScenario(file, readFileSync(path, 'utf8'), { catalogue: CATALOGUE, readFile });
}

describe('shipped scenarios', () => {
  it('are those that the documentation names', () => {
    expect(FILES.sort()).toEqual([
      'alibaba-freelist.yaml',
      'durable-storage.yaml',
      'engines.yaml',
      'etcd-bytes.yaml',
      'ledger-vs-badger-full.yaml',
      'ledger-vs-badger.yaml',
      'nemesis.yaml',
      'partition.yaml',
      'quickstart.yaml',
      'thesis-bolt-vs-rocksdb.yaml',
      'thesis-reads.yaml',
      'thesis-value-sizes.yaml',
      'toxics.yaml',
      'toxiproxy.yaml',
    ]);
  });

  it.each(FILES)('%s loads, is called after its file, says why and expects something', (file) => {
    const loaded = load(file);
    if (!loaded.ok) expect(loaded.problems).toEqual([]);
    else {
      expect(loaded.scenario.name).toBe(file.replace('.yaml', ''));
      expect(loaded.scenario.why.length).toBeGreaterThan(40);
      expect(loaded.scenario.expectations.length).toBeGreaterThan(0);
    }
  });

  it.each([
    ['quickstart.yaml', ['bolt', 'rocksdb']],
    ['alibaba-freelist.yaml', ['array', 'hashmap', 'array stored, small values', 'hashmap stored, small values']],
    [
      'thesis-bolt-vs-rocksdb.yaml',
      [
        'bolt clients=1',
        'bolt clients=10',
        'bolt clients=100',
        'bolt clients=1000',
        'rocksdb clients=1',
        'rocksdb clients=10',
        'rocksdb clients=100',
        'rocksdb clients=1000',
      ],
    ],
  ])('%s has the variants %j', (file, names) => {
    const loaded = load(file);
    expect(loaded.ok && loaded.scenario.variants.map((plan) => plan.variant)).toEqual(names);
  });
});
