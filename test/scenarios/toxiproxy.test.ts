/** Toxiproxy's own files in a scenario: what is wrong with one, what becomes of one, and what a run then shows. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { type Loaded, loadScenario, runSpecs } from '../../scenarios/loader.ts';
import { createRun } from '../../sim/cluster.ts';
import type { RunResult } from '../../sim/result.ts';
import type { FaultSpec, RunSpec } from '../../sim/run-spec.ts';

/** `text` is the content of toxiproxy.json, the only file that there is. */
function load(text: string, toxiproxy = 'toxiproxy.json', further = ''): Loaded {
  const scenario = `name: t\nwhy: to test\ncluster: {stateMachine: raw, network: {toxiproxy: ${toxiproxy}}}\n${further}`;
  return loadScenario('lab/t.yaml', scenario, {
    catalogue: CATALOGUE,
    readFile: (path) =>
      path === 'toxiproxy.json' ? { ok: true, label: `lab/${path}`, text } : { ok: false, problem: 'is no file' },
  });
}

function problems(loaded: Loaded): readonly string[] {
  return loaded.ok ? [] : loaded.problems;
}

function specOf(loaded: Loaded): RunSpec {
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return runSpecs(loaded.scenario)[0]!;
}

function proxies(...toxics: readonly object[]): string {
  return JSON.stringify([{ name: 'p', listen: 'clients:1', upstream: 'n1:2', toxics }]);
}

