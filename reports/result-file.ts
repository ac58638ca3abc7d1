/**
 * `result.json`: what a finished (or interrupted) scenario leaves for scripts.
 *
 * The zod schema below is the source of the types that every report reads, of the published JSON Schema
 * (`docs/result.schema.json`) and of its field descriptions. Promises within one `formatVersion`: no field
 * is renamed, moved, removed or given another meaning; fields may be added, so a reader ignores unknown ones.
 *
 * JSON has no NaN and no infinity. A figure that is undefined in a run (a ratio over zero bytes, a mean of
 * nothing) is NaN in memory and null in the file; counts and sizes are never null.
 */
import { z } from 'zod';
import type { ExpectationOutcome, RunResult } from '../sim/result.ts';

export const RESULT_FORMAT = 'raftlab-result';
export const RESULT_FORMAT_VERSION = 1;

const figure = (what: string) => z.number().nullable().describe(`${what} null: undefined in this run.`);
const count = (what: string) => z.int().min(0).describe(what);
const size = (what: string) => z.number().min(0).describe(what);
const nanoseconds = (what: string) =>
  z.number().min(0).describe(`${what} Virtual nanoseconds since the start of the run.`);
const by = (what: string) => z.record(z.string(), figure(what)).describe(what);

const violation = z
  .object({
    check: z.string().min(1).describe('Name of the check that saw it.'),
    what: z.string().describe('What was seen, for people.'),
    timeNs: nanoseconds('When it was seen.'),
    event: count('Number of the event during which it was seen.'),
    roles: z.string().describe('What the nodes were at that moment: leader, follower, candidate or down, sorted.'),
    reproduce: z.string().min(1).describe('The command line that shows it again.'),
  })
  .describe('Something that must never happen, and did.');

const excused = violation
  .extend({
    reason: z
      .string()
      .describe('Which excuse: no quorum, entry lost on every copy, nobody may lead, disk forgot, unchecked damage.'),
    because: z.string().describe('The facts that excuse it, for people.'),
  })
  .describe('A complaint of a check that no correct cluster could have avoided.');

const expectation = z
  .object({
    text: z.string().min(1).describe('The line, for people.'),
    ok: z.boolean().describe('Whether the bound was kept; an undefined figure never keeps one.'),
    actual: figure('What the run yielded, in the unit of the figure.'),
    bound: z.string().describe('The bound, for people: `≤ 12`.'),
    variant: z.string().describe('The variant; in a comparison both, as `first / second`.'),
  })
  .describe('One bound that the scenario sets, judged.');

const latencySummary = z
  .object({
    count: count('Acknowledged operations.'),
    mean: figure('Mean, ms.'),
    p50: figure('Median, ms.'),
    p90: figure('90th percentile, ms.'),
    p99: figure('99th percentile, ms.'),
    p999: figure('99.9th percentile, ms.'),
    max: figure('Slowest, ms.'),
    curve: z
      .array(z.tuple([z.number().min(0).max(100), figure('ms.')]))
      .describe('[percentile, ms] pairs in ascending order, dense towards 100.'),
  })
  .describe('Latency of acknowledged operations; under open load from the intended start.');

