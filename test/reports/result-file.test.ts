import { describe, expect, test } from 'vitest';
import {
  checkResultFile,
  type ResultFile,
  readResultFile,
  resultJsonSchema,
  toResultFile,
} from '../../reports/result-file.ts';
import { fixture, tinyResult } from './fixture.ts';

type Json = Record<string, unknown>;

function plain(): Json {
  return JSON.parse(JSON.stringify(toResultFile(tinyResult())));
}

/** The value at a path in a fresh copy, and the copy. */
function at(path: string): { file: Json; parent: Json; key: string } {
  const file = plain();
  const segments = path.split('.');
  const key = segments.pop()!;
  let parent: Json = file;
  for (const segment of segments) parent = parent[segment] as Json;
  return { file, parent, key };
}

function problemsOf(json: unknown): readonly string[] {
  const outcome = checkResultFile(json);
  return 'problems' in outcome ? outcome.problems : [];
}

describe('result.json', () => {
  test('the fixtures are accepted as they are written', () => {
    for (const result of [tinyResult(), fixture(), fixture({ failing: true, partial: true })]) {
      const file = toResultFile(result);
      expect(problemsOf(JSON.parse(JSON.stringify(file)))).toEqual([]);
    }
  });

  test('what is not finite becomes null, in place and only there', () => {
    const result = tinyResult();
    const file = toResultFile(result);
    expect(file.runs.map((run) => run.metrics.spaceAmplification)).toEqual([1.5, 1.5, 1.5, null]);
    expect(result.runs[3]!.metrics.spaceAmplification).toBeNaN();
    expect(JSON.stringify(file)).not.toMatch(/NaN|Infinity/);
    expect(readResultFile(JSON.stringify(file))).toEqual({ file });
  });

  test.each([
    ['format', 'other'],
    ['formatVersion', 2],
    ['version', ''],
    ['partial', 'no'],
    ['command', undefined],
    ['scenario.name', undefined],
    ['scenario.seeds', []],
    ['scenario.variants', [{ name: 'a' }]],
    ['expectations', undefined],
    ['runs', {}],
    ['runs.0.variant', undefined],
    ['runs.0.engine', undefined],
    ['runs.0.nodes', 0],
    ['runs.0.seed', 1.5],
    ['runs.0.traceHash', 17],
    ['runs.0.events', -1],
    ['runs.0.virtualTimeNs', null],
    ['runs.0.violations', [{ check: 'x' }]],
    ['runs.0.expectations', [{ text: 'x ≤ 1', ok: 'yes', actual: 0, bound: '≤ 1', variant: 'a' }]],
    ['runs.0.metrics.throughputOpsPerS', '50'],
    ['runs.0.metrics.operations.unknown', undefined],
    ['runs.0.metrics.latencyMs.put.p999', undefined],
    ['runs.0.metrics.latencyMs.put.curve', [[101, 1]]],
    ['runs.0.metrics.latencyWaitsMs.put', [1]],
    ['runs.0.metrics.writeAmplification.total', undefined],
    ['runs.0.metrics.writeAmplification.byBoundary.device', undefined],
    ['runs.0.metrics.writeAmplification.byCategory', undefined],
    ['runs.0.metrics.writeAmplification.byNode', undefined],
    ['runs.0.metrics.bytes.client', null],
    ['runs.0.metrics.bytes.written', undefined],
    ['runs.0.metrics.bytes.read', undefined],
    ['runs.0.metrics.fsyncs', 0.5],
    ['runs.0.metrics.spaceAmplification', undefined],
    ['runs.0.metrics.memoryBytes.byOwner', undefined],
    ['runs.0.series.stepNs', 0],
    ['runs.0.faultWindows', [{ fault: 'crash' }]],
  ])('%s = %j is refused, and named', (path, value) => {
    const { file, parent, key } = at(path);
    expect(key in parent, 'the mutation changes something that is there').toBe(true);
    if (value === undefined) delete parent[key];
    else parent[key] = value;
    const problems = problemsOf(file);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.startsWith(path.split('.')[0]!))).toBe(true);
    expect(problems.join('\n')).toContain(path);
  });

  test('a field of a later version is no problem', () => {
    const { file, parent } = at('runs.0.metrics.fsyncs');
    parent.ofTheFuture = 1;
    expect(problemsOf(file)).toEqual([]);
  });

  test('text that is not JSON is a problem, not an exception', () => {
    expect(readResultFile('{"format":')).toMatchObject({ problems: [expect.stringMatching(/^not JSON: /)] });
  });

  test('reading back loses nothing', () => {
    const file = toResultFile(fixture());
    const outcome = readResultFile(JSON.stringify(file)) as { file: ResultFile };
    expect(outcome.file).toEqual(file);
  });
});

describe('the published JSON Schema', () => {
  // Out of step? `npx vitest run test/reports/result-file.test.ts -u` writes it again.
  test('is the schema that the program uses', async () => {
    await expect(`${JSON.stringify(resultJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      '../../docs/result.schema.json',
    );
  });

  test('describes every field', () => {
    const undescribed: string[] = [];
    const visit = (schema: Json, path: string): void => {
      for (const [name, field] of Object.entries((schema.properties ?? {}) as Record<string, Json>)) {
        const here = `${path}.${name}`;
        const nested = field.properties !== undefined;
        if (field.description === undefined && !nested) undescribed.push(here);
        visit(field, here);
        if (typeof field.items === 'object') visit(field.items as Json, `${here}[]`);
        if (typeof field.additionalProperties === 'object') visit(field.additionalProperties as Json, `${here}.*`);
      }
    };
    visit(resultJsonSchema() as Json, '');
    expect(undescribed).toEqual([]);
  });

  test('allows fields that it does not know, as the format promises', () => {
    expect(JSON.stringify(resultJsonSchema())).not.toContain('"additionalProperties":false');
  });
});