describe('a problem in the file is named with its line', () => {
  const toxic = (body: string): string =>
    `[\n  {\n    "name": "p", "listen": "0.0.0.0:1", "upstream": "n1:2",\n    "toxics": [\n      ${body}\n    ]\n  }\n]`;
  it.each([
    [
      'no list',
      '5',
      '1:1: is no list of proxies; allowed: [{"name": …, "listen": …, "upstream": …, "toxics": […]}, …]',
    ],
    ['not closed', '[\n{"name": "p"}\n', '3:1: Flow sequence must end with a ]'],
    [
      'empty',
      '',
      '1:1: is not JSON, which has "…" around every text, a comma only between two values, and no comments',
    ],
    [
      'no quotes',
      '[\n {"name": p, "upstream": "n1:2"}]',
      '2:11: is not JSON, which has "…" around every text, a comma only between two values, and no comments',
    ],
    [
      'a comma too few',
      '[\n {"name": 1 "upstream": "n1:2"}]',
      '2:11: Block collections are not allowed within flow collections',
    ],
    [
      'a comma too many',
      '[{"name": "p,]", "upstream": "n1:2"},\n]',
      '1:37: is not JSON, which has "…" around every text, a comma only between two values, and no comments',
    ],
    ['a field twice', '[{"name": "p", "name": "q", "upstream": "n1:2"}]', '1:16: this field is here twice'],
    ['no upstream', '[{"name": "p"}]', '1:2: [0].upstream: missing; allowed: a text'],
    [
      'an unknown field',
      '[{"name": "p", "upstraem": "n1:2", "upstream": "n1:2"}]',
      '1:16: [0].upstraem: unknown field; allowed: name, listen, upstream, enabled, toxics, Logger; did you mean upstream?',
    ],
    [
      'no such node',
      '[\n{"name": "p", "listen": "0.0.0.0:1",\n"upstream": "n4:2"}]',
      "3:13: [0].upstream: 'n4' is no node; allowed: n1, n2, n3; did you mean n1?; or say under hosts in the scenario who it is",
    ],
    [
      'an address of nobody',
      '[{"name": "p", "listen": "10.0.0.1:1", "upstream": "n1:2"}]',
      "1:26: [0].listen: '10.0.0.1' is nobody who dials; allowed: clients, peers, all, n1, n2, n3; or say under hosts in the scenario who it is",
    ],
    [
      'to itself',
      '[{"name": "p", "listen": "n1:1", "upstream": "n1:2"}]',
      '1:46: [0].upstream: there is no link from a machine to itself',
    ],
    [
      'two of a name',
      '[{"name": "p", "upstream": "n1:2"},\n{"name": "p", "upstream": "n2:2"}]',
      "2:10: [1].name: two proxies are called 'p'",
    ],
    [
      'two on a way',
      '[{"name": "p", "listen": "n2:1", "upstream": "n1:2"},\n{"name": "q", "listen": "peers:1", "upstream": "n1:2"}]',
      "2:1: [1]: 'q' stands before n2 → n1, where 'p' stands already; allowed: one proxy for each way; hosts in the scenario may say who dials which",
    ],
    [
      'an unknown toxic',
      toxic('{"type": "latenzy"}'),
      "5:16: [0].toxics[0].type: 'latenzy' is unknown; allowed: latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data, packet_loss; did you mean latency?",
    ],
    [
      'a toxic that is none of Toxiproxy',
      toxic('{"type": "down"}'),
      "5:16: [0].toxics[0].type: 'down' is unknown; allowed: latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data, packet_loss",
    ],
    [
      'an unknown stream',
      toxic('{"type": "latency", "stream": "up"}'),
      "5:37: [0].toxics[0].stream: 'up' is unknown; allowed: downstream, upstream",
    ],
    [
      'too toxic',
      toxic('{"type": "latency", "toxicity": 50}'),
      '5:39: [0].toxics[0].toxicity: 50 is out of range; allowed: 0 to 1',
    ],
    [
      'an unknown attribute',
      toxic('{"type": "latency",\n "attributes": {"latncy": 5}}'),
      '6:17: [0].toxics[0].attributes.latncy: unknown field; allowed: latency, jitter; did you mean latency?',
    ],
    [
      'an attribute beside',
      toxic('{"type": "latency", "latency": 5}'),
      '5:27: [0].toxics[0].latency: unknown field; allowed: name, type, stream, toxicity, attributes',
    ],
    [
      'a unit',
      toxic('{"type": "latency", "attributes": {"latency": "5ms"}}'),
      "5:53: [0].toxics[0].attributes.latency: '5ms' is not a whole number; allowed: 0 to 3600000",
    ],
    [
      'no size',
      toxic('{"type": "slicer"}'),
      '5:7: [0].toxics[0].attributes.average_size: missing; allowed: 1 to 1000000000',
    ],
    [
      'attributes at odds',
      toxic('{"type": "slicer", "attributes": {"average_size": 5, "size_variation": 5}}'),
      '5:26: [0].toxics[0].attributes: slicer: size_variation must be smaller than average_size',
    ],
    [
      'two toxics of a name',
      toxic('{"type": "latency"}, {"type": "latency"}'),
      "5:28: [0].toxics[1]: two toxics of the proxy are called 'latency_downstream'; allowed: a name for each",
    ],
  ])('%s', (_what, text, message) => {
    expect(problems(load(text))).toEqual([`lab/toxiproxy.json:${message}`]);
  });
});

it('a problem in the scenario is named with its line there', () => {
  const text = proxies();
  const at = 'lab/t.yaml:3:51: cluster.network.toxiproxy';
  expect(problems(load(text, 'toxyproxy.json'))).toEqual([`${at}: 'toxyproxy.json' is no file`]);
  expect(problems(load(text, '[]'))).toEqual([
    `lab/t.yaml:3:40: cluster.network.toxiproxy: a list is not a file; allowed: a path, or {file, hosts}`,
  ]);
  expect(problems(load(text, '{file: toxiproxy.json, hosts: {etcd-9: n2}}'))).toEqual([
    'lab/t.yaml:3:82: cluster.network.toxiproxy.hosts.etcd-9: no address in lab/toxiproxy.json has this host',
  ]);
  expect(problems(load(text, '{file: toxiproxy.json, hosts: {n1: leader}}'))).toEqual([
    "lab/t.yaml:3:86: cluster.network.toxiproxy.hosts.n1: 'leader' is not a machine; allowed: clients, peers, all, n1, n2 …",
  ]);
  expect(problems(load(text, '{file: toxiproxy.json, hosts: {n1: n5}}'))).toEqual([
    "lab/toxiproxy.json:1:46: [0].upstream: 'n1', by hosts n5, is no node; allowed: n1, n2, n3; did you mean n1?; or say under hosts in the scenario who it is",
  ]);
  const alone = loadScenario('t.yaml', 'name: t\nwhy: y\ncluster: {network: {toxiproxy: a.json}}', {
    catalogue: CATALOGUE,
  });
  expect(problems(alone)).toEqual([
    "t.yaml:3:32: cluster.network.toxiproxy: 'a.json' cannot be read: the scenario is in no folder",
  ]);
});

