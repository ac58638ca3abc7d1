/** What is published about scenario files, and the real registries: regenerate with `raftlab scenario schema > docs/scenario.schema.json`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario } from '../../scenarios/loader.ts';
import { publishedSchema } from '../../scenarios/schema.ts';
import { ROOT } from '../source-files.ts';

interface JsonSchema {
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
}

const schema = publishedSchema(CATALOGUE) as JsonSchema;
const reference = readFileSync(join(ROOT, 'docs/scenario.md'), 'utf8');

function* fields(node: JsonSchema, path: string): Generator<readonly [path: string, field: JsonSchema]> {
  for (const [name, field] of Object.entries(node.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    yield [at, field];
    yield* fields(field, at);
  }
  if (node.items !== undefined) yield* fields(node.items, path);
  for (const branch of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) yield* fields(branch, path);
}

const ALL = [...fields(schema, '')];

describe('the published schema', () => {
  it('is the one in docs/', () => {
    const file = readFileSync(join(ROOT, 'docs/scenario.schema.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it('describes every field', () => {
    const silent = ALL.filter(([, field]) => field.description === undefined && field.const === undefined);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('knows every engine, fault and toxic', () => {
    const paths = ALL.map(([path]) => path);
    for (const fault of CATALOGUE.faults) expect(paths).toContain(`faults.${fault.name}`);
    for (const engine of CATALOGUE.engines) {
      for (const option of Object.keys(engine.options)) expect(paths).toContain(`cluster.engine.options.${option}`);
    }
  });
});

describe('the reference', () => {
  it('names every field but the options, parameters and attributes that the schema lists', () => {
    const own = ALL.map(([path]) => path).filter((path) => !/^(cluster\.engine\.options|faults\.[^.]+)\../.test(path));
    const missing = own.filter((path) => !new RegExp(`\\b${path.split('.').at(-1)}\\b`).test(reference));
    expect(missing).toEqual([]);
  });

  it('has an example that loads', () => {
    const example = /```yaml\n(name: [\s\S]*?)```/.exec(reference)![1]!;
    expect(loadScenario('scenario.md', example, { catalogue: CATALOGUE })).toHaveProperty('scenario');
  });

  it('states the defaults that the schema has', () => {
    const loaded = loadScenario('x', 'name: x\nwhy: y', { catalogue: CATALOGUE });
    if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
    const { cluster, workload, end } = loaded.scenario.variants[0]!;
    const rows = reference.split('\n').map((line) => line.replace(/ +/g, ' '));
    const defaultOf = (field: string): string | undefined =>
      rows
        .find((row) => row.startsWith(`| \`${field}\``))
        ?.split(' | ')
        .at(-1)
        ?.replace(' |', '');
    expect(defaultOf('nodes')).toBe(String(cluster.nodes));
    expect(defaultOf('engine')).toBe(`\`${cluster.engine.name}\``);
    expect(defaultOf('stateMachine')).toBe(`\`${cluster.stateMachine}\``);
    expect(defaultOf('raft.applyLagMax')).toBe(String(cluster.raft.applyLagMax));
    expect(defaultOf('clients')).toBe(String(workload.clients));
    expect(defaultOf('rangeKeys')).toBe(String(workload.rangeKeys));
    expect(defaultOf('preload')).toBe(String(workload.preloadKeys));
    expect(defaultOf('events')?.replaceAll(',', '')).toBe(String(end.eventsMax));
    expect(cluster.backend).toEqual({ batchOperations: 10_000, batchIntervalNs: 1e8 });
    expect(defaultOf('backend.batchOperations')).toBe('10,000, `100ms`');
  });
});

describe('the real registries', () => {
  const problems = (body: string): readonly string[] => {
    const loaded = loadScenario('x', `name: x\nwhy: y\n${body}`, { catalogue: CATALOGUE });
    return loaded.ok ? [] : loaded.problems;
  };

  it('ask a toxic whether its attributes go together', () => {
    const slicer = (variation: string): string =>
      `faults: [{at: 1s, toxic: {type: slicer, link: {from: n1, to: n2}, average_size: 64B, size_variation: ${variation}}}]`;
    expect(problems(slicer('63B'))).toEqual([]);
    expect(problems(slicer('64B'))).toEqual([
      'x:3:33: faults[0].toxic.type: slicer: size_variation must be smaller than average_size',
    ]);
  });

  it.each(['power-cut', 'torn-sectors', 'process-kill'])('know the crash model %s', (name) => {
    const loaded = loadScenario('x', `name: x\nwhy: y\ncluster: {disk: {crash: ${name}}}`, { catalogue: CATALOGUE });
    expect(loaded.ok && loaded.scenario.variants[0]!.cluster.disk.crash).toBe(name);
  });
});