const metrics = z
  .object({
    throughputOpsPerS: figure(
      'Acknowledged operations per second of virtual time, from the start until the clients had stopped.',
    ),
    operations: z.object({
      ok: count('Acknowledged.'),
      failed: count('Refused, and known not to have taken effect.'),
      unknown: count('Neither: the client gave up, and the operation may or may not have taken effect.'),
      retries: count('Attempts beyond the first.'),
    }),
    latencyMs: z.record(z.string(), latencySummary).describe('By operation; only those that occurred.'),
    latencyWaitsMs: z
      .record(z.string(), by('Mean ms that an acknowledged operation spent in this wait.'))
      .describe('By operation, then by wait; the waits of an operation add up to its mean latency.'),
    writeAmplification: z.object({
      total: figure('Bytes that all nodes handed to the file system ÷ client bytes.'),
      byBoundary: z
        .object({
          raftLog: figure('Written to the Raft log.'),
          engine: figure('Written by the storage engine.'),
          snapshot: figure('Written for Raft snapshots.'),
          fileSystem: figure('Handed to the file system: the three above and the rest.'),
          device: figure('Reached the device, in whole blocks.'),
        })
        .describe('Of one copy of the data: bytes ÷ (client bytes × nodes).'),
      byCategory: by('All nodes, bytes written for this purpose ÷ client bytes; adds up to the total.'),
      byNode: by('Bytes that this node wrote ÷ client bytes; adds up to the total.'),
    }),
    bytes: z.object({
      client: size('Keys and values of acknowledged writes.'),
      written: size('Handed to the file system by all nodes.'),
      read: size('Read from the file system by all nodes.'),
      device: size('Reached the devices of all nodes, in whole blocks.'),
      network: size('Sent over all links.'),
      writtenByCategory: z.record(z.string(), size('Bytes.')).describe('`written` by purpose.'),
    }),
    fsyncs: count('Calls of all nodes.'),
    fsyncsByCategory: z.record(z.string(), count('Calls.')).describe('`fsyncs` by what the file was for.'),
    spaceAmplification: figure(
      "Bytes of the engine's files ÷ bytes of live keys and values, at the end; mean over the nodes that are up.",
    ),
    memoryBytes: z
      .object({
        total: figure('Sum over the owners.'),
        byOwner: by('Bytes held by this part.'),
      })
      .describe('What the simulated process would hold at the end, mean over the nodes that are up.'),
    engineFigures: by('A figure of this engine at the end, mean over the nodes that are up.'),
    raft: z.object({
      elections: count('Campaigns started.'),
      leaderChanges: count('Times that another node became leader.'),
      snapshotsInstalled: count('Snapshots that a follower took over.'),
      restarts: count('Node processes started again.'),
    }),
    messages: z
      .object({
        sent: count('Handed to a connection.'),
        lost: count('Never delivered: the connection ended first, or it came late or spoilt.'),
        retransmitted: count('Caught by a partition, or behind one that was, and sent again.'),
        held: count('Kept by a clog.'),
        duplicated: count('Copies made.'),
        reordered: count('Delivered late, behind others.'),
        corrupted: count('Arrived spoilt: lost, and its connection reset.'),
      })
      .optional()
      .describe('Messages between machines; left out in older files.'),
    unavailableMsMax: figure('Longest span without an acknowledged write while clients ran, ms.'),
  })
  .describe('What the run cost.');

const samples = z.array(figure('One element a step.'));
const series = z
  .object({
    stepNs: z.number().positive().describe('Length of a step, virtual ns.'),
    okPerS: samples.describe('Operations acknowledged, per second.'),
    failedPerS: samples.describe('Operations failed or lost, per second.'),
    latencyMsP50: samples.describe('Median of what was acknowledged in the step; null: nothing was.'),
    latencyMsP99: samples.describe('99th percentile of what was acknowledged in the step; null: nothing was.'),
    writtenBytesByCategory: z
      .record(z.string(), samples)
      .describe('Bytes handed to the file system in the step, by purpose.'),
    writtenBytesByNode: z.record(z.string(), samples).describe('Bytes handed to the file system in the step, by node.'),
    clientBytes: samples.describe('Keys and values of writes acknowledged in the step.'),
  })
  .describe('How the run went: arrays with one element for each step.');

const run = z
  .object({
    variant: z.string().describe('Name of the variant.'),
    engine: z.string().describe('Storage engine.'),
    nodes: z.int().min(1).describe('Nodes in the cluster.'),
    seed: z.int().describe('Seed; equal seeds of different variants see the same workload and faults.'),
    traceHash: z.string().describe('Digest of every event: two runs are the same run if and only if it is equal.'),
    events: count('Events handled.'),
    virtualTimeNs: nanoseconds('When the run ended.'),
    ended: z.string().describe('`complete`, `violation`, `excused`, `event budget` or `interrupted`.'),
    violations: z.array(violation).describe('Empty in a sound run.'),
    excused: z.array(excused).default([]).describe('What would be violations if facts did not excuse them.'),
    unproven: count('Keys of which the checkers proved neither that they are right nor that they are not.'),
    expectations: z.array(expectation).describe('Judgements of the bounds on figures of one run.'),
    metrics,
    series,
    faultWindows: z
      .array(
        z.object({
          fault: z.string().describe('Name in the fault registry.'),
          label: z.string().describe('For people.'),
          fromNs: nanoseconds('Struck.'),
          toNs: nanoseconds('Lifted.'),
        }),
      )
      .describe('When each fault was in force.'),
  })
  .describe('One variant under one seed.');

