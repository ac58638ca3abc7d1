import { describe, expect, test } from 'vitest';
import { MILLISECOND } from '../../sim/clock.ts';
import type { ToxicSpec } from '../../sim/network/applied-toxics.ts';
import { ACCEPTOR, DIALLER } from '../../sim/network/connection.ts';
import { TOXICS } from '../../sim/network/toxics/index.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Bed, FAST_LINK } from './bed.ts';

const MS = MILLISECOND;

/** All links take 1 ms and no time for bytes, so whatever is more than that is the toxic's. */
function bedWith(
  type: string,
  attributes: ParameterValues,
  more: Partial<ToxicSpec> = {},
): { bed: Bed; handle: number } {
  const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 1e9 } });
  const handle = bed.network.addToxic({ proxy: { from: 'any', to: 1 }, type, stream: 'upstream', attributes, ...more });
  return { bed, handle };
}

describe('one toxic, exact times', () => {
  // [at ms, name, bytes] sent by the dialler, then what the acceptor sees.
  const cases: [
    name: string,
    type: string,
    attributes: ParameterValues,
    sends: [atMs: number, name: string, bytes: number][],
    seen: string[],
  ][] = [
    [
      'latency delays every message from when it was sent',
      'latency',
      { latency: 100 * MS, jitter: 0 },
      [
        [0, 'a', 10],
        [30, 'b', 10],
      ],
      ['101 a', '131 b'],
    ],
    [
      'latency delays large messages no more than small ones',
      'latency',
      { latency: 100 * MS, jitter: 0 },
      [
        [0, 'a', 500_000],
        [0, 'b', 1],
      ],
      ['101 a', '101 b'],
    ],
    [
      'bandwidth: 100 KB/s is 100 bytes a ms',
      'bandwidth',
      { rate: 100 },
      [
        [0, 'a', 1000],
        [0, 'b', 500],
      ],
      ['11 a', '16 b'],
    ],
    ['bandwidth: pieces of 100 ms, and a rest', 'bandwidth', { rate: 1 }, [[0, 'a', 250]], ['251 a']],
    [
      'bandwidth: idle time earns nothing',
      'bandwidth',
      { rate: 100 },
      [
        [0, 'a', 1000],
        [500, 'b', 1000],
      ],
      ['11 a', '511 b'],
    ],
    ['bandwidth: a message of several reads', 'bandwidth', { rate: 100 }, [[0, 'a', 100_000]], ['1001 a']],
    ['bandwidth 0 stalls', 'bandwidth', { rate: 0 }, [[0, 'a', 1]], []],
    ['slow_close leaves data alone', 'slow_close', { delay: 1000 * MS }, [[0, 'a', 1000]], ['1 a']],
    [
      'timeout drops data and closes when none has come for so long',
      'timeout',
      { timeout: 100 * MS },
      [
        [0, 'a', 10],
        [60, 'b', 10],
      ],
      ['161 closed'],
    ],
    ['timeout closes an idle connection', 'timeout', { timeout: 100 * MS }, [], ['101 closed']],
    [
      'timeout 0 drops and never closes',
      'timeout',
      { timeout: 0 },
      [
        [0, 'a', 10],
        [60, 'b', 10],
      ],
      [],
    ],
    [
      'reset_peer: so long after the first data',
      'reset_peer',
      { timeout: 50 * MS },
      [
        [20, 'a', 10],
        [60, 'b', 10],
      ],
      ['71 reset'],
    ],
    ['reset_peer leaves an idle connection alone', 'reset_peer', { timeout: 50 * MS }, [], []],
    [
      'slicer: halves until small enough, a rest after each',
      'slicer',
      { average_size: 300, size_variation: 0, delay: 10 * MS },
      [
        [0, 'a', 1000],
        [0, 'b', 100],
      ],
      ['31 a', '41 b'],
    ],
    [
      'slicer without delay costs nothing',
      'slicer',
      { average_size: 10, size_variation: 0, delay: 0 },
      [[0, 'a', 1000]],
      ['1 a'],
    ],
    [
      'limit_data: up to the limit, then closes',
      'limit_data',
      { bytes: 250 },
      [
        [0, 'a', 100],
        [5, 'b', 100],
        [10, 'c', 100],
        [15, 'd', 1],
      ],
      ['1 a', '6 b', '11 closed'],
    ],
    [
      'limit_data: closes with the last byte that fits',
      'limit_data',
      { bytes: 200 },
      [
        [0, 'a', 100],
        [5, 'b', 100],
      ],
      ['1 a', '6 b', '6 closed'],
    ],
    ['limit_data 0: the first data closes', 'limit_data', { bytes: 0 }, [[7, 'a', 1]], ['8 closed']],
    [
      'packet_loss 0 loses nothing',
      'packet_loss',
      { loss_rate: 0, correlation: 1 },
      [
        [0, 'a', 10],
        [5, 'b', 10],
      ],
      ['1 a', '6 b'],
    ],
    [
      'packet_loss 1: tried for 15 s, then reset',
      'packet_loss',
      { loss_rate: 1, correlation: 0 },
      [[0, 'a', 10]],
      ['15001 reset'],
    ],
    ['down closes at once', 'down', {}, [], []],
  ];
  for (const [name, type, attributes, sends, seen] of cases) {
    test(name, () => {
      const { bed } = bedWith(type, attributes);
      if (type === 'down') {
        const { dialler } = bed.dial();
        bed.runTo(100);
        expect(dialler.lines).toEqual(['2 reset']);
        return;
      }
      const { connection, acceptor } = bed.connect();
      for (const [atMs, message, bytes] of sends) {
        bed.runTo(atMs);
        connection.send(DIALLER, message, bytes);
      }
      bed.runTo(100_000);
      expect(acceptor.lines).toEqual(seen);
    });
  }

  test('every toxic has a case', () => {
    expect(new Set(cases.map(([, type]) => type))).toEqual(new Set(TOXICS.map(({ name }) => name)));
  });
});

