/** Bad input → the exact message. Each row is a body put under a name and a why. */
import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../scenarios/loader.ts';
import { CATALOGUE } from './small-catalogue.ts';

const HEAD = 'name: t\nwhy: to test\n';

function problems(text: string, sets: readonly string[] = [], further: object = {}): readonly string[] {
  const loaded = loadScenario('t.yaml', text, { catalogue: CATALOGUE, sets, ...further });
  return loaded.ok ? [] : loaded.problems;
}

/** [what, lines after the head (the first is line 3), message without the file's name] */
const ROWS: readonly (readonly [what: string, body: string, message: string])[] = [
  // fields
  [
    'unknown field',
    'workload: {clinets: 4}',
    '3:12: workload.clinets: unknown field; allowed: clients, load, rateLimit, mix, keys, value, rangeKeys, reads, target, timeout, backoff, preload, start; did you mean clients?',
  ],
  [
    'unknown field far from any',
    'end: {xyzzy: 1}',
    '3:7: end.xyzzy: unknown field; allowed: after, operations, settle, liveness, events',
  ],
  [
    'a scalar for a mapping',
    'workload: 5',
    '3:11: workload: 5 is not a mapping; allowed: a mapping with clients, load, rateLimit, mix, keys, value, rangeKeys, reads, target, timeout, backoff, preload, start',
  ],
  [
    'nothing for a mapping',
    'end:',
    '3:5: end: nothing is not a mapping; allowed: a mapping with after, operations, settle, liveness, events',
  ],
  ['a field twice', 'end: {after: 5s, after: 6s}', '3:18: this field is here twice'],
  // numbers and units
  [
    'text for a number',
    'cluster: {nodes: three}',
    "3:18: cluster.nodes: 'three' is not a whole number; allowed: 1 to 64",
  ],
  [
    'a fraction for a whole number',
    'cluster: {nodes: 2.5}',
    '3:18: cluster.nodes: 2.5 is not a whole number; allowed: 1 to 64',
  ],
  [
    'more machines than there may be',
    'cluster: {nodes: 60, spares: 5}',
    '3:30: cluster.spares: 5 beside 60 nodes; allowed: at most 4, together 64',
  ],
  ['out of range', 'cluster: {nodes: 65}', '3:18: cluster.nodes: 65 is out of range; allowed: 1 to 64'],
  [
    'no unit',
    'end: {after: 10}',
    '3:14: end.after: 10 has no unit; allowed: a duration such as 250us, 100ms, 5s, 2min, 1h',
  ],
  [
    'no unit, as text',
    'end: {after: "10"}',
    "3:14: end.after: '10' has no unit; allowed: a duration such as 250us, 100ms, 5s, 2min, 1h",
  ],
  [
    'a wrong unit',
    'end: {after: 10KiB}',
    "3:14: end.after: '10KiB' is not a duration; allowed: a duration such as 250us, 100ms, 5s, 2min, 1h",
  ],
  ['too short a time', 'end: {after: 1us}', '3:14: end.after: 1us is out of range; allowed: 1ms to 2160h'],
  [
    'a wrong rate',
    'workload: {rateLimit: 5000}',
    '3:23: workload.rateLimit: 5000 has no unit; allowed: a rate such as 5000/s, 300/min',
  ],
  [
    'a wrong share',
    'workload: {mix: {put: most}}',
    "3:23: workload.mix.put: 'most' is not a ratio; allowed: 0 % to 100000 %, or 0 to 1000",
  ],
  [
    'a boolean',
    'cluster: {raft: {preVote: yes}}',
    "3:27: cluster.raft.preVote: 'yes' is not a boolean; allowed: true, false",
  ],
  // choices and unions
  [
    'an unknown engine',
    'cluster: {engine: rokcsdb}',
    "3:19: cluster.engine: 'rokcsdb' is unknown; allowed: bolt, rocksdb, or {name, options}; did you mean rocksdb?",
  ],
  [
    'an unknown engine by name',
    'cluster: {engine: {name: rokcsdb}}',
    "3:26: cluster.engine.name: 'rokcsdb' is unknown; allowed: bolt, rocksdb; did you mean rocksdb?",
  ],
  [
    'an engine without a name',
    'cluster: {engine: {options: {}}}',
    '3:11: cluster.engine.name: missing; allowed: bolt, rocksdb',
  ],
  [
    "another engine's option",
    'cluster: {engine: {name: bolt, options: {write_buffer_size: 1MiB}}}',
    '3:42: cluster.engine.options.write_buffer_size: unknown field; allowed: freelist, fillPercent, noFreelistSync',
  ],
  [
    'a wrong option',
    'cluster: {engine: {name: bolt, options: {freelist: list}}}',
    "3:52: cluster.engine.options.freelist: 'list' is unknown; allowed: array, hashmap",
  ],
  [
    'an unknown disk',
    'cluster: {disk: floppy}',
    "3:17: cluster.disk: 'floppy' is unknown; allowed: nvme, ssd, or {profile, …}",
  ],
  [
    'a wrong load',
    'workload: {load: opne}',
    "3:18: workload.load: 'opne' is unknown; allowed: closed, or {open: 5000/s}",
  ],
  [
    'a wrong open load',
    'workload: {load: {open: 5}}',
    '3:25: workload.load.open: 5 has no unit; allowed: a rate such as 5000/s, 300/min',
  ],
  [
    'a wrong value size',
    'workload: {value: 100}',
    '3:19: workload.value: 100 is not a size; allowed: 1KiB, {min: 100B, max: 4KiB}, {mean: 1KiB, max: 64KiB}',
  ],
  [
    'half a range of sizes',
    'workload: {value: {min: 1B}}',
    '3:12: workload.value.max: missing; allowed: a size such as 512B, 64KiB, 10MB, 2GiB',
  ],
  // seeds
  [
    'a published figure that is none',
    'published: [{source: x, metrics: [latency], rows: []}]',
    "3:35: published[0].metrics[0]: 'latency' is not a figure of the results; allowed: throughputOpsPerS, operations, latencyMs, latencyWaitsMs, writeAmplification, bytes, fsyncs, fsyncsByCategory, spaceAmplification, memoryBytes, engineFigures, raft, messages, unavailableMsMax, violations, excused, unproven, events, virtualTimeNs; did you mean latencyMs?",
  ],
  [
    'a published figure of no variant',
    'published: [{source: x, metrics: [fsyncs], rows: [{variant: bold, values: [1]}]}]',
    "3:61: published[0].rows[0].variant: no variant matches 'bold'; allowed: bolt; did you mean bolt?",
  ],
  [
    'published figures for other metrics',
    'published: [{source: x, metrics: [fsyncs], rows: [{variant: bolt, values: [1, 2]}]}]',
    '3:67: published[0].rows[0].values: has 2 figures; allowed: 1, one for each metric',
  ],
  ['an empty seed range', 'seeds: 200..1', '3:8: seeds: 200..1 is an empty range; allowed: 1..200'],
  ['no seeds', 'seeds: []', '3:1: seeds: is empty; allowed: 7, 1..200, [1, 5, 10..20]'],
  ['a seed twice', 'seeds: [1, 5..7, 6]', '3:18: seeds[2]: seed 6 is named twice'],
  ['too many seeds', 'seeds: 0..200000', '3:8: seeds: more than 100000 seeds'],
  ['no seed', 'seeds: soon', "3:8: seeds: 'soon' is not a seed; allowed: 7, 1..200, [1, 5, 10..20]"],
  // parts that don't fit one another
  [
    'a mix of nothing',
    'workload: {mix: {put: 0}}',
    '3:12: workload.mix: all shares are 0; allowed: at least one above 0',
  ],
  [
    'a rate limit for an open loop',
    'workload: {load: {open: 5/s}, rateLimit: 5/s}',
    '3:31: workload.rateLimit: limits a closed loop only; allowed: leave it out, or load: closed',
  ],
  [
    'keys too short to be told apart',
    'workload: {keys: {size: 8B, count: 100000000}}',
    '3:25: workload.keys.size: 8B is too short for 100000000 keys; allowed: at least 9B',
  ],
  [
    'sizes the wrong way round',
    'workload: {value: {min: 2KiB, max: 1KiB}}',
    '3:25: workload.value.min: 2KiB is more than max (1KiB)',
  ],
  [
    'more preloaded than there are',
    'workload: {preload: 100001}',
    '3:21: workload.preload: 100001 is more than keys.count; allowed: at most 100000',
  ],
  [
    'more preloaded than there are, in the long form',
    'workload: {preload: {keys: 100001}}',
    '3:12: workload.preload: 100001 is more than keys.count; allowed: at most 100000',
  ],
  [
    'neither keys nor bytes preloaded',
    'workload: {preload: {value: 4KiB}}',
    '3:12: workload.preload: says neither how many keys nor how many bytes; allowed: keys or bytes',
  ],
  [
    'keys and bytes preloaded',
    'workload: {preload: {keys: 5, bytes: 1GiB}}',
    '3:31: workload.preload.bytes: beside keys; allowed: one of the two',
  ],
  [
    'less than one value preloaded',
    'workload: {preload: {bytes: 1KiB, value: 4KiB}}',
    '3:29: workload.preload.bytes: 1KiB are 0 values; allowed: 1 to 1000000000 values',
  ],
  [
    'more bytes preloaded than there are keys for',
    'workload: {preload: {bytes: 1GiB, value: 1KiB}, keys: {count: 5}}',
    '3:12: workload.preload: 1048576 is more than keys.count; allowed: at most 5',
  ],
  [
    'keys too short for what is preloaded',
    'workload: {preload: {bytes: 64GiB, value: 256B}, keys: {size: 9B}}',
    '3:63: workload.keys.size: 9B is too short for 268435456 keys; allowed: at least 10B',
  ],
  [
    'preloaded sizes the wrong way round',
    'workload: {preload: {keys: 10, value: {min: 2KiB, max: 1KiB}}}',
    '3:45: workload.preload.value.min: 2KiB is more than max (1KiB)',
  ],
  [
    'clients that begin after the end',
    'workload: {start: 10s}',
    '3:19: workload.start: 10s is not before the end of the run (10s)',
  ],
  [
    'an unknown crash model',
    'cluster: {disk: {crash: power_cut}}',
    "3:25: cluster.disk.crash: 'power_cut' is unknown; allowed: power-cut, process-kill; did you mean power-cut?",
  ],
  [
    'elections faster than heartbeats',
    'cluster: {raft: {electionTimeout: 400ms}}',
    '3:35: cluster.raft.electionTimeout: 400ms is too short; allowed: at least 5 heartbeat intervals (500ms), as etcd demands',
  ],
  // faults
  [
    'faults that are a word',
    'faults: storm',
    "3:9: faults: 'storm' is neither a list nor a mapping; allowed: a list of faults, {nemesis: {…}}, {timeline: […], nemesis: {…}}",
  ],
  [
    'an unknown field beside the timeline',
    'faults: {timelime: []}',
    '3:10: faults.timelime: unknown field; allowed: timeline, nemesis; did you mean timeline?',
  ],
  [
    'a listed fault beside a nemesis',
    'faults: {nemesis: {}, timeline: [{at: 10s, crash: {node: n1}}]}',
    '3:39: faults.timeline[0].at: 10s is not before the end of the run (10s)',
  ],
  [
    'a fault after the end',
    'faults: [{at: 10s, crash: {node: n1}}]',
    '3:15: faults[0].at: 10s is not before the end of the run (10s)',
  ],
  [
    'a condition after the end',
    'faults: [{when: leader elected, from: 1min, crash: {node: n1}}]',
    '3:39: faults[0].from: 60s is not before the end of the run (10s)',
  ],
  [
    'a node that does not exist',
    'faults: [{at: 1s, crash: {node: n4}}]',
    '3:33: faults[0].crash.node: there is no node n4; allowed: n1 to n3, leader, follower',
  ],
  [
    'no follower',
    'cluster: {nodes: 1}\nfaults: [{at: 1s, crash: {node: follower}}]',
    '4:33: faults[0].crash.node: a cluster of 1 node has no follower',
  ],
  [
    'no follower to pause',
    'cluster: {nodes: 1}\nfaults: [{at: 1s, pause: {node: follower}}]',
    '4:33: faults[0].pause.node: a cluster of 1 node has no follower',
  ],
  [
    'no follower whose disk could be slow',
    'cluster: {nodes: 1}\nfaults: [{at: 1s, slow-disk: {node: follower, factor: 2}}]',
    '4:37: faults[0].slow-disk.node: a cluster of 1 node has no follower',
  ],
  [
    'not a node',
    'faults: [{at: 1s, crash: {node: clients}}]',
    "3:33: faults[0].crash.node: 'clients' is not a machine; allowed: leader, follower, n1, n2 …",
  ],
  [
    'a missing parameter',
    'faults: [{at: 1s, crash: {}}]',
    '3:19: faults[0].crash.node: missing; allowed: leader, follower, n1, n2 …',
  ],
  [
    'a node of a group that does not exist',
    'faults: [{at: 1s, partition: {shape: split, groups: [[n1], [n2, n9]]}}]',
    '3:65: faults[0].partition.groups[1][1]: there is no node n9; allowed: n1 to n3, leader, follower',
  ],
  [
    'a node in two groups',
    'faults: [{at: 1s, partition: {shape: split, groups: [[n1], [n2, n1]]}}]',
    '3:65: faults[0].partition.groups[1][1]: n1 is named twice',
  ],
  [
    'a split without groups',
    'faults: [{at: 1s, partition: {shape: split}}]',
    '3:19: faults[0].partition.groups: missing; allowed: the sides of the split, e.g. [[n1], [n2, n3]]',
  ],
  [
    'a ring of three',
    'faults: [{at: 1s, partition: {shape: ring}}]',
    '3:38: faults[0].partition.shape: ring cuts nothing in a cluster of 3; allowed: from 4 nodes',
  ],
  [
    'a link from nowhere',
    'faults: [{at: 1s, toxic: {type: latency, link: {from: n9, to: n1}}}]',
    '3:55: faults[0].toxic.link.from: there is no node n9; allowed: n1 to n3, leader, follower',
  ],
  [
    'a link to the clients',
    'faults: [{at: 1s, toxic: {type: latency, link: {from: n1, to: clients}}}]',
    '3:63: faults[0].toxic.link.to: nothing dials the clients; allowed: {from: clients, to: n1}',
  ],
  [
    'a link to itself',
    'faults: [{at: 1s, toxic: {type: latency, link: {from: n1, to: n1}}}]',
    '3:63: faults[0].toxic.link.to: there is no link from a machine to itself',
  ],
  [
    'an unknown toxic',
    'faults: [{at: 1s, toxic: {type: latncy, link: {from: n1, to: n2}}}]',
    "3:33: faults[0].toxic.type: 'latncy' is unknown; allowed: latency, slicer; did you mean latency?",
  ],
  [
    "another toxic's attribute",
    'faults: [{at: 1s, toxic: {type: slicer, average_size: 1KiB, jitter: 5ms, link: {from: n1, to: n2}}}]',
    '3:61: faults[0].toxic.jitter: unknown field; allowed: type, stream, toxicity, link, average_size',
  ],
  [
    'no fault',
    'faults: [{at: 1s}]',
    '3:10: faults[0]: names no fault; allowed: crash, partition, pause, slow-disk, toxic',
  ],
  [
    'an unknown fault',
    'faults: [{at: 1s, crush: {node: n1}}]',
    '3:19: faults[0].crush: unknown field; allowed: at, when, from, after, for, crash, partition, pause, slow-disk, toxic; did you mean crash?',
  ],
  [
    'two faults',
    'faults: [{at: 1s, crash: {node: n1}, pause: {node: n1}}]',
    '3:10: faults[0]: names 2 faults (crash, pause); allowed: one each',
  ],
  [
    'no time',
    'faults: [{crash: {node: n1}}]',
    '3:10: faults[0]: says not when; allowed: at: 2s, or when: leader elected',
  ],
  [
    'two times',
    'faults: [{at: 1s, when: leader elected, crash: {node: n1}}]',
    '3:19: faults[0].when: stands beside at; allowed: one of them',
  ],
  [
    'a delay of a fixed time',
    'faults: [{at: 1s, after: 1s, crash: {node: n1}}]',
    '3:19: faults[0].after: goes with when only; allowed: at, for',
  ],
  [
    'an unknown condition',
    'faults: [{when: leader electd, crash: {node: n1}}]',
    "3:17: faults[0].when: 'leader electd' is unknown; allowed: leader elected, leader changed, snapshot installed, node restarted; did you mean leader elected?",
  ],
  // matrix, variants, expect
  [
    'a matrix outside the body',
    'matrix: {seeds: [1, 2]}',
    '3:10: matrix.seeds: is not a path of the body; allowed: paths that start with cluster, workload, end, faults',
  ],
  [
    'a matrix without values',
    'matrix: {workload.clients: []}',
    '3:10: matrix.workload.clients: is empty; allowed: a list of values',
  ],
  [
    'a wrong value in the matrix',
    'matrix: {cluster.nodes: [3, five]}',
    "3:29: cluster.nodes: 'five' is not a whole number; allowed: 1 to 64 (in variant 'nodes=five')",
  ],
  [
    'a value that only one variant lacks',
    'matrix: {cluster.nodes: [1, 3]}\nfaults: [{at: 1s, pause: {node: n2}}]',
    "4:33: faults[0].pause.node: there is no node n2; allowed: n1, leader, follower (in variant 'nodes=1')",
  ],
  [
    'the same variant twice',
    'matrix: {cluster.nodes: [3, 3]}',
    "3:1: matrix: two variants would both be called 'nodes=3'",
  ],
  [
    'a list index out of range',
    'matrix: {"faults[1].for": [1s]}',
    '3:28: matrix.faults[1].for[0]: faults is a list of 0; allowed: an index up to 0',
  ],
  [
    'an unknown figure',
    'expect: [{metric: latenciMs.put.p99, max: 1}]',
    "3:19: expect[0].metric: 'latenciMs.put.p99' is not a figure of the results; allowed: throughputOpsPerS, operations, latencyMs, latencyWaitsMs, writeAmplification, bytes, fsyncs, fsyncsByCategory, spaceAmplification, memoryBytes, engineFigures, raft, messages, unavailableMsMax, violations, excused, unproven, events, virtualTimeNs; did you mean latencyMs?",
  ],
  ['no bound', 'expect: [{metric: fsyncs}]', '3:10: expect[0]: has no bound; allowed: max, min, equals'],
  [
    'an unknown variant',
    'expect: [{metric: fsyncs, max: 1, variant: blot}]',
    "3:44: expect[0].variant: no variant matches 'blot'; allowed: bolt; did you mean bolt?",
  ],
  ['a ratio of one', 'expect: [{metric: fsyncs, max: 1, ratio: [bolt]}]', '3:35: expect[0].ratio: needs two variants'],
  [
    'a ratio with a stranger',
    'expect: [{metric: fsyncs, max: 1, ratio: [bolt, b]}]',
    "3:49: expect[0].ratio[1]: there is no variant 'b'; allowed: bolt",
  ],
];

