import { describe, expect, test } from 'vitest';
import { ACCEPTOR, DIALLER } from '../../sim/network/connection.ts';
import { Bed } from './bed.ts';

describe('a connection', () => {
  test('opens in one round trip of 40-byte packets', () => {
    const bed = new Bed();
    const { connection, dialler } = bed.dial();
    bed.runTo(100);
    expect(bed.accepted[0]!.lines).toEqual(['1.04 open']);
    expect(dialler.lines).toEqual(['2.08 open']);
    expect([connection.isOpen(DIALLER), connection.isOpen(ACCEPTOR)]).toEqual([true, true]);
  });

  test('delivers a message with its last byte, in order, one behind the other on the wire', () => {
    const bed = new Bed();
    const { connection, acceptor } = bed.connect();
    connection.send(DIALLER, 'a', 1000);
    connection.send(DIALLER, 'b', 500);
    bed.runTo(100);
    expect(acceptor.lines).toEqual(['2 a', '2.5 b']);
    expect(bed.network.counters).toMatchObject({
      messagesSent: 2,
      bytesSent: 1500,
      messagesDelivered: 2,
      bytesDelivered: 1500,
    });
  });

  test('the two directions do not slow each other, two connections over one link do', () => {
    const bed = new Bed();
    const one = bed.connect();
    const two = bed.connect();
    one.connection.send(DIALLER, 'one', 1000);
    two.connection.send(DIALLER, 'two', 1000);
    one.connection.send(ACCEPTOR, 'back', 1000);
    bed.runTo(100);
    expect(one.acceptor.lines).toEqual(['2 one']);
    expect(two.acceptor.lines).toEqual(['3 two']);
    expect(one.dialler.lines).toEqual(['2 back']);
  });

  test('a full queue refuses; half empty it says so', () => {
    const bed = new Bed();
    const { connection, dialler, acceptor } = bed.connect();
    expect(connection.send(DIALLER, 'fills', 64 * 1024)).toBe(true);
    expect(connection.send(DIALLER, 'refused', 1)).toBe(false);
    expect(connection.send(DIALLER, 'refused', 1)).toBe(false);
    bed.runTo(100);
    expect(dialler.lines).toEqual(['32.768 writable']);
    expect(connection.send(DIALLER, 'taken', 1)).toBe(true);
    bed.runTo(200);
    expect(acceptor.messages).toEqual(['fills', 'taken']);
    expect(bed.network.counters.sendsRefused).toBe(2);
  });

  test('an idle link takes a message larger than its queue', () => {
    const bed = new Bed();
    const { connection, acceptor } = bed.connect();
    expect(connection.send(DIALLER, 'large', 1_000_000)).toBe(true);
    bed.runTo(2000);
    expect(acceptor.lines).toEqual(['1001 large']);
  });

  test('a close follows the data, once, and nothing can be sent after it', () => {
    const bed = new Bed();
    const { connection, dialler, acceptor } = bed.connect();
    connection.send(DIALLER, 'last', 1000);
    connection.close(DIALLER);
    expect(connection.send(DIALLER, 'too late', 1)).toBe(false);
    connection.close(DIALLER);
    bed.runTo(100);
    expect(acceptor.lines).toEqual(['2 last', '2.04 closed']);
    expect(dialler.lines).toEqual([]);
    expect(connection.isOpen(ACCEPTOR)).toBe(false);
    expect(bed.network.connectionCount).toBe(0);
    expect(bed.network.messagesUnderWay).toBe(0);
  });

  test('a reset loses what is under way both ways', () => {
    const bed = new Bed();
    const { connection, dialler, acceptor } = bed.connect();
    connection.send(DIALLER, 'lost', 1000);
    connection.send(ACCEPTOR, 'unread', 1000);
    bed.runTo(0.5);
    connection.reset(DIALLER);
    bed.runTo(100);
    // The wire is still busy with the 1000 bytes when the reset is sent.
    expect(acceptor.lines).toEqual(['2.04 reset']);
    expect(dialler.lines).toEqual([]);
    expect(bed.network.counters).toMatchObject({ messagesLost: 2, bytesLost: 2000, messagesDelivered: 0 });
    expect(bed.network.messagesUnderWay).toBe(0);
  });

  test('nobody listening is a reset after one round trip', () => {
    const bed = new Bed();
    bed.network.unlisten(1);
    const { dialler } = bed.dial();
    bed.runTo(100);
    expect(dialler.lines).toEqual(['2.08 reset']);
    expect(bed.network.connectionCount).toBe(0);
  });

  test('a crashed machine: peers see a reset, what was under way is gone, dials are refused until it listens again', () => {
    const bed = new Bed({ machines: 3 });
    const toCrash = bed.connect(0, 1);
    const fromCrash = bed.connect(1, 2);
    const other = bed.connect(0, 2);
    toCrash.connection.send(DIALLER, 'a', 1000);
    toCrash.connection.send(ACCEPTOR, 'b', 1000);
    other.connection.send(DIALLER, 'c', 1000);
    bed.runTo(1.5);
    bed.network.resetMachine(1);
    bed.runTo(10);
    expect(toCrash.acceptor.lines).toEqual([]);
    expect(toCrash.dialler.lines).toEqual(['2.54 reset']);
    expect(fromCrash.acceptor.lines).toEqual(['2.54 reset']);
    expect(fromCrash.dialler.lines).toEqual([]);
    expect(other.acceptor.lines).toEqual(['2 c']);
    expect(bed.network.connectionCount).toBe(1);
    const refused = bed.dial(0, 1);
    bed.runTo(20);
    expect(refused.dialler.closed).toBe('reset');
    bed.listen(1);
    const again = bed.dial(0, 1);
    bed.runTo(30);
    expect(again.dialler.opened).toBe(1);
  });

  test('closing while dialling leaves nothing behind', () => {
    for (const at of [0, 0.5, 1.5]) {
      const bed = new Bed();
      const { connection, dialler } = bed.dial();
      bed.runTo(at);
      connection.close(DIALLER);
      bed.runTo(100);
      expect(dialler.lines).toEqual([]);
      expect(bed.accepted.map((recorder) => recorder.closed)).toEqual(at < 1 ? [] : ['reset']);
      expect(bed.network.connectionCount).toBe(0);
      expect(bed.network.messagesUnderWay).toBe(0);
    }
  });

  test('slots of ended connections are used again', () => {
    const bed = new Bed();
    for (let i = 0; i < 50; i++) {
      const { connection, acceptor } = bed.connect();
      expect(connection.slot).toBe(0);
      expect(connection.serial).toBe(i + 1);
      connection.send(DIALLER, i, 10);
      connection.close(DIALLER);
      bed.runTo(i * 10 + 9);
      expect(acceptor.messages).toEqual([i]);
    }
  });
});