describe('jitter and chance', () => {
  test('latency ± jitter: uniform, and in order all the same', () => {
    const { bed } = bedWith('latency', { latency: 50 * MS, jitter: 50 * MS });
    const { connection, acceptor } = bed.connect();
    // Far enough apart for each to show its own delay.
    for (let i = 0; i < 2000; i++) {
      bed.runTo(i * 100);
      connection.send(DIALLER, i, 10);
    }
    bed.runTo(300_000);
    const delays = acceptor.times.map((time, i) => time / MS - i * 100 - 1);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(100);
    for (let decile = 0; decile < 10; decile++) {
      const count = delays.filter((delay) => delay >= decile * 10 && delay < decile * 10 + 10).length;
      // 200 expected, deviation 13.4.
      expect(Math.abs(count - 200)).toBeLessThan(70);
    }
    expect(acceptor.messages).toEqual(Array.from({ length: 2000 }, (_, i) => i));
  });

  test('packet_loss: the rate it says; correlation makes bursts; each loss costs 200 ms, then 400 more', () => {
    const rates: [attributes: ParameterValues, lostOnce: number, lostTwice: number][] = [
      [{ loss_rate: 0.1, correlation: 0 }, 0.1, 0.01],
      [{ loss_rate: 0.1, correlation: 0.1 }, 0.1, 0.02],
    ];
    for (const [attributes, lostOnce, lostTwice] of rates) {
      const { bed } = bedWith('packet_loss', attributes);
      const { connection, acceptor } = bed.connect();
      for (let i = 0; i < 3000; i++) {
        bed.runTo(i * 16_000);
        connection.send(DIALLER, i, 10);
      }
      bed.runTo(49_000_000);
      const delays = acceptor.times.map((time, i) => time / MS - i * 16_000 - 1);
      expect(delays.length).toBe(3000);
      expect(delays.every((delay) => [0, 200, 600, 1400, 3000, 6200, 12_600].includes(delay))).toBe(true);
      const atLeast = (delay: number): number => delays.filter((other) => other >= delay).length / delays.length;
      // What came through ends the burst: the first draw always has the plain rate.
      expect(Math.abs(atLeast(200) - lostOnce)).toBeLessThan(0.02);
      expect(Math.abs(atLeast(600) - lostTwice)).toBeLessThan(0.008);
      expect(bed.network.chunksLost).toBeGreaterThan(200);
    }
  });

  test('slicer with variation: pieces add up, sizes vary around the average', () => {
    const { bed } = bedWith('slicer', { average_size: 100, size_variation: 50, delay: MS });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'a', 32_000);
    bed.runTo(10_000);
    // One piece a ms: so many pieces as ms passed. A piece is at most 150 bytes and at least half of 151 − 50.
    const pieces = acceptor.times[0]! / MS;
    expect(pieces).toBeGreaterThan(32_000 / 150);
    expect(pieces).toBeLessThan(32_000 / 25);
    expect(acceptor.messages).toEqual(['a']);
  });

  test('toxicity is drawn once for each connection', () => {
    const { bed } = bedWith('latency', { latency: 100 * MS, jitter: 0 }, { toxicity: 0.3 });
    const slow: boolean[] = [];
    for (let i = 0; i < 500; i++) {
      const { connection, acceptor } = bed.connect();
      const start = bed.loop.now;
      connection.send(DIALLER, 'a', 1);
      bed.runTo(i * 1000 + 300);
      connection.send(DIALLER, 'b', 1);
      bed.runTo(i * 1000 + 600);
      const first = acceptor.times[0]! - start > 50 * MS;
      const second = acceptor.times[1]! - (i * 1000 + 300) * MS > 50 * MS;
      expect(second).toBe(first);
      slow.push(first);
      bed.runTo((i + 1) * 1000);
    }
    const share = slow.filter(Boolean).length / slow.length;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.07);
  });

  test('a toxic draws from its own stream: another one beside it changes nothing', () => {
    const times = (withAnother: boolean): number[] => {
      const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 1e9 } });
      const proxy = { from: 0, to: 1 } as const;
      const jittery = { latency: 50 * MS, jitter: 20 * MS };
      if (withAnother) {
        bed.network.addToxic({ proxy, type: 'latency', name: 'other', stream: 'downstream', attributes: jittery });
        bed.network.addToxic({
          proxy,
          type: 'packet_loss',
          stream: 'downstream',
          attributes: { loss_rate: 0.5, correlation: 0 },
        });
      }
      bed.network.addToxic({ proxy, type: 'latency', stream: 'upstream', attributes: jittery });
      const { connection, acceptor } = bed.connect();
      for (let i = 0; i < 50; i++) {
        connection.send(DIALLER, i, 1);
        connection.send(ACCEPTOR, i, 1);
        bed.runTo(i * 10 + 10);
      }
      bed.runTo(100_000);
      return acceptor.times;
    };
    expect(times(true)).toEqual(times(false));
  });
});

