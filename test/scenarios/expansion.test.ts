/** From a file to the runs: variants and their names, overrides, defaults, units. */
import { describe, expect, it } from 'vitest';
import { loadScenario, runSpecs, type Scenario } from '../../scenarios/loader.ts';
import { CATALOGUE } from './small-catalogue.ts';

function load(body: string, further: object = {}): Scenario {
  const loaded = loadScenario('t.yaml', `name: t\nwhy: to test\n${body}`, { catalogue: CATALOGUE, ...further });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return loaded.scenario;
}

const names = (scenario: Scenario): string[] => scenario.variants.map((plan) => plan.variant);

describe('variants', () => {
  it.each([
    ['nothing varied', '', ['bolt']],
    ['the engine named', 'cluster: {engine: rocksdb}', ['rocksdb']],
    ['engines', 'matrix: {cluster.engine: [bolt, rocksdb]}', ['bolt', 'rocksdb']],
    [
      'engines with options: the name is enough',
      'matrix: {cluster.engine: [{name: bolt, options: {freelist: array}}, rocksdb]}',
      ['bolt', 'rocksdb'],
    ],
    [
      'one engine with several options: the name is not',
      'matrix: {cluster.engine: [bolt, {name: bolt, options: {freelist: array}}]}',
      ['bolt', 'bolt freelist=array'],
    ],
    ['numbers', 'matrix: {workload.clients: [1, 10]}', ['clients=1', 'clients=10']],
    ['quantities', 'matrix: {workload.value: [1KiB, {min: 1B, max: 2B}]}', ['value=1KiB', 'value.min=1B value.max=2B']],
    [
      'two axes, the last turning fastest',
      'matrix: {cluster.engine: [bolt, rocksdb], workload.clients: [1, 10]}',
      ['bolt clients=1', 'bolt clients=10', 'rocksdb clients=1', 'rocksdb clients=10'],
    ],
    ['by name', 'variants: [{name: small, set: {workload.value: 8B}}, {name: as it is}]', ['small', 'as it is']],
    [
      'by name, and a matrix',
      'variants: [{name: a}, {name: b, set: {cluster.nodes: 5}}]\nmatrix: {workload.clients: [1, 2]}',
      ['a clients=1', 'a clients=2', 'b clients=1', 'b clients=2'],
    ],
  ])('%s', (_, body, expected) => {
    expect(names(load(body))).toEqual(expected);
  });

  it('differ from the base in what they set and in nothing else', () => {
    const [base] = load('').variants;
    const [first, second] = load(
      'matrix: {cluster.engine.options.freelist: [array, hashmap], cluster.nodes: [3]}',
    ).variants;
    expect(first).toEqual({
      ...base,
      variant: 'freelist=array nodes=3',
      cluster: {
        ...base!.cluster,
        engine: { name: 'bolt', options: { ...base!.cluster.engine.options, freelist: 'array' } },
      },
    });
    expect(second!.cluster.engine.options).toEqual(base!.cluster.engine.options);
  });

  it('may vary a fault', () => {
    const scenario = load(
      'faults: [{at: 1s, for: 1s, crash: {node: leader}}]\nmatrix: {"faults[0].for": [1s, 2s], faults.0.crash.node: [n1]}',
    );
    expect(scenario.variants.map((plan) => plan.faults[0])).toEqual(
      [1e9, 2e9].map((durationNs) => ({
        fault: 'crash',
        trigger: { kind: 'time', atNs: 1e9 },
        durationNs,
        parameters: { node: 'n1' },
      })),
    );
  });

  it('are chosen by pattern', () => {
    const body = 'matrix: {cluster.engine: [bolt, rocksdb], workload.clients: [1, 10]}';
    expect(names(load(body, { variant: 'rocks*' }))).toEqual(['rocksdb clients=1', 'rocksdb clients=10']);
    expect(names(load(body, { variant: '* clients=1' }))).toEqual(['bolt clients=1', 'rocksdb clients=1']);
    expect(names(load(body, { variant: 'bolt clients=10' }))).toEqual(['bolt clients=10']);
  });
});

