/**
 * The scenario file: the one source for its types, its validation, its units, its defaults and the
 * published JSON Schema. Defaults are etcd's where etcd has the setting (heartbeat 100 ms, election
 * 1 s, 100,000 entries between snapshots, 10,000 operations or 100 ms a backend commit, 64 MB WAL
 * segments); the others are ours and say so nowhere else.
 *
 * A file has a head (name, why, seeds, matrix, variants, expect, published) and a body (cluster, workload, end,
 * faults). The body is what the matrix varies: it is validated once for each variant.
 */
import { z } from 'zod';
import { CONDITIONS, INTEGRITIES } from '../sim/run-spec.ts';
import type { Catalogue, EngineEntry, FaultEntry } from './catalogue.ts';
import {
  choice,
  decimalNumber,
  fields,
  flag,
  listOf,
  quantity,
  ratio,
  shown,
  textField,
  wholeNumber,
} from './fields.ts';
import { allOptional, parameterShape } from './parameter-schema.ts';
import { SEEDS_FORMS } from './seeds.ts';

const MILLISECOND = 1e6;
const SECOND = 1e9;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const KIB = 1024;
const MIB = 1024 * KIB;
const TIB = 1024 * 1024 * MIB;

/** etcd's. */
export const DEFAULT_ENGINE = 'bolt';

/** Where a scalar stands for a mapping with one field: `engine: bolt` is `engine: {name: bolt}`. */
export const SHORTHANDS: Readonly<Record<string, string>> = {
  'cluster.engine': 'name',
  'cluster.disk': 'profile',
  'cluster.cpu': 'profile',
};

function shorthand<T extends z.ZodType>(
  names: readonly string[],
  key: string,
  mapping: T,
  doc: string,
  further: string,
) {
  const short = choice(names, doc, further).transform((name) => mapping.parse({ [key]: name }) as z.output<T>);
  return z.union([short, mapping]).meta({ description: doc });
}

function engineSchema(engines: readonly EngineEntry[]) {
  const names = engines.map((engine) => engine.name);
  const options = engines.map((engine) =>
    fields(
      {
        name: z.literal(engine.name),
        options: fields(parameterShape(engine.options), `Options of ${engine.name}.`).prefault({}),
      },
      engine.summary,
    ),
  );
  const mapping = byName('name', names, options);
  return shorthand(names, 'name', mapping, 'The storage engine of every node.', ', or {name, options}');
}

type Mapping = z.ZodObject<Record<string, z.ZodType>, z.core.$strict>;

/** One of several mappings, told apart by a field whose values are `names`. */
function byName(field: string, names: readonly string[], options: readonly Mapping[]) {
  const wanted = choice(names, `Which ${field}.`);
  return z.discriminatedUnion(field, options as unknown as [Mapping, ...Mapping[]], {
    error: (issue) => {
      const input = issue.input as Record<string, unknown> | undefined;
      if (typeof input !== 'object' || input === null || Array.isArray(input)) {
        return `${shown(input)} is not a mapping; allowed: a mapping with ${field}`;
      }
      return wanted.safeParse(input[field]).error?.issues[0]?.message ?? 'is unknown';
    },
  });
}

