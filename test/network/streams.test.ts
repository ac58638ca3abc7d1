/**
 * Random storms over a few connections: sends, closes, resets, crashes, partitions, toxics coming,
 * changing and going. Whatever happens, each reader gets a prefix of what was sent to it; if nothing
 * ends the connection, it gets all of it; and in the end every message is accounted for.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MILLISECOND, SECOND } from '../../sim/clock.ts';
import { ACCEPTOR, type Connection, DIALLER, type Side } from '../../sim/network/connection.ts';
import type { BlockHandle } from '../../sim/network/network.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Bed, type Recorder } from './bed.ts';

const MS = MILLISECOND;
const MACHINES = 3;

/** Toxics that only delay: no stream ends because of them. */
const GENTLE: [string, ParameterValues][] = [
  ['latency', { latency: 20 * MS, jitter: 20 * MS }],
  ['latency', { latency: 300 * MS, jitter: 0 }],
  ['bandwidth', { rate: 500 }],
  ['bandwidth', { rate: 3 }],
  ['slicer', { average_size: 700, size_variation: 300, delay: MS / 10 }],
  ['packet_loss', { loss_rate: 0.1, correlation: 0.1 }],
  ['slow_close', { delay: 500 * MS }],
];
const HARSH: [string, ParameterValues][] = [
  ['timeout', { timeout: 0 }],
  ['timeout', { timeout: 200 * MS }],
  ['reset_peer', { timeout: 100 * MS }],
  ['limit_data', { bytes: 5000 }],
  ['down', {}],
];

type Action =
  | { kind: 'send'; connection: number; side: Side; bytes: number }
  | { kind: 'end'; how: 'close' | 'reset'; connection: number; side: Side }
  | { kind: 'crash'; machine: number }
  | { kind: 'block'; pairs: (readonly [number, number])[]; forMs: number }
  | { kind: 'toxic'; toxic: number; to: number; upstream: boolean; toxicity: number; forMs: number }
  | { kind: 'update'; toxic: number; toxicity: number };

const machine = fc.integer({ min: 0, max: MACHINES - 1 });
const side = fc.constantFrom<Side>(DIALLER, ACCEPTOR);
const connection = fc.integer({ min: 0, max: 3 });
const send: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('send' as const),
  connection,
  side,
  bytes: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 100_000 })),
});
const block: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('block' as const),
  pairs: fc.array(fc.tuple(machine, machine), { minLength: 1, maxLength: 4 }),
  forMs: fc.integer({ min: 1, max: 1500 }),
});
const toxicOf = (kinds: number): fc.Arbitrary<Action> =>
  fc.record({
    kind: fc.constant('toxic' as const),
    toxic: fc.integer({ min: 0, max: kinds - 1 }),
    to: machine,
    upstream: fc.boolean(),
    toxicity: fc.constantFrom(0.5, 1),
    forMs: fc.integer({ min: 1, max: 3000 }),
  });
const update: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('update' as const),
  toxic: fc.nat(10),
  toxicity: fc.constantFrom(0, 0.5, 1),
});
const end: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('end' as const),
  how: fc.constantFrom('close' as const, 'reset' as const),
  connection,
  side,
});
const crash: fc.Arbitrary<Action> = fc.record({ kind: fc.constant('crash' as const), machine });

const storm = (action: fc.Arbitrary<Action>): fc.Arbitrary<[number, Action][]> =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), action), { minLength: 5, maxLength: 60 });

interface Stream {
  readonly connection: Connection;
  readonly readers: readonly [Recorder, Recorder];
  /** By sending side. */
  readonly sent: [number[], number[]];
}

