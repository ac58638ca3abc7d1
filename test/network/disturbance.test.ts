/** Single messages that come twice, late or spoilt, and links that hold everything up for a while. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MILLISECOND } from '../../sim/clock.ts';
import { DIALLER } from '../../sim/network/connection.ts';
import type { Disturbance, DisturbanceKind } from '../../sim/network/interference.ts';
import type { BlockedPairs } from '../../sim/network/partition.ts';
import { Rng } from '../../sim/rng.ts';
import { Bed, FAST_LINK } from './bed.ts';

const FORTH: BlockedPairs = [[0, 1]];
const disturbance = (kind: DisturbanceKind, share: number, delayMs = 10): Disturbance => ({
  kind,
  share,
  delayNs: delayMs * MILLISECOND,
  rng: new Rng(1, 'disturbance'),
});

function sentThrough(kind: DisturbanceKind, share: number, count: number, delayMs?: number) {
  const bed = new Bed({ link: FAST_LINK });
  const ends = bed.connect();
  const spell = disturbance(kind, share, delayMs);
  bed.network.disturb(FORTH, spell);
  for (let i = 0; i < count; i++) {
    ends.connection.send(DIALLER, i, 10);
    bed.runTo(i + 1.5);
  }
  bed.network.settle(FORTH, spell);
  bed.runTo(count + 1000);
  return { bed, ...ends };
}

describe('a disturbed link', () => {
  test('doubles: everything comes at once and in order, and once more', () => {
    const { bed, acceptor } = sentThrough('duplicate', 1, 3, 100);
    expect(acceptor.messages.slice(0, 3)).toEqual([0, 1, 2]);
    expect([...acceptor.messages].sort()).toEqual([0, 0, 1, 1, 2, 2]);
    expect(bed.network.counters).toMatchObject({ messagesSent: 3, messagesDelivered: 6, messagesDuplicated: 3 });
  });

  test('keeps some back: others overtake them, and each comes once', () => {
    const { bed, acceptor } = sentThrough('reorder', 0.5, 40, 10);
    const inOrder = Array.from({ length: 40 }, (_, i) => i);
    expect(acceptor.messages).not.toEqual(inOrder);
    expect([...acceptor.messages].sort((a, b) => Number(a) - Number(b))).toEqual(inOrder);
    expect(bed.network.counters.messagesReordered).toBeGreaterThan(10);
    expect(bed.network.counters.messagesReordered).toBeLessThan(30);
  });

  test('spoils: the reader hangs up, the sender hears of it, and what was behind is lost', () => {
    const { bed, acceptor, dialler } = sentThrough('corrupt', 1, 2);
    expect([acceptor.lines, dialler.lines]).toEqual([['1 reset'], ['2 reset']]);
    expect(bed.network.counters).toMatchObject({ messagesCorrupted: 1, messagesDelivered: 0, resets: 2 });
    expect([bed.network.connectionCount, bed.network.messagesUnderWay]).toEqual([0, 0]);
  });

  test('does nothing to the other direction, nor once it is settled', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor, dialler } = bed.connect();
    const spell = disturbance('corrupt', 1);
    bed.network.disturb([[1, 0]], spell);
    connection.send(DIALLER, 'forth', 10);
    bed.runTo(5);
    bed.network.settle([[1, 0]], spell);
    bed.acceptedConnections[0]!.send(1, 'back', 10);
    bed.runTo(10);
    expect([acceptor.messages, dialler.messages]).toEqual([['forth'], ['back']]);
  });

  test.each([
    ['the connection has ended', (bed: Bed) => bed.acceptedConnections[0]!.reset(1)],
    ['the link is cut', (bed: Bed) => void bed.network.block(FORTH)],
  ])('what is late is lost when %s meanwhile', (_, meanwhile) => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    bed.network.disturb(FORTH, disturbance('reorder', 1));
    connection.send(DIALLER, 'late', 10);
    bed.runTo(1);
    meanwhile(bed);
    bed.runTo(4000);
    expect(acceptor.messages).toEqual([]);
    expect(bed.network.counters).toMatchObject({ messagesDelivered: 0, messagesLost: 1 });
  });

  test('a close lets through what is late, before it', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    bed.network.disturb(FORTH, disturbance('reorder', 1, 1000));
    for (const message of ['a', 'b', 'c']) connection.send(DIALLER, message, 10);
    connection.close(DIALLER);
    bed.runTo(1);
    expect([[...acceptor.messages].sort(), acceptor.closed]).toEqual([['a', 'b', 'c'], 'closed']);
    bed.runTo(5000);
    expect(bed.network.counters).toMatchObject({ messagesDelivered: 3, messagesLost: 0 });
    expect(bed.network.messagesUnderWay).toBe(0);
  });

  test('keeps back 65536 messages at most: further ones come on time', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    bed.network.disturb(FORTH, disturbance('reorder', 1, 1e9));
    for (let i = 0; i < (1 << 16) + 2; i++) connection.send(DIALLER, i, 10);
    bed.runTo(2);
    expect(acceptor.messages).toEqual([1 << 16, (1 << 16) + 1]);
  });

  test('loses and invents nothing, whatever is in force', () => {
    const kinds = fc.constantFrom<DisturbanceKind>('duplicate', 'reorder');
    const spells = fc.array(fc.record({ kind: kinds, share: fc.double({ min: 0, max: 1, noNaN: true }) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(spells, fc.integer({ min: 1, max: 50 }), (drawn, count) => {
        const bed = new Bed({ link: FAST_LINK });
        const { connection, acceptor } = bed.connect();
        for (const { kind, share } of drawn) bed.network.disturb(FORTH, disturbance(kind, share));
        for (let i = 0; i < count; i++) connection.send(DIALLER, i, 10);
        bed.runTo(5000);
        const { messagesDelivered, messagesDuplicated } = bed.network.counters;
        expect(new Set(acceptor.messages).size).toBe(count);
        expect(messagesDelivered).toBe(count + messagesDuplicated);
      }),
    );
  });
});

describe('a clog', () => {
  test('keeps what is in flight and what comes later, and lets it through in order when it ends', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'in flight', 10);
    bed.runTo(0.5);
    const handle = bed.network.block(FORTH, true);
    connection.send(DIALLER, 'sent later', 10);
    bed.runTo(150);
    expect(acceptor.lines).toEqual([]);
    bed.network.unblock(handle);
    bed.runTo(1000);
    expect(acceptor.lines).toEqual(['151 in flight', '151 sent later']);
    expect(bed.network.counters).toMatchObject({ messagesRetransmitted: 0, messagesLost: 0, messagesDelivered: 2 });
  });

  test.each([
    ['before the clog ends', 100, 150, '202 kept'],
    ['after the clog ends', 150, 100, '202 kept'],
  ])('under a partition that ends %s: sent again by the timer', (_, cutUntil, clogUntil, expected) => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, acceptor } = bed.connect();
    const clog = bed.network.block(FORTH, true);
    const cut = bed.network.block(FORTH);
    connection.send(DIALLER, 'kept', 10);
    for (const [handle, until] of [[clog, clogUntil] as const, [cut, cutUntil] as const].sort((a, b) => a[1] - b[1])) {
      bed.runTo(until);
      bed.network.unblock(handle);
    }
    bed.runTo(1000);
    expect(acceptor.lines).toEqual([expected]);
  });

  test('that lasts too long ends the connection', () => {
    const bed = new Bed({ link: FAST_LINK });
    const { connection, dialler } = bed.connect();
    bed.network.block(FORTH, true);
    connection.send(DIALLER, 'never', 10);
    bed.runTo(6000);
    expect(dialler.lines).toEqual(['5001 unreachable']);
  });
});