function clusterSchema(catalogue: Catalogue) {
  const disk = fields({
    profile: choice(catalogue.diskProfiles, 'Timing of the device.').prefault('ssd'),
    pageCache: quantity('bytes', 0, 64 * TIB, 'Page cache of a node; reads that hit it cost no device time.').prefault(
      '4GiB',
    ),
    capacity: quantity('bytes', MIB, 1024 * TIB, 'Bytes of files a node can hold.').prefault('1TiB'),
    crash: choice(
      catalogue.crashModels,
      'What is left of unsynced writes when a node crashes: power-cut: whole sectors, in any order; torn-sectors: parts of sectors and garbage too, which etcd refuses to start from; process-kill: everything.',
    ).prefault('power-cut'),
  });
  const cpu = fields({
    profile: choice(catalogue.cpuProfiles, 'What a unit of work costs in CPU time.').prefault('etcd-2021'),
    cores: wholeNumber(1, 64, 'Cores of a node.').prefault(4),
  });
  return fields(
    {
      nodes: wholeNumber(1, 64, 'Number of nodes: n1, n2 ….').prefault(3),
      engine: engineSchema(catalogue.engines).prefault(DEFAULT_ENGINE),
      stateMachine: choice(
        ['raw', 'mvcc'],
        'raw: keys straight into the engine; mvcc: as etcd keeps revisions.',
      ).prefault('mvcc'),
      disk: shorthand(catalogue.diskProfiles, 'profile', disk, 'The disk of every node.', ', or {profile, …}').prefault(
        {},
      ),
      cpu: shorthand(catalogue.cpuProfiles, 'profile', cpu, 'The CPU of every node.', ', or {profile, …}').prefault({}),
      network: fields(
        {
          latency: quantity('duration', 0, 10 * SECOND, 'One way, between any two machines.').prefault('250us'),
          jitter: quantity('duration', 0, 10 * SECOND, 'Mean of what is added at random (exponential).').prefault(
            '50us',
          ),
          bandwidth: quantity('bandwidth', 1, 1e12, 'Of one direction of one link.').prefault('1Gbit/s'),
          queue: quantity('bytes', KIB, TIB, 'What may wait for a link before senders block.').prefault('16MiB'),
        },
        'Links between machines: nodes and the clients.',
      ).prefault({}),
      raft: fields(
        {
          electionTimeout: quantity(
            'duration',
            MILLISECOND,
            HOUR,
            'Silence after which a follower campaigns: this to twice this.',
          ).prefault('1s'),
          heartbeatInterval: quantity('duration', MILLISECOND, HOUR, 'Between heartbeats of the leader.').prefault(
            '100ms',
          ),
          preVote: flag('Ask before campaigning, so that a returning node does not disturb.').prefault(true),
          checkQuorum: flag('A leader that hears no quorum steps down.').prefault(true),
          readOnly: choice(['safe', 'lease'], 'Linearizable reads by a round of heartbeats, or by the lease.').prefault(
            'safe',
          ),
          clockDriftMax: ratio(
            0,
            0.5,
            'With readOnly lease: by what share clocks may be fast or slow (1 %).',
          ).optional(),
          messageMax: quantity('bytes', 1, TIB, 'Largest message of log entries.').prefault('1MiB'),
          inflightMessages: wholeNumber(1, 1e6, 'Messages of entries not yet acknowledged by a follower.').prefault(
            512,
          ),
          inflightBytes: quantity(
            'bytes',
            1,
            TIB,
            'Bytes of entries not yet acknowledged by a follower; without it no bound, as in etcd.',
          ).optional(),
          uncommittedMax: quantity(
            'bytes',
            1,
            TIB,
            'Uncommitted bytes above which the leader refuses proposals; etcd sets no bound.',
          ).prefault('1TiB'),
          snapshotEntries: wholeNumber(1, 1e9, 'Applied entries between two Raft snapshots.').prefault(100_000),
          catchUpEntries: wholeNumber(0, 1e9, 'Entries kept behind a snapshot for slow followers.').prefault(5000),
          applyLagMax: wholeNumber(
            1,
            1e9,
            'Committed but unapplied entries above which a node answers "too many requests".',
          ).prefault(5000),
        },
        "Raft, with etcd's defaults.",
      ).prefault({}),
      backend: fields(
        {
          batchOperations: wholeNumber(1, 1e9, 'Operations after which the engine commits.').prefault(10_000),
          batchInterval: quantity('duration', MILLISECOND, HOUR, 'Time after which it commits in any case.').prefault(
            '100ms',
          ),
        },
        'When applied operations are made durable in the engine.',
      ).prefault({}),
      wal: fields(
        {
          segment: quantity('bytes', 64 * KIB, TIB, 'Size of a segment of the Raft log.').prefault('64MB'),
          segmentsMax: wholeNumber(1, 1e6, 'Released segments that are kept.').prefault(5),
        },
        'The Raft log on disk.',
      ).prefault({}),
      storage: fields(
        {
          integrity: choice(
            INTEGRITIES,
            'What a node does about damage to what it stored: reads it unchecked, does not start, or has it repaired.',
          ).prefault('checksum'),
        },
        'Protection of what nodes store against damage: see docs/durable-storage.md.',
      ).prefault({}),
      bugs: listOf(
        choice(catalogue.bugs, 'A name from "raftlab museum list".'),
        'For the museum and for tests: published mistakes that are planted in every node.',
        'bugs',
        100,
      ).prefault([]),
    },
    'The machines and what runs on them.',
  );
}

const weight = (doc: string) => ratio(0, 1000, doc).prefault(0);