it('problems of the scenario come before those of the file, each once however many variants there are', () => {
  const further = 'matrix: {workload.clients: [1, 2, x]}';
  expect(problems(load('[5]', 'toxiproxy.json', further))).toEqual([
    "lab/t.yaml:4:35: workload.clients: 'x' is not a whole number; allowed: 1 to 100000 (in variant 'clients=x')",
    'lab/toxiproxy.json:1:2: [0]: 5 is not a mapping; allowed: a mapping with name, listen, upstream, enabled, toxics, Logger',
  ]);
});

describe('a file becomes faults that are in force from the start', () => {
  const fault = (parameters: FaultSpec['parameters']): FaultSpec => ({
    fault: 'toxic',
    trigger: { kind: 'time', atNs: 0 },
    durationNs: 0,
    parameters,
  });
  const link = { from: 'clients', to: 'n1' };

  it('with Toxiproxy’s defaults and units', () => {
    const text = proxies(
      { type: 'latency', attributes: { latency: 40, jitter: 5 } },
      { type: 'slicer', stream: 'upstream', toxicity: 0.25, attributes: { average_size: 64, delay: 100 } },
      { type: 'bandwidth', name: 'slow', attributes: { rate: 50 } },
    );
    expect(specOf(load(text)).faults).toEqual([
      fault({ type: 'latency', stream: 'downstream', toxicity: 1, link, latency: 40e6, jitter: 5e6 }),
      fault({
        type: 'slicer',
        stream: 'upstream',
        toxicity: 0.25,
        link,
        average_size: 64,
        size_variation: 0,
        delay: 1e5,
      }),
      fault({ type: 'bandwidth', stream: 'downstream', toxicity: 1, link, rate: 50 }),
    ]);
  });

  it.each([
    ['clients:1', 'n1:2', '', 'clients', 'n1'],
    ['peers:1', 'n2:2', '', 'peers', 'n2'],
    ['n3', 'n2', '', 'n3', 'n2'],
    ['[::]:1', 'n1:2', '', 'all', 'n1'],
    [':1', 'n1:2', '', 'all', 'n1'],
    ['0.0.0.0:1', 'db:2', 'db: n3', 'all', 'n3'],
    ['0.0.0.0:1', 'db:2', '"db:2": n2, "0.0.0.0:1": clients', 'clients', 'n2'],
  ])('%s to %s is, with hosts {%s}, %s to %s', (listen, upstream, hosts, from, to) => {
    const text = JSON.stringify([{ name: 'p', listen, upstream, enabled: false }]);
    expect(specOf(load(text, `{file: toxiproxy.json, hosts: {${hosts}}}`)).faults).toEqual([
      fault({ type: 'down', stream: 'downstream', toxicity: 1, link: { from, to } }),
    ]);
  });

  it('from what the API answers as well', () => {
    const answer = {
      p: { name: 'p', listen: '[::]:1', upstream: 'n1:2', enabled: true, Logger: {}, toxics: [{ type: 'timeout' }] },
      q: { name: 'q', listen: '[::]:3', upstream: 'n2:2', enabled: true, Logger: {}, toxics: [] },
    };
    expect(specOf(load(JSON.stringify(answer))).faults).toEqual([
      fault({ type: 'timeout', stream: 'downstream', toxicity: 1, link: { from: 'all', to: 'n1' }, timeout: 0 }),
    ]);
  });

  it.each([
    ['', ''],
    ['a timeline', 'faults: [{at: 1s, for: 1s, crash: {node: n2}}]'],
    ['a nemesis', 'faults: {nemesis: {}, timeline: [{at: 1s, pause: {node: n1}}]}'],
  ])('which its body lists, so that it needs no file any more: beside %s', (_what, further) => {
    const text = proxies({ type: 'latency', attributes: { latency: 7 } }, { type: 'reset_peer', toxicity: 0.1 });
    const loaded = load(text, 'toxiproxy.json', further);
    if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
    const written = stringify({ name: 't', why: 'to test', ...loaded.scenario.bodies[0] });
    expect(written).not.toContain('json');
    expect(specOf(loadScenario('t.yaml', written, { catalogue: CATALOGUE }))).toEqual(specOf(loaded));
  });
});