describe('runs', () => {
  it.each<[string, readonly number[]]>([
    ['7', [7]],
    ['1..4', [1, 2, 3, 4]],
    ['[3, 1]', [3, 1]],
    ['[10..12, 1]', [10, 11, 12, 1]],
    ['9007199254740991', [9007199254740991]],
  ])('seeds: %s', (written, seeds) => {
    expect(load(`seeds: ${written}`).seeds).toEqual(seeds);
  });

  it('--seed replaces the seeds of the file', () => {
    expect(load('seeds: 1', { seeds: '5, 8..9' }).seeds).toEqual([5, 8, 9]);
  });

  it('come variant by variant, seed by seed', () => {
    const scenario = load('seeds: 1..2\nmatrix: {cluster.engine: [bolt, rocksdb]}');
    expect(runSpecs(scenario).map((spec) => `${spec.variant} ${spec.seed}`)).toEqual([
      'bolt 1',
      'bolt 2',
      'rocksdb 1',
      'rocksdb 2',
    ]);
  });
});

describe('overrides', () => {
  it.each<[string, (scenario: Scenario) => unknown, unknown]>([
    ['workload.clients=7', (s) => s.variants[0]!.workload.clients, 7],
    ['end.after=2s', (s) => s.variants[0]!.end.timeNs, 2e9],
    ['cluster.engine=rocksdb', (s) => s.variants[0]!.cluster.engine.name, 'rocksdb'],
    ['cluster.engine.options.freelist=array', (s) => s.variants[0]!.cluster.engine.options.freelist, 'array'],
    ['cluster.disk.capacity=1GiB', (s) => s.variants[0]!.cluster.disk.capacityBytes, 2 ** 30],
    ['workload.mix={get: 1}', (s) => s.variants[0]!.workload.mix, { put: 0, get: 1, delete: 0, range: 0 }],
    ['faults[0].at=3s', (s) => s.variants[0]!.faults[0]!.trigger, { kind: 'time', atNs: 3e9 }],
    ['faults.1={at: 4s, pause: {node: n1}}', (s) => s.variants[0]!.faults.map((f) => f.fault), ['crash', 'pause']],
    ['faults=[]', (s) => s.variants[0]!.faults, []],
    ['seeds=1..3', (s) => s.seeds, [1, 2, 3]],
    ['name=other', (s) => s.variants[0]!.scenario, 'other'],
    ['matrix.workload.clients=[1, 2]', (s) => names(s), ['clients=1', 'clients=2']],
  ])('--set %s', (set, figure, expected) => {
    expect(figure(load('faults: [{at: 1s, crash: {node: leader}}]', { sets: [set] }))).toEqual(expected);
  });

  it('later ones win', () => {
    expect(load('', { sets: ['workload.clients=1', 'workload.clients=2'] }).variants[0]!.workload.clients).toBe(2);
  });
});

