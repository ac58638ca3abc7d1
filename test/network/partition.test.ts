import { describe, expect, test } from 'vitest';
import { MILLISECOND, SECOND } from '../../sim/clock.ts';
import { ACCEPTOR, DIALLER } from '../../sim/network/connection.ts';
import {
  type BlockedPairs,
  bridge,
  isolate,
  majorityRing,
  oneWay,
  ring,
  symmetric,
} from '../../sim/network/partition.ts';
import { Bed, FAST_LINK } from './bed.ts';

describe('shapes', () => {
  /** Row = from, column = to; x where nothing arrives. */
  function matrix(machines: number, pairs: BlockedPairs): string[] {
    const blocked = new Set(pairs.map(([from, to]) => `${from}-${to}`));
    expect(blocked.size).toBe(pairs.length);
    return Array.from({ length: machines }, (_, from) =>
      Array.from({ length: machines }, (_, to) => (blocked.has(`${from}-${to}`) ? 'x' : '.')).join(''),
    );
  }

  test.each<[string, BlockedPairs, string[]]>([
    [
      'two groups; 4 is in none',
      symmetric([
        [0, 1],
        [2, 3],
      ]),
      ['..xx.', '..xx.', 'xx...', 'xx...', '.....'],
    ],
    ['three groups', symmetric([[0], [1, 2], [3, 4]]), ['.xxxx', 'x..xx', 'x..xx', 'xxx..', 'xxx..']],
    ['one way', oneWay([0, 1], [1, 2]), ['.xx..', '..x..', '.....', '.....', '.....']],
    ['isolated', isolate(1, [0, 1, 2, 3, 4]), ['.x...', 'x.xxx', '.x...', '.x...', '.x...']],
    ['ring', ring([0, 1, 2, 3, 4]), ['..xx.', '...xx', 'x...x', 'xx...', '.xx..']],
    ['ring of three', ring([0, 1, 2]), ['.....', '.....', '.....', '.....', '.....']],
    ['majority ring', majorityRing([0, 1, 2, 3, 4]), ['..xx.', '...xx', 'x...x', 'xx...', '.xx..']],
    ['majority ring in another order', majorityRing([0, 2, 4, 1, 3]), ['.x..x', 'x.x..', '.x.x.', '..x.x', 'x..x.']],
    ['majority ring of four', majorityRing([0, 1, 2, 3]), ['..x..', '...x.', 'x....', '.x...', '.....']],
    ['majority ring of three', majorityRing([0, 1, 2]), ['.x...', '..x..', 'x....', '.....', '.....']],
    ['bridge', bridge([0, 1], 2, [3, 4]), ['...xx', '...xx', '.....', 'xx...', 'xx...']],
    ['bridge, the middle named again', bridge([0, 1, 2], 2, [2, 3, 4]), ['...xx', '...xx', '.....', 'xx...', 'xx...']],
  ])('%s', (_name, pairs, expected) => {
    expect(matrix(5, pairs)).toEqual(expected);
  });
});

test.each([3, 4, 5, 6, 7, 9])('in a majority ring of %d each hears a majority, and no two the same', (count) => {
  const machines = Array.from({ length: count }, (_, machine) => machine);
  const pairs = majorityRing(machines);
  const heard = machines.map((to) =>
    machines.filter((from) => !pairs.some((pair) => pair[0] === from && pair[1] === to)),
  );
  for (const [to, group] of heard.entries()) {
    expect(group).toContain(to);
    expect(group).toHaveLength(Math.floor(count / 2) + 1);
  }
  expect(new Set(heard.map(String)).size).toBe(count);
});