function valueSchema(doc: string) {
  const size = (doc: string) => quantity('bytes', 0, 64 * MIB, doc);
  return z
    .union(
      [
        size('A fixed size.'),
        fields({ min: size('Smallest.'), max: size('Largest.') }, 'Uniform between two sizes.'),
        fields(
          { mean: quantity('bytes', 1, 64 * MIB, 'Mean before the cut.'), max: size('Cut off here.') },
          'Exponential.',
        ),
      ],
      {
        error: (issue) =>
          `${shown(issue.input)} is not a size; allowed: 1KiB, {min: 100B, max: 4KiB}, {mean: 1KiB, max: 64KiB}`,
      },
    )
    .meta({ description: doc });
}

function preloadSchema() {
  const keys = wholeNumber(0, 1e9, 'Keys that are in every store before the run starts.');
  const mapping = fields(
    {
      keys: keys.optional(),
      bytes: quantity('bytes', 1, 2 ** 50, 'Bytes of their values, instead of their number.').optional(),
      value: valueSchema("Sizes of their values; without it the clients' sizes.").optional(),
      holes: ratio(0, 1, 'Share of them that is deleted again before the run starts.').prefault(0),
      holeKeys: wholeNumber(1, 1e6, 'Neighbouring keys in one hole.').prefault(1),
    },
    'Keys that are in every store before the run starts, with their own sizes and holes.',
  ).refine((preload) => preload.keys !== undefined || preload.bytes !== undefined, {
    error: () => 'says neither how many keys nor how many bytes; allowed: keys or bytes',
  });
  return z
    .union([keys.transform((count) => mapping.parse({ keys: count })), mapping], {
      error: (issue) =>
        `${shown(issue.input)} is not a number of keys; allowed: 100000, {keys: 100000, value: 1KiB, holes: 50 %, holeKeys: 2}, {bytes: 64GiB, value: 4KiB}`,
    })
    .meta({ description: 'Keys that are in every store before the run starts: their number, {keys, …} or {bytes, …}.' })
    .prefault(0);
}

function workloadSchema() {
  return fields(
    {
      clients: wholeNumber(1, 100_000, 'Sessions; each has one request outstanding.').prefault(100),
      load: z
        .union(
          [
            choice(['closed'], 'Each client sends its next request when it has its answer.', ', or {open: 5000/s}'),
            fields({
              open: quantity(
                'rate',
                1e-3,
                1e9,
                'Requests come at this rate, whether answered or not; latency counts from the intended start.',
              ),
              arrivals: choice(['poisson', 'uniform'], 'How arrivals are spaced.').prefault('poisson'),
            }),
          ],
          { error: (issue) => `${shown(issue.input)} is not a load; allowed: closed, {open: 5000/s}` },
        )
        .meta({ description: 'Closed or open loop.' })
        .prefault('closed'),
      rateLimit: quantity('rate', 1e-3, 1e9, 'Closed loop: at most so many requests over all clients.').optional(),
      mix: fields(
        {
          put: weight('Share of puts.'),
          get: weight('Share of point reads.'),
          delete: weight('Share of deletes.'),
          range: weight('Share of range reads.'),
        },
        'Shares of operations, as weights or percentages; what is not named is 0.',
      ).prefault({ put: 1 }),
      keys: fields(
        {
          order: choice(['sequential', 'uniform', 'zipfian', 'latest'], 'Which key an operation takes.').prefault(
            'uniform',
          ),
          count: wholeNumber(
            1,
            1e9,
            'Number of different keys; without it 100000, or what is preloaded by bytes.',
          ).optional(),
          size: quantity('bytes', 8, 32_768, 'Length of a key.').prefault('16B'),
          zipfianExponent: decimalNumber(0.01, 10, 'zipfian and latest: skew.').prefault(0.99),
        },
        'The keys.',
      ).prefault({}),
      value: valueSchema('Sizes of values: fixed, uniform {min, max} or exponential {mean, max}.').prefault('256B'),
      rangeKeys: wholeNumber(1, 1e6, 'Keys that a range read asks for.').prefault(100),
      reads: choice(
        ['linearizable', 'serializable'],
        'Through ReadIndex or the lease, or from the node as it is.',
      ).prefault('linearizable'),
      target: choice(['leader', 'all'], 'Whom clients talk to.').prefault('leader'),
      timeout: quantity('duration', MILLISECOND, HOUR, 'After which an attempt is given up and tried again.').prefault(
        '5s',
      ),
      backoff: fields(
        {
          initial: quantity('duration', 0, HOUR, 'Before the first retry.').prefault('25ms'),
          max: quantity('duration', 0, HOUR, 'Before any retry.').prefault('1s'),
        },
        'Pause before a retry: doubles, with jitter.',
      ).prefault({}),
      preload: preloadSchema(),
      start: quantity(
        'duration',
        0,
        90 * DAY,
        'When the clients begin; throughput counts from here. A new cluster elects its first leader within two election timeouts.',
      ).prefault('0s'),
    },
    'What the clients do.',
  );
}

