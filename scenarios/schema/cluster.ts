/** `cluster`: the machines and what runs on them. */
import { z } from 'zod';
import { INTEGRITIES } from '../../sim/run-spec.ts';
import type { Catalogue, EngineEntry } from '../catalogue.ts';
import { byName, choice, fields, flag, listOf, quantity, ratio, shown, textField, wholeNumber } from '../fields.ts';
import { hostMeaning, parameterShape } from '../parameter-schema.ts';
import { HOUR, KIB, MIB, MILLISECOND, SECOND, TIB } from './bounds.ts';

/** etcd's. */
export const DEFAULT_ENGINE = 'bolt';

/** Where a scalar stands for a mapping with one field: `engine: bolt` is `engine: {name: bolt}`. */
export const SHORTHANDS: Readonly<Record<string, string>> = {
  'cluster.engine': 'name',
  'cluster.disk': 'profile',
  'cluster.cpu': 'profile',
  'cluster.network.toxiproxy': 'file',
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

function toxiproxySchema() {
  const file = textField('A file of Toxiproxy, JSON, by its path from the folder of the scenario.');
  const hosts = z.record(z.string(), hostMeaning('A node, clients, peers or all.'), {
    error: (issue) => `${shown(issue.input)} is not a mapping; allowed: a mapping such as {etcd-0: n1}`,
  });
  const mapping = fields({
    file,
    hosts: hosts
      .meta({ description: 'Who is meant by the hosts, or by host and port, in addresses of the file.' })
      .prefault({}),
  });
  return z
    .union([file.transform((path) => mapping.parse({ file: path })), mapping], {
      error: (issue) => `${shown(issue.input)} is not a file; allowed: a path, or {file, hosts}`,
    })
    .meta({ description: "Toxiproxy's proxies with their toxics, in force until the clients stop." });
}

export function clusterSchema(catalogue: Catalogue) {
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
      spares: wholeNumber(0, 63, 'Machines without a member at the start, after the nodes: for add-member.').prefault(
        0,
      ),
      strictReconfig: flag(
        'Change members only as long as the leader hears a majority of those that will vote, as etcd does.',
      ).prefault(true),
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
          toxiproxy: toxiproxySchema().optional(),
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