describe('in a run', () => {
  const FURTHER =
    'workload: {clients: 20, rateLimit: 400/s, mix: {put: 100 %}, timeout: 2s, start: 2s}\nend: {after: 4s, settle: 10s}\n';
  function played(text: string, further = ''): RunResult {
    const run = createRun(specOf(load(text, 'toxiproxy.json', `${FURTHER}${further}`)));
    while (run.advance(100_000));
    return run.finish();
  }
  const onEach = (listen: string, settings: object): string =>
    JSON.stringify(['n1', 'n2', 'n3'].map((upstream) => ({ name: upstream, listen, upstream, ...settings })));
  const puts = (result: RunResult) => result.metrics.latencyMs.put!;

  it('latency between clients and nodes adds to every put what it says, both ways', () => {
    const toxics = [
      { type: 'latency', stream: 'upstream', attributes: { latency: 30 } },
      { type: 'latency', stream: 'downstream', attributes: { latency: 20 } },
    ];
    const [direct, proxied] = [played('[]'), played(onEach('clients', { toxics }))];
    expect(puts(proxied).p50 - puts(direct).p50).toBeCloseTo(50, 0);
    expect(puts(proxied).mean - puts(direct).mean).toBeCloseTo(50, -1);
    expect([direct.violations, proxied.violations]).toEqual([[], []]);
  });

  it.each([
    ['none', 0, [true, false]],
    ['some', 0.5, [true, true]],
    ['all', 1, [false, true]],
  ])('toxicity decides which connections are affected: %s', (_which, toxicity, fastAndSlow) => {
    const toxics = [{ type: 'latency', toxicity, attributes: { latency: 400 } }];
    const { curve, max } = puts(played(onEach('clients', { toxics })));
    expect([curve[0]![1] < 100, max >= 400]).toEqual(fastAndSlow);
  });

  it('proxies that are off keep everybody away, and let the nodes agree when the clients have stopped', () => {
    const off = [
      { name: 'to n3', listen: '0.0.0.0:1', upstream: 'n3:1', enabled: false },
      { name: 'n3 to n1', listen: 'n3:2', upstream: 'n1:1', enabled: false },
      { name: 'n3 to n2', listen: 'n3:3', upstream: 'n2:1', enabled: false },
    ];
    const written = (result: RunResult): number =>
      result.series.writtenBytesByNode.n3!.slice(100, 200).reduce((sum, bytes) => sum + bytes, 0);
    const [reached, cutOff] = [played('[]'), played(JSON.stringify(off))];
    expect(written(cutOff)).toBe(0);
    expect(written(reached)).toBeGreaterThan(0);
    expect(cutOff.violations).toEqual([]);
    // the first put of each client, which waits for the end
    expect(played(onEach('clients', { enabled: false })).metrics.operations.ok).toBe(20);
  });
});