const endSchema = () =>
  fields(
    {
      after: quantity(
        'duration',
        MILLISECOND,
        90 * DAY,
        'The clients stop after this much virtual time; 10s if neither bound is given.',
      ).optional(),
      operations: wholeNumber(1, 1e12, 'The clients stop after so many operations.').optional(),
      settle: quantity(
        'duration',
        MILLISECOND,
        DAY,
        'Time for all replicas to agree once the clients have stopped and the faults are lifted.',
      ).prefault('5s'),
      events: wholeNumber(1, 8e9, 'A run that has not ended after so many events is stopped.').prefault(2_000_000_000),
    },
    'When the clients stop: at whichever bound comes first.',
  );

function faultParameters(fault: FaultEntry) {
  const { kinds } = fault;
  if (kinds === undefined) return fields(parameterShape(fault.parameters), fault.summary);
  const { [kinds.by]: _, ...shared } = fault.parameters;
  const options = Object.entries(kinds.parameters).map(([name, specs]) =>
    fields(
      { [kinds.by]: z.literal(name), ...parameterShape(shared), ...parameterShape(specs) },
      `${fault.summary} (${name})`,
    ),
  );
  return byName(kinds.by, Object.keys(kinds.parameters), options).meta({ description: fault.summary });
}

function faultSchema(faults: readonly FaultEntry[]) {
  const instant = (doc: string) => quantity('duration', 0, 90 * DAY, doc).optional();
  const tenants: Record<string, z.ZodType> = {};
  for (const fault of faults) tenants[fault.name] = faultParameters(fault).optional();
  const schema = fields(
    {
      at: instant('When, counted from the start of the run.'),
      when: choice(CONDITIONS, 'Instead of `at`: the first time that this happens.').optional(),
      from: instant('With `when`: not before this time.'),
      after: instant('With `when`: so much later.'),
      for: quantity('duration', 1, 90 * DAY, 'How long; without it until the clients stop.').optional(),
      ...tenants,
    },
    'One fault: when, how long, and what.',
  );
  return schema;
}

/** Kinds with their weights: those that a nemesis can draw. */
function nemesisSchema(catalogue: Catalogue) {
  const kinds = catalogue.faults.filter(({ drawn }) => drawn !== undefined).map(({ name }) => name);
  const weights: Record<string, z.ZodOptional<z.ZodType<number>>> = {};
  for (const name of kinds) weights[name] = decimalNumber(0, 1000, `Weight of ${name}.`).optional();
  return fields(
    {
      from: quantity('duration', 0, 90 * DAY, 'No fault before.').prefault('1s'),
      until: quantity(
        'duration',
        MILLISECOND,
        90 * DAY,
        'No fault after; by default the end of the clients.',
      ).optional(),
      every: quantity('duration', MILLISECOND, DAY, 'Mean time from one fault to the next.').prefault('1s'),
      for: quantity('duration', MILLISECOND, DAY, 'Mean length of a fault.').prefault('500ms'),
      kinds: fields(weights, 'Kinds of faults with their relative frequency, in place of the default ones.').prefault(
        {},
      ),
      swarm: flag('Leave whole kinds out, each with probability one half, anew for each seed.').prefault(true),
    },
    'Faults drawn for each seed anew, within what the cluster must survive.',
  );
}

const assignments = (doc: string, value: z.ZodType) =>
  z
    .record(z.string(), value, {
      error: (issue) =>
        `${shown(issue.input)} is not a mapping; allowed: paths such as cluster.engine, each with its value`,
    })
    .meta({ description: doc });