describe('resolution', () => {
  it("fills in etcd's defaults", () => {
    const [{ cluster, workload, end, faults }] = load('').variants as [Scenario['variants'][number]];
    expect({ cluster, workload, end, faults }).toMatchInlineSnapshot(`
      {
        "cluster": {
          "backend": {
            "batchIntervalNs": 100000000,
            "batchOperations": 10000,
          },
          "cpu": {
            "cores": 4,
            "profile": "etcd-2021",
          },
          "disk": {
            "capacityBytes": 1099511627776,
            "crash": "power-cut",
            "pageCacheBytes": 4294967296,
            "profile": "ssd",
          },
          "engine": {
            "name": "bolt",
            "options": {
              "fillPercent": 0.5,
              "freelist": "hashmap",
              "noFreelistSync": true,
            },
          },
          "network": {
            "bandwidthBytesPerS": 125000000,
            "jitterNs": 50000,
            "latencyNs": 250000,
            "queueBytes": 16777216,
          },
          "nodes": 3,
          "raft": {
            "applyLagMax": 5000,
            "catchUpEntries": 5000,
            "checkQuorum": true,
            "electionTimeoutNs": 1000000000,
            "heartbeatIntervalNs": 100000000,
            "inflightMessagesMax": 512,
            "messageBytesMax": 1048576,
            "preVote": true,
            "readOnly": "safe",
            "snapshotEntries": 100000,
            "uncommittedBytesMax": 1099511627776,
          },
          "stateMachine": "mvcc",
          "wal": {
            "segmentBytes": 64000000,
            "segmentsMax": 5,
          },
        },
        "end": {
          "eventsMax": 2000000000,
          "operations": 0,
          "settleNs": 5000000000,
          "timeNs": 10000000000,
        },
        "faults": [],
        "workload": {
          "backoff": {
            "initialNs": 25000000,
            "maxNs": 1000000000,
          },
          "clients": 100,
          "keys": {
            "bytes": 16,
            "count": 100000,
            "order": "uniform",
            "zipfianExponent": 0.99,
          },
          "load": {
            "kind": "closed",
            "ratePerSMax": 0,
          },
          "mix": {
            "delete": 0,
            "get": 0,
            "put": 1,
            "range": 0,
          },
          "preloadKeys": 0,
          "rangeKeys": 100,
          "serializableReads": false,
          "startNs": 0,
          "target": "leader",
          "timeoutNs": 5000000000,
          "value": {
            "bytes": 256,
            "kind": "fixed",
          },
        },
      }
    `);
  });

  it('takes every form of every field', () => {
    const [plan] = load(`
cluster:
  nodes: 5
  engine: {name: bolt, options: {fillPercent: 90 %, noFreelistSync: false}}
  disk: {profile: nvme, pageCache: 1GiB}
  cpu: {cores: 8}
  network: {latency: 1ms, bandwidth: 10Gbit/s}
workload:
  load: {open: 300/min, arrivals: uniform}
  mix: {put: 50 %, get: 3}
  keys: {order: zipfian, count: 10}
  value: {mean: 1KiB, max: 64KiB}
  preload: {keys: 10, value: 4KiB, holes: 50 %, holeKeys: 2}
  start: 2s
  reads: serializable
end: {operations: 100}
faults:
  - {when: leader elected, from: 1s, after: 2ms, for: 3s, partition: {shape: split, groups: [[n1], [n2, n5]]}}
  - {at: 1s, toxic: {type: latency, stream: upstream, toxicity: 50 %, link: {from: clients, to: n1}, latency: 5ms}}
`).variants;
    expect(plan).toMatchObject({
      cluster: {
        nodes: 5,
        engine: { name: 'bolt', options: { fillPercent: 0.9, freelist: 'hashmap', noFreelistSync: false } },
        disk: { profile: 'nvme', pageCacheBytes: 2 ** 30 },
        cpu: { profile: 'etcd-2021', cores: 8 },
        network: { latencyNs: 1e6, bandwidthBytesPerS: 1.25e9 },
      },
      workload: {
        load: { kind: 'open', ratePerS: 5, arrivals: 'uniform' },
        mix: { put: 0.5, get: 3, delete: 0, range: 0 },
        keys: { order: 'zipfian', count: 10 },
        value: { kind: 'exponential', bytesMean: 1024, bytesMax: 65_536 },
        serializableReads: true,
        preloadKeys: 10,
        preloadValue: { kind: 'fixed', bytes: 4096 },
        preloadHoles: { share: 0.5, runKeys: 2 },
        startNs: 2e9,
      },
      end: { operations: 100, timeNs: 3600e9 },
    });
    expect(plan!.faults).toEqual([
      {
        fault: 'partition',
        trigger: { kind: 'condition', when: 'leader elected', notBeforeNs: 1e9, delayNs: 2e6 },
        durationNs: 3e9,
        parameters: { shape: 'split', groups: [['n1'], ['n2', 'n5']] },
      },
      {
        fault: 'toxic',
        trigger: { kind: 'time', atNs: 1e9 },
        durationNs: 0,
        parameters: {
          type: 'latency',
          stream: 'upstream',
          toxicity: 0.5,
          link: { from: 'clients', to: 'n1' },
          latency: 5e6,
          jitter: 0,
        },
      },
    ]);
  });
});