describe('streams and proxies', () => {
  test('downstream is the default: from the accepting machine to the dialling one', () => {
    const bed = new Bed({ link: FAST_LINK });
    bed.network.addToxic({ proxy: { from: 0, to: 1 }, type: 'latency', attributes: { latency: 10 * MS, jitter: 0 } });
    const { connection, dialler, acceptor } = bed.connect();
    connection.send(DIALLER, 'question', 1);
    connection.send(ACCEPTOR, 'answer', 1);
    bed.runTo(100);
    expect(acceptor.lines).toEqual(['1 question']);
    expect(dialler.lines).toEqual(['11 answer']);
  });

  test('only connections of the proxy, by who dials whom', () => {
    const bed = new Bed({ machines: 3, link: FAST_LINK });
    const attributes = { latency: 10 * MS, jitter: 0 };
    bed.network.addToxic({ proxy: { from: 0, to: 1 }, type: 'latency', stream: 'upstream', attributes });
    bed.network.addToxic({ proxy: { from: 'any', to: 2 }, type: 'latency', stream: 'upstream', attributes });
    const seen: Record<string, string[]> = {};
    for (const [from, to] of [
      [0, 1],
      [1, 0],
      [2, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const { connection, acceptor } = bed.connect(from, to);
      connection.send(DIALLER, 'm', 1);
      seen[`${from}→${to}`] = acceptor.lines;
    }
    bed.runTo(100);
    expect(seen).toEqual({ '0→1': ['11 m'], '1→0': ['1 m'], '2→1': ['1 m'], '0→2': ['11 m'], '1→2': ['11 m'] });
  });

  test('the name is `<type>_<stream>` by default and one of a kind on its proxy', () => {
    const bed = new Bed();
    const add = (more: Partial<ToxicSpec>): number =>
      bed.network.addToxic({
        proxy: { from: 0, to: 1 },
        type: 'latency',
        attributes: { latency: 0, jitter: 0 },
        ...more,
      });
    expect(add({})).toBeGreaterThan(0);
    expect(add({})).toBe(0);
    expect(add({ name: 'latency_downstream', type: 'slow_close' })).toBe(0);
    expect(add({ stream: 'upstream' })).toBeGreaterThan(0);
    expect(add({ name: 'second' })).toBeGreaterThan(0);
    expect(add({ proxy: { from: 'any', to: 1 } })).toBeGreaterThan(0);
  });

  test('toxics act in the order of addition', () => {
    const at = (order: readonly string[]): string[] => {
      const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 1e9 } });
      const attributes: Record<string, ParameterValues> = {
        latency: { latency: 100 * MS, jitter: 0 },
        bandwidth: { rate: 100 },
      };
      for (const type of order) {
        bed.network.addToxic({ proxy: { from: 0, to: 1 }, type, stream: 'upstream', attributes: attributes[type]! });
      }
      const { connection, acceptor } = bed.connect();
      connection.send(DIALLER, 'a', 5000);
      bed.runTo(1000);
      return acceptor.lines;
    };
    // 50 ms in the bandwidth toxic are part of the latency that counts from the read, not the other way round.
    expect(at(['bandwidth', 'latency'])).toEqual(['101 a']);
    expect(at(['latency', 'bandwidth'])).toEqual(['151 a']);
  });
});