describe('error messages', () => {
  it.each(ROWS)('%s', (_, body, message) => {
    expect(problems(HEAD + body)).toEqual([`t.yaml:${message}`]);
  });

  it.each([
    [
      'no YAML',
      'name: [',
      ['t.yaml:1:8: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ['no mapping', '- 1', ['t.yaml:1:1: a scenario is a mapping; allowed: name, why, cluster, workload, …']],
    ['nothing', '', ['t.yaml:1:1: a scenario is a mapping; allowed: name, why, cluster, workload, …']],
    ['neither name nor why', 'seeds: 1', ['t.yaml:1:1: name: missing', 't.yaml:1:1: why: missing; allowed: a text']],
    [
      'a bad name',
      'name: ../x\nwhy: y',
      ["t.yaml:1:7: name: '../x' is not a name; allowed: a-z, 0-9 and hyphens, at most 64"],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it('come all at once, in the order of the file', () => {
    const text = `${HEAD}seeds: 5..1
cluster: {engine: bold, raft: {heartbeatInterval: 1s}}
faults:
  - {at: 99s, crash: {node: n7}}
  - {at: 1s, pause: {node: n1, for: 2s}}
workload: {clients: 0, mix: {put: 0}}
expect: [{metric: fsyncs, max: many}]
`;
    expect(problems(text, ['end.after=soon']).map((line) => line.split(';')[0])).toEqual([
      't.yaml:3:8: seeds: 5..1 is an empty range',
      "t.yaml:4:19: cluster.engine: 'bold' is unknown",
      't.yaml:4:25: cluster.raft.electionTimeout: 1s is too short',
      't.yaml:6:10: faults[0].at: 99s is not before the end of the run (10s)',
      't.yaml:6:29: faults[0].crash.node: there is no node n7',
      't.yaml:7:32: faults[1].pause.for: unknown field',
      't.yaml:8:21: workload.clients: 0 is out of range',
      't.yaml:8:24: workload.mix: all shares are 0',
      "t.yaml:9:32: expect[0].max: 'many' is not a number",
      "--set end.after: 'soon' is not a duration",
    ]);
  });

  it.each([
    ['no value', 'workload.clients', '--set workload.clients: has no value; allowed: --set path=value'],
    ['no path', '=5', '--set : is not a path; allowed: e.g. workload.clients=10'],
    [
      'a path with a hole',
      'workload..clients=5',
      '--set workload..clients: is not a path; allowed: e.g. workload.clients=10',
    ],
    [
      'an unknown field',
      'workload.clinets=5',
      '--set workload.clinets: unknown field; allowed: clients, load, rateLimit, mix, keys, value, rangeKeys, reads, target, timeout, backoff, preload, start; did you mean clients?',
    ],
    [
      'an unknown group',
      'wrokload.clients=5',
      '--set wrokload.clients: wrokload: unknown field; allowed: name, why, seeds, matrix, variants, expect, published, cluster, workload, end, faults; did you mean workload?',
    ],
    ['a wrong value', 'cluster.nodes=many', "--set cluster.nodes: 'many' is not a whole number; allowed: 1 to 64"],
    [
      'a wrong value inside',
      'cluster.raft={heartbeat: 1s}',
      '--set cluster.raft: cluster.raft.heartbeat: unknown field; allowed: electionTimeout, heartbeatInterval, preVote, checkQuorum, readOnly, clockDriftMax, messageMax, inflightMessages, inflightBytes, uncommittedMax, snapshotEntries, catchUpEntries, applyLagMax; did you mean heartbeatInterval?',
    ],
    [
      'a missing list element',
      'faults[3].at=1s',
      '--set faults[3].at: faults is a list of 0; allowed: an index up to 0',
    ],
    [
      'a path that the matrix sets',
      'workload.clients=5',
      "--set workload.clients: the matrix sets this path; allowed: --set 'matrix.workload.clients=[…]'",
    ],
  ])('--set with %s', (what, set, message) => {
    const matrix = what.includes('matrix') ? 'matrix: {workload.clients: [1, 2]}' : 'faults: []';
    expect(problems(`${HEAD}${matrix}\n`, [set])).toEqual([message]);
  });

  it('--seed and --variant are checked like the file', () => {
    expect(problems(HEAD, [], { seeds: '9..1' })).toEqual(['--seed: 9..1 is an empty range; allowed: 1..9']);
    expect(problems(HEAD, [], { variant: 'rocks*' })).toEqual([
      "--variant: no variant matches 'rocks*'; allowed: bolt",
    ]);
  });

  it('refuses what cannot fit into memory, and not what can', () => {
    const text = `${HEAD}cluster: {stateMachine: raw}\nworkload: {preload: 100000000, keys: {count: 100000000, size: 16B}}`;
    expect(problems(text, [], { memoryBytesMax: 3 * 2 ** 30 })).toEqual([
      't.yaml:4:1: workload: the stores of this scenario need at least 3.9 GiB of memory, and a run may take 3 GiB; allowed: fewer keys, nodes or operations',
    ]);
    expect(problems(text, [], { memoryBytesMax: 4 * 2 ** 30 })).toEqual([]);
    // clients write only from their start on
    const late = `${HEAD}workload: {start: 2h}\nend: {after: 7201s}\n`;
    expect(problems(late, [], { memoryBytesMax: 2 ** 27 })).toEqual([]);
    expect(problems(late.replace('2h', '1h'), [], { memoryBytesMax: 2 ** 27 })).toHaveLength(1);
  });

  it('does not choke on hostile YAML', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefg']
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`)
      .join('\n')}\n`;
    expect(problems(bomb)).toEqual(['t.yaml:1:1: Excessive alias count indicates a resource exhaustion attack']);
    expect(problems(`${HEAD}#${' '.repeat(1 << 20)}`)).toEqual([
      't.yaml:1:1: the file is larger than 1048576 characters',
    ]);
    expect(problems(`${HEAD}__proto__: {x: 1}`)[0]).toMatch(/^t.yaml:3:1: __proto__: unknown field/);
  });
});