const published = z
  .object({
    source: z.string().describe('Who measured it, and on what.'),
    metrics: z.array(z.string()).describe('Paths below `metrics`, or `violations`, `events`, `virtualTimeNs`.'),
    rows: z
      .array(
        z.object({
          variant: z.string().describe("A variant's name, * for any characters."),
          values: z.array(z.number()).describe('One for each metric, in the unit of its name.'),
        }),
      )
      .describe('One for each variant, or for each group of variants.'),
  })
  .describe('A table from one source.');

/** Objects with more fields, which the scenario reference describes. */
const openObject = z.looseObject({}) as unknown as z.ZodType<object>;
const runPlan = z.looseObject({ variant: z.string().describe('Name of the variant.') }) as unknown as z.ZodType<{
  variant: string;
}>;

export const resultFileSchema = z
  .object({
    format: z.literal(RESULT_FORMAT).describe('Always `raftlab-result`.'),
    formatVersion: z.literal(RESULT_FORMAT_VERSION).describe('Rises when a field changes its name, place or meaning.'),
    version: z.string().min(1).describe('Version of raftlab; with the scenario and the seed it determines a run.'),
    partial: z.boolean().describe('True if some runs are missing because the scenario was interrupted.'),
    command: z.string().min(1).describe('The command line that runs the whole scenario again.'),
    scenario: z
      .object({
        name: z.string().min(1).describe('Name of the scenario.'),
        why: z.string().describe('What it is meant to find out.'),
        seeds: z.array(z.int()).min(1).describe('Every seed that was asked for.'),
        variants: z
          .array(runPlan)
          .min(1)
          .describe(
            'Every setting that decides a run but the seed: units resolved, defaults filled in. In the order of the scenario; comparisons are against the first.',
          ),
        expectations: z.array(openObject).describe('The bounds as the scenario gives them.'),
        published: z.array(published).default([]).describe('Figures that others measured, to be shown beside these.'),
      })
      .describe('The scenario, expanded.'),
    expectations: z.array(expectation).describe('Judgements of the bounds on ratios between two variants.'),
    runs: z.array(run).describe('One for each variant and seed that was run.'),
  })
  .describe('Result of one raftlab scenario.');

type DeepReadonly<T> = T extends [infer A, infer B]
  ? readonly [DeepReadonly<A>, DeepReadonly<B>]
  : T extends (infer E)[]
    ? readonly DeepReadonly<E>[]
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T;

/** The file as parsed. */
export type ResultFile = DeepReadonly<z.infer<typeof resultFileSchema>>;
export type RunRecord = ResultFile['runs'][number];
export type RunMetrics = RunRecord['metrics'];
export type ViolationRecord = RunRecord['violations'][number];
export type ExcusedRecord = RunRecord['excused'][number];

/** What the command line hands over: like the file, except that undefined figures are still NaN. */
export type ScenarioResult = Omit<ResultFile, 'runs' | 'format' | 'formatVersion'> & {
  readonly runs: readonly (RunResult & { readonly expectations: readonly ExpectationOutcome[] })[];
};

/** Puts null where a number is not finite, and the format's name in front. The input is left as it was. */
export function toResultFile(result: ScenarioResult): ResultFile {
  const plain = withoutNonFinite(result) as Omit<ResultFile, 'format' | 'formatVersion'>;
  return { format: RESULT_FORMAT, formatVersion: RESULT_FORMAT_VERSION, ...plain };
}

function withoutNonFinite(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(withoutNonFinite);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) copy[key] = withoutNonFinite(field);
  }
  return copy;
}

export type ReadOutcome = { readonly file: ResultFile } | { readonly problems: readonly string[] };

/** Reads a `result.json` back; `problems` name the fields that are wrong. */
export function readResultFile(text: string): ReadOutcome {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problems: [`not JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  return checkResultFile(json);
}

export function checkResultFile(json: unknown): ReadOutcome {
  const parsed = resultFileSchema.safeParse(json);
  if (parsed.success) return { file: parsed.data };
  return { problems: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`) };
}

/** The JSON Schema that `docs/result.schema.json` publishes. */
export function resultJsonSchema(): object {
  // `input` leaves unknown fields allowed, as the promise above demands.
  const { $schema, ...rest } = z.toJSONSchema(resultFileSchema, { io: 'input' }) as Record<string, unknown>;
  return { $schema, title: 'raftlab result.json', ...rest };
}