describe('while connections live', () => {
  test('added: acts on what is sent from then on', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'before', 1);
    bed.network.addToxic({
      proxy: { from: 0, to: 1 },
      type: 'latency',
      stream: 'upstream',
      attributes: { latency: 10 * MS, jitter: 0 },
    });
    connection.send(DIALLER, 'after', 1);
    bed.runTo(100);
    expect(acceptor.lines).toEqual(['1 before', '11 after']);
  });

  test('removed: what it held goes at once, in order, and nothing stays behind', () => {
    for (const [type, attributes] of [
      ['latency', { latency: 1000 * MS, jitter: 0 }],
      ['bandwidth', { rate: 0 }],
      ['slicer', { average_size: 1, size_variation: 0, delay: 1000 * MS }],
      ['packet_loss', { loss_rate: 1, correlation: 0 }],
    ] as [string, ParameterValues][]) {
      const { bed, handle } = bedWith(type, attributes);
      const { connection, acceptor } = bed.connect();
      connection.send(DIALLER, 'a', 10);
      connection.send(DIALLER, 'b', 40_000);
      bed.runTo(50);
      expect(acceptor.lines).toEqual([]);
      bed.network.removeToxic(handle);
      connection.send(DIALLER, 'c', 10);
      bed.runTo(50_000);
      expect(acceptor.lines).toEqual(['51 a', '51 b', '51 c']);
      expect(bed.network.messagesUnderWay).toBe(0);
    }
  });

  test('updated: what is at hand goes, the rest follows the new attributes', () => {
    const { bed, handle } = bedWith('bandwidth', { rate: 0 });
    const { connection, acceptor } = bed.connect();
    for (const message of ['a', 'b', 'c']) connection.send(DIALLER, message, 1000);
    bed.runTo(10);
    bed.network.updateToxic(handle, { rate: 10 });
    bed.runTo(1000);
    expect(acceptor.lines).toEqual(['11 a', '111 b', '211 c']);
  });

  test('a toxicity of 0 lifts it, and the draw stays what it was', () => {
    const { bed, handle } = bedWith('latency', { latency: 100 * MS, jitter: 0 });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'slow', 1);
    bed.runTo(200);
    bed.network.updateToxic(handle, { latency: 100 * MS, jitter: 0 }, 0);
    connection.send(DIALLER, 'fast', 1);
    bed.runTo(300);
    bed.network.updateToxic(handle, { latency: 100 * MS, jitter: 0 }, 1);
    connection.send(DIALLER, 'slow', 1);
    bed.runTo(500);
    expect(acceptor.lines).toEqual(['101 slow', '201 fast', '401 slow']);
  });

  test('removing timeout closes the connection at both ends', () => {
    const { bed, handle } = bedWith('timeout', { timeout: 0 });
    const { connection, dialler, acceptor } = bed.connect();
    connection.send(DIALLER, 'gone', 10);
    connection.send(ACCEPTOR, 'back', 10);
    bed.runTo(10);
    bed.network.removeToxic(handle);
    bed.runTo(20);
    expect(acceptor.lines).toEqual(['11 closed']);
    expect(dialler.lines).toEqual(['1 back', '11 closed']);
    expect(bed.network.connectionCount).toBe(0);
    expect(bed.network.counters).toMatchObject({ messagesLost: 1, messagesDelivered: 1 });
  });

  test('removing timeout leaves connections alone that it did not act on', () => {
    const { bed, handle } = bedWith('timeout', { timeout: 0 }, { toxicity: 0 });
    const { connection, acceptor } = bed.connect();
    bed.network.removeToxic(handle);
    connection.send(DIALLER, 'alive', 10);
    bed.runTo(10);
    expect(acceptor.lines).toEqual(['1 alive']);
  });

  test('limit_data keeps its count through an update', () => {
    const { bed, handle } = bedWith('limit_data', { bytes: 100 });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'a', 60);
    bed.network.updateToxic(handle, { bytes: 130 });
    connection.send(DIALLER, 'b', 60);
    connection.send(DIALLER, 'c', 60);
    bed.runTo(100);
    expect(acceptor.lines).toEqual(['1 a', '1 b', '1 closed']);
  });

  test('reset_peer: an update does not call off the wait; both ends are reset', () => {
    const { bed, handle } = bedWith('reset_peer', { timeout: 50 * MS });
    const { connection, dialler, acceptor } = bed.connect();
    connection.send(DIALLER, 'a', 10);
    bed.runTo(20);
    bed.network.updateToxic(handle, { timeout: 500 * MS });
    bed.runTo(1000);
    expect(acceptor.lines).toEqual(['51 reset']);
    expect(dialler.lines).toEqual(['51 reset']);
  });
});