function headShape() {
  return {
    name: z
      .string({ error: (issue) => (issue.input === undefined ? 'missing' : `${shown(issue.input)} is not a text`) })
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: (issue) => `${shown(issue.input)} is not a name; allowed: a-z, 0-9 and hyphens, at most 64`,
      })
      .meta({ description: 'Name of the scenario; also of its output folder.' }),
    why: textField('What question this scenario answers.'),
    seeds: z
      .union([z.number(), z.string(), z.array(z.union([z.number(), z.string()]))], {
        error: (issue) => `${shown(issue.input)} is not a seed; allowed: ${SEEDS_FORMS}`,
      })
      .meta({
        description: 'Each variant runs once with each seed: 7, 1..20, or a list of both.',
        examples: [1, '1..20', [1, 5, '10..20']],
      })
      .prefault(1),
    matrix: assignments(
      'Paths of the body, each with the values that it takes in turn; all combinations are run.',
      listOf(z.unknown(), 'Values.', 'values', 1000).min(1, { error: () => 'is empty; allowed: a list of values' }),
    ).prefault({}),
    variants: listOf(
      fields({
        name: textField('Name of the variant.'),
        set: assignments('Paths of the body with their values.', z.unknown()).prefault({}),
      }),
      'Variants by name, each a set of changes to the body.',
      'variants',
      1000,
    ).prefault([]),
    expect: listOf(expectSchema(), 'What must hold in the results.', 'expectations', 1000).prefault([]),
    published: listOf(
      publishedFiguresSchema(),
      'Figures that others measured, shown beside ours.',
      'sources',
      100,
    ).prefault([]),
  };
}

function publishedFiguresSchema() {
  const values = listOf(
    decimalNumber(-Number.MAX_VALUE, Number.MAX_VALUE, 'A figure.'),
    'One for each metric, in the unit of its name.',
    'figures',
    100,
  );
  return fields(
    {
      source: textField('Who measured it, and on what.'),
      metrics: listOf(
        textField('A figure of the results, e.g. latencyMs.put.mean.'),
        'What was measured.',
        'metrics',
        100,
      ),
      rows: listOf(
        fields({ variant: textField("A variant's name, * for any characters."), values }, 'One variant.'),
        'What was measured of each variant.',
        'rows',
        1000,
      ),
    },
    'A table from one source.',
  );
}

function expectSchema() {
  const bound = (doc: string) => decimalNumber(-Number.MAX_VALUE, Number.MAX_VALUE, doc).optional();
  return fields(
    {
      metric: textField('A figure of the results, e.g. writeAmplification.total, latencyMs.put.p99 or violations.'),
      variant: textField("A variant's name, * for any characters; without it every variant.").optional(),
      ratio: listOf(
        textField("A variant's name."),
        'Two variants: the figure is that of the first ÷ that of the second, the mean over equal seeds.',
        'two variants',
        2,
      )
        .length(2, { error: () => 'needs two variants' })
        .optional(),
      max: bound('At most this.'),
      min: bound('At least this.'),
      equals: bound('Exactly this.'),
      why: textField('What mechanism justifies the bound.').optional(),
    },
    'A bound on a figure: in each run, or on the ratio between two variants.',
  );
}

/** Building one takes longer than using it. */
const bodySchemas = new WeakMap<Catalogue, ReturnType<typeof makeBodySchema>>();

export function bodySchema(catalogue: Catalogue): ReturnType<typeof makeBodySchema> {
  const known = bodySchemas.get(catalogue) ?? makeBodySchema(catalogue);
  bodySchemas.set(catalogue, known);
  return known;
}

function makeBodySchema(catalogue: Catalogue) {
  return fields({
    cluster: clusterSchema(catalogue).prefault({}),
    workload: workloadSchema().prefault({}),
    end: endSchema().prefault({}),
    faults: listOf(faultSchema(catalogue.faults), 'Faults on a timeline.', 'faults', 10_000).prefault([]),
    nemesis: nemesisSchema(catalogue).optional(),
  });
}

const BODY_FIELDS = ['cluster', 'workload', 'end', 'faults', 'nemesis'] as const;

/** The head, with the body let through unread. */
export const headSchema = fields({
  ...headShape(),
  ...Object.fromEntries(BODY_FIELDS.map((name) => [name, z.unknown().optional()])),
} as ReturnType<typeof headShape>);

/** The whole file, for the published JSON Schema. */
export function fileSchema(catalogue: Catalogue) {
  return fields({ ...headShape(), ...bodySchema(catalogue).shape });
}

export type Body = z.output<ReturnType<typeof bodySchema>>;
export type Head = z.output<typeof headSchema>;
/** A fault as validated: timing, and under the fault's name its parameters. */
export type FaultBody = Body['faults'][number];

/** An empty fault may be written `crash:`; true where that would be fine. */
export function parametersOptional(fault: FaultEntry): boolean {
  return fault.kinds === undefined && allOptional(fault.parameters);
}

/** For editors: draft 7 is what they all read. */
export function publishedSchema(catalogue: Catalogue): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema(catalogue), { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'raftlab scenario', $comment: 'Generated by: raftlab scenario schema' };
}