/** Plays the storm, lifts everything, waits until all is quiet. */
function play(actions: [number, Action][], toxics: [string, ParameterValues][], seed: number, giveUpNs: number) {
  const link = { latencyNs: 2 * MS, jitterNs: 3 * MS, bandwidthBytesPerS: 1e7, queueBytes: 200_000 };
  const bed = new Bed({ machines: MACHINES, link, giveUpNs }, seed);
  const streams: Stream[] = [
    [0, 1],
    [1, 0],
    [1, 2],
    [2, 0],
  ].map(([from, to]) => {
    const { connection, dialler, acceptor } = bed.connect(from, to);
    return { connection, readers: [acceptor, dialler], sent: [[], []] };
  });
  const lifts: { atMs: number; lift: () => void }[] = [];
  const handles: { handle: number; attributes: ParameterValues }[] = [];
  let atMs = 0;
  let number = 0;
  const liftUntil = (untilMs: number): void => {
    lifts.sort((a, b) => a.atMs - b.atMs);
    while (lifts.length > 0 && lifts[0]!.atMs <= untilMs) {
      const { atMs: liftMs, lift } = lifts.shift()!;
      bed.runTo(liftMs);
      lift();
    }
    bed.runTo(untilMs);
  };
  for (const [afterMs, action] of actions) {
    atMs += afterMs;
    liftUntil(atMs);
    if (action.kind === 'send') {
      const stream = streams[action.connection]!;
      if (stream.connection.send(action.side, number, action.bytes)) stream.sent[action.side].push(number);
      number++;
    } else if (action.kind === 'end') {
      streams[action.connection]!.connection[action.how](action.side);
    } else if (action.kind === 'crash') {
      bed.network.resetMachine(action.machine);
    } else if (action.kind === 'block') {
      const handle: BlockHandle = bed.network.block(action.pairs);
      lifts.push({ atMs: atMs + action.forMs, lift: () => bed.network.unblock(handle) });
    } else if (action.kind === 'toxic') {
      const [type, attributes] = toxics[action.toxic]!;
      const handle = bed.network.addToxic({
        proxy: { from: 'any', to: action.to },
        type,
        name: `toxic ${handles.length}`,
        stream: action.upstream ? 'upstream' : 'downstream',
        toxicity: action.toxicity,
        attributes,
      });
      handles.push({ handle, attributes });
      lifts.push({ atMs: atMs + action.forMs, lift: () => bed.network.removeToxic(handle) });
    } else {
      const chosen = handles[action.toxic];
      if (chosen !== undefined) bed.network.updateToxic(chosen.handle, chosen.attributes, action.toxicity);
    }
  }
  liftUntil(atMs + 600_000);
  return { bed, streams };
}

const isPrefix = (part: readonly unknown[], whole: readonly unknown[]): boolean =>
  part.length <= whole.length && part.every((item, i) => item === whole[i]);

describe('any storm', () => {
  test('of partitions and gentle toxics: everything arrives, in order', () => {
    fc.assert(
      fc.property(
        storm(fc.oneof({ arbitrary: send, weight: 6 }, block, toxicOf(GENTLE.length), update)),
        fc.nat(1000),
        (actions, seed) => {
          const { bed, streams } = play(actions, GENTLE, seed, 3600 * SECOND);
          for (const { readers, sent } of streams) {
            expect(readers[0].messages).toEqual(sent[0]);
            expect(readers[1].messages).toEqual(sent[1]);
          }
          const { messagesSent, messagesDelivered, messagesLost } = bed.network.counters;
          expect([messagesDelivered, messagesLost]).toEqual([messagesSent, 0]);
          expect(bed.network.messagesUnderWay).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('with toxics and crashes that end connections: a prefix, and nothing unaccounted for', () => {
    const toxics = [...GENTLE, ...HARSH];
    fc.assert(
      fc.property(
        storm(
          fc.oneof(
            { arbitrary: send, weight: 8 },
            block,
            toxicOf(toxics.length),
            toxicOf(toxics.length),
            update,
            end,
            crash,
          ),
        ),
        fc.nat(1000),
        (actions, seed) => {
          const { bed, streams } = play(actions, toxics, seed, 5 * SECOND);
          for (const { connection, readers, sent } of streams) {
            for (const from of [DIALLER, ACCEPTOR] as const) {
              expect(isPrefix(readers[from].messages, sent[from])).toBe(true);
              // A stream that nobody ended has arrived whole.
              const isWhole = connection.isOpen(DIALLER) && connection.isOpen(ACCEPTOR);
              if (isWhole) expect(readers[from].messages).toEqual(sent[from]);
            }
            expect(connection.isOpen(DIALLER)).toBe(connection.isOpen(ACCEPTOR));
          }
          const { messagesSent, messagesDelivered, messagesLost, bytesSent, bytesDelivered, bytesLost } =
            bed.network.counters;
          expect(messagesDelivered + messagesLost).toBe(messagesSent);
          expect(bytesDelivered + bytesLost).toBe(bytesSent);
          expect(bed.network.messagesUnderWay).toBe(0);
          const open = streams.filter((stream) => stream.connection.isOpen(DIALLER)).length;
          expect(bed.network.connectionCount).toBe(open);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is the same run twice', () => {
    fc.assert(
      fc.property(storm(fc.oneof(send, block, toxicOf(GENTLE.length), end)), fc.nat(1000), (actions, seed) => {
        const one = play(actions, GENTLE, seed, 5 * SECOND).bed.loop.trace.digest();
        expect(play(actions, GENTLE, seed, 5 * SECOND).bed.loop.trace.digest()).toBe(one);
      }),
      { numRuns: 20 },
    );
  });
});