describe('closing through toxics', () => {
  test('slow_close holds the close back, and lets it go when removed', () => {
    for (const [removeAt, closedAt] of [
      [undefined, 1001],
      [300, 301],
    ] as const) {
      const { bed, handle } = bedWith('slow_close', { delay: 1000 * MS });
      const { connection, acceptor } = bed.connect();
      connection.send(DIALLER, 'last', 10);
      connection.close(DIALLER);
      if (removeAt !== undefined) {
        bed.runTo(removeAt);
        bed.network.removeToxic(handle);
      }
      bed.runTo(5000);
      expect(acceptor.lines).toEqual(['1 last', `${closedAt} closed`]);
    }
  });

  test('latency and bandwidth: the close comes after the data', () => {
    const { bed } = bedWith('bandwidth', { rate: 1 });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'last', 500);
    connection.close(DIALLER);
    bed.runTo(5000);
    expect(acceptor.lines).toEqual(['501 last', '501 closed']);
  });

  test('timeout passes a close by the sender', () => {
    const { bed } = bedWith('timeout', { timeout: 0 });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'gone', 10);
    connection.close(DIALLER);
    bed.runTo(100);
    expect(acceptor.lines).toEqual(['1 closed']);
  });

  test('down: connections close, dials are refused, until it is lifted; enabling twice changes nothing', () => {
    const bed = new Bed({ link: FAST_LINK });
    const proxy = { from: 0, to: 1 } as const;
    const one = bed.connect();
    bed.network.setProxyEnabled(proxy, false);
    bed.network.setProxyEnabled(proxy, false);
    bed.runTo(10);
    expect(one.acceptor.lines).toEqual(['1 closed']);
    expect(one.dialler.lines).toEqual(['1 closed']);
    const refused = bed.dial();
    bed.runTo(20);
    expect(refused.dialler.lines).toEqual(['12 reset']);
    bed.network.setProxyEnabled(proxy, true);
    bed.network.setProxyEnabled(proxy, true);
    const again = bed.dial();
    bed.runTo(30);
    expect(again.dialler.lines).toEqual(['22 open']);
  });

  test('a reset at either end takes everything in the chain with it', () => {
    const { bed } = bedWith('latency', { latency: 1000 * MS, jitter: 0 });
    for (const side of [DIALLER, ACCEPTOR] as const) {
      const { connection } = bed.connect();
      connection.send(DIALLER, 'held', 10);
      connection.reset(side);
    }
    bed.runTo(5000);
    expect(bed.network.messagesUnderWay).toBe(0);
    expect(bed.network.connectionCount).toBe(0);
    expect(bed.network.counters).toMatchObject({ messagesSent: 2, messagesLost: 2, resets: 2 });
  });
});