describe('a partition', () => {
  const both: BlockedPairs = symmetric([[0], [1]]);

  test('catches what is in flight, and it comes when the timer expires after the heal', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'in flight', 10);
    bed.runTo(0.5);
    const handle = bed.network.block(both);
    connection.send(DIALLER, 'sent later', 10);
    bed.runTo(150);
    expect(acceptor.lines).toEqual([]);
    bed.network.unblock(handle);
    bed.runTo(1000);
    // Missed at 1; sent again at 201.
    expect(acceptor.lines).toEqual(['202 in flight', '202 sent later']);
    expect(bed.network.counters).toMatchObject({ messagesRetransmitted: 2, bytesRetransmitted: 20, messagesLost: 0 });
  });

  test.each([
    [100, 202],
    [300, 602],
    [601, 602],
    [602, 1402],
    [1400, 1402],
    [2900, 3002],
    [3100, undefined],
  ])('retransmission doubles: healed at %d ms, delivered at %s ms', (healMs, deliveredMs) => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, dialler, acceptor } = bed.connect();
    const handle = bed.network.block(both);
    connection.send(DIALLER, 'm', 10);
    bed.runTo(healMs);
    bed.network.unblock(handle);
    bed.runTo(60_000);
    if (deliveredMs !== undefined) {
      expect(acceptor.lines).toEqual([`${deliveredMs} m`]);
    } else {
      // The next attempt, at 6201 ms, comes after the sender's patience.
      expect(dialler.lines).toEqual(['5001 unreachable']);
      expect(acceptor.lines).toEqual(['5002 reset']);
    }
  });

  test('that is over before the message should arrive does nothing', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'm', 10);
    bed.runTo(0.2);
    const handle = bed.network.block(both);
    bed.runTo(0.8);
    bed.network.unblock(handle);
    bed.runTo(10);
    expect(acceptor.lines).toEqual(['1 m']);
  });

  test('that outlasts the sender: unreachable there, reset at the peer when it heals', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, dialler, acceptor } = bed.connect();
    const handle = bed.network.block(both);
    connection.send(DIALLER, 'lost', 10);
    bed.runTo(20_000);
    expect(dialler.lines).toEqual(['5001 unreachable']);
    expect(acceptor.lines).toEqual([]);
    expect(bed.network.connectionCount).toBe(1);
    bed.network.unblock(handle);
    bed.runTo(60_000);
    expect(acceptor.closed).toBe('reset');
    expect(bed.network.connectionCount).toBe(0);
    expect(bed.network.messagesUnderWay).toBe(0);
    expect(bed.network.counters).toMatchObject({ messagesLost: 1, unreachable: 1, resets: 1 });
  });

  test('leaves an idle connection as it was', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    const handle = bed.network.block(both);
    bed.runTo(100_000);
    bed.network.unblock(handle);
    connection.send(DIALLER, 'm', 10);
    bed.runTo(200_000);
    expect(acceptor.lines).toEqual(['100001 m']);
  });

  test('one way: data arrives, the sender hears nothing, and gives up', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, dialler, acceptor } = bed.connect();
    bed.network.block([[1, 0]]);
    connection.send(DIALLER, 'heard', 10);
    bed.runTo(4000);
    expect(acceptor.lines).toEqual(['1 heard']);
    expect(dialler.lines).toEqual([]);
    bed.runTo(60_000);
    expect(dialler.lines).toEqual(['5001 unreachable']);
    expect(acceptor.lines).toEqual(['1 heard', '5002 reset']);
  });

  test('one way, healed in time: the stream goes on, the answers come late', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, dialler, acceptor } = bed.connect();
    const handle = bed.network.block([[1, 0]]);
    connection.send(DIALLER, 'question', 10);
    connection.send(ACCEPTOR, 'answer', 10);
    bed.runTo(1000);
    bed.network.unblock(handle);
    bed.runTo(60_000);
    expect(acceptor.lines).toEqual(['1 question']);
    expect(dialler.lines).toEqual(['1402 answer']);
  });

  test('several overlap; a link works when the last over it is lifted; lifting twice is harmless', () => {
    const bed = new Bed({ machines: 3, link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    const first = bed.network.block(both);
    const second = bed.network.block(isolate(0, [0, 1, 2]));
    connection.send(DIALLER, 'm', 10);
    expect([bed.network.isBlocked(0, 1), bed.network.isBlocked(0, 2), bed.network.isBlocked(1, 2)]).toEqual([
      true,
      true,
      false,
    ]);
    bed.runTo(100);
    bed.network.unblock(first);
    bed.network.unblock(first);
    expect(bed.network.isBlocked(0, 1)).toBe(true);
    bed.runTo(500);
    expect(acceptor.lines).toEqual([]);
    bed.network.unblock(second);
    bed.runTo(1000);
    expect(acceptor.lines).toEqual(['602 m']);
  });

  test('blocked again before the retransmission: the one after the next heal counts', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    const first = bed.network.block(both);
    connection.send(DIALLER, 'm', 10);
    bed.runTo(100);
    bed.network.unblock(first);
    bed.runTo(150);
    const second = bed.network.block(both);
    bed.runTo(700);
    bed.network.unblock(second);
    bed.runTo(5000);
    expect(acceptor.lines).toEqual(['1402 m']);
  });

  test('a dial into it: retried, then unreachable', () => {
    const healed = new Bed({ link: FAST_LINK });
    const handle = healed.network.block(both);
    const one = healed.dial();
    healed.runTo(1000);
    healed.network.unblock(handle);
    healed.runTo(60_000);
    expect(one.dialler.lines).toEqual(['1403 open']);

    for (const pairs of [both, oneWay([0], [1]), oneWay([1], [0])]) {
      const bed = new Bed({ link: FAST_LINK });
      bed.network.block(pairs);
      const { dialler } = bed.dial();
      bed.runTo(60_000);
      expect(dialler.lines).toEqual(['5001 unreachable']);
    }
  });

  test('a close or crash behind it is heard of when it heals', () => {
    for (const [how, expected] of [
      ['close', '602 closed'],
      ['reset', '602 reset'],
      ['crash', '602 reset'],
    ] as const) {
      const bed = new Bed({ link: FAST_LINK });
      const { connection, acceptor } = bed.connect();
      const handle = bed.network.block(both);
      if (how === 'close') connection.close(DIALLER);
      else if (how === 'reset') connection.reset(DIALLER);
      else bed.network.resetMachine(0);
      bed.runTo(300);
      expect(acceptor.lines).toEqual([]);
      bed.network.unblock(handle);
      bed.runTo(60_000);
      expect(acceptor.lines).toEqual([expected]);
      expect(bed.network.connectionCount).toBe(0);
    }
  });

  test('a full stream refuses until the heal', () => {
    const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 1000 } });
    const { connection, dialler, acceptor } = bed.connect();
    const handle = bed.network.block(both);
    connection.send(DIALLER, 0, 100);
    bed.runTo(10);
    for (let i = 1; i < 10; i++) expect(connection.send(DIALLER, i, 100)).toBe(true);
    expect(connection.send(DIALLER, 'refused', 100)).toBe(false);
    bed.network.unblock(handle);
    bed.runTo(5000);
    expect(dialler.lines).toEqual(['201 writable']);
    expect(acceptor.messages).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

test('patience is an option', () => {
  const bed = new Bed({ link: FAST_LINK, giveUpNs: 60 * SECOND });
  const { connection, dialler } = bed.connect();
  bed.network.block([[0, 1]]);
  connection.send(DIALLER, 'm', 10);
  bed.runTo(100_000);
  expect(dialler.lines).toEqual([`${(60 * SECOND) / MILLISECOND + 1} unreachable`]);
});