describe('back-pressure', () => {
  test('a toxic that holds as much as the queue may blocks the sender until half has gone', () => {
    const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 10_000 } });
    bed.network.addToxic({
      proxy: { from: 0, to: 1 },
      type: 'bandwidth',
      stream: 'upstream',
      attributes: { rate: 100 },
    });
    const { connection, dialler } = bed.connect();
    let taken = 0;
    while (connection.send(DIALLER, taken, 1000)) taken++;
    expect(taken).toBe(10);
    bed.runTo(1000);
    expect(dialler.lines).toEqual(['50 writable']);
  });

  test('so does a stream without acknowledgements', () => {
    const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 10_000 } });
    const { connection, dialler, acceptor } = bed.connect();
    const handle = bed.network.block([[1, 0]]);
    for (let i = 0; i < 10; i++) expect(connection.send(DIALLER, i, 1000)).toBe(true);
    bed.runTo(10);
    expect(acceptor.messages.length).toBe(10);
    expect(connection.send(DIALLER, 'refused', 1)).toBe(false);
    bed.network.unblock(handle);
    bed.runTo(20);
    expect(dialler.lines).toEqual(['10 writable']);
  });
});

describe('attributes describe themselves', () => {
  test.each(TOXICS.map((toxic) => [toxic.name, toxic] as const))('%s', (name, toxic) => {
    expect(name).toMatch(/^[a-z_]+$/);
    expect(toxic.doc.length).toBeGreaterThan(10);
    for (const [attribute, spec] of Object.entries(toxic.attributes)) {
      expect(attribute).toMatch(/^[a-z_]+$/);
      expect(spec.doc.length).toBeGreaterThan(5);
    }
  });

  test('defaults are Toxiproxy’s zeros; only the slicer wants a size', () => {
    const required = TOXICS.flatMap(({ name, attributes }) =>
      Object.entries(attributes)
        .filter(([, spec]) => !('default' in spec) || spec.default !== 0)
        .map(([attribute]) => `${name}.${attribute}`),
    );
    expect(required).toEqual(['slicer.average_size']);
  });

  test('the slicer refuses a variation as large as the average', () => {
    const { check } = TOXICS.find(({ name }) => name === 'slicer')!;
    expect(check!({ average_size: 10, size_variation: 9, delay: 0 })).toBeUndefined();
    expect(check!({ average_size: 10, size_variation: 10, delay: 0 })).toMatch(/smaller/);
  });
});
