/** The lines that people see. */
import { expect, test } from 'vitest';
import { MILLISECOND } from '../../sim/clock.ts';
import type { Handler } from '../../sim/loop.ts';
import { DIALLER } from '../../sim/network/connection.ts';
import { Bed, FAST_LINK } from './bed.ts';

test('a dial, a message through a toxic, a partition, a close', () => {
  const bed = new Bed({ link: { ...FAST_LINK, queueBytes: 1000 }, machineNames: ['n1', 'clients'] });
  const lines: string[] = [];
  bed.loop.observer = {
    onEvent: (time: number, _event: number, target: Handler, opcode: number, a: number, b: number): void => {
      if (target.describe !== undefined) lines.push(`${time / MILLISECOND} ${target.describe(opcode, a, b)}`);
    },
  };
  const { connection } = bed.dial(1, 0);
  bed.runTo(10);
  const attributes = { latency: 5 * MILLISECOND, jitter: 0 };
  const toxic = bed.network.addToxic({
    proxy: { from: 'any', to: 0 },
    type: 'latency',
    stream: 'upstream',
    attributes,
  });
  connection.send(DIALLER, 'm', 500);
  connection.send(DIALLER, 'refused', 501);
  bed.runTo(20);
  bed.network.removeToxic(toxic);
  const block = bed.network.block([[1, 0]]);
  connection.send(DIALLER, 'm', 100);
  bed.runTo(30);
  bed.network.unblock(block);
  bed.runTo(300);
  bed.network.block([[1, 0]]);
  connection.send(DIALLER, 'm', 100);
  bed.runTo(10_000);
  expect(lines).toEqual([
    '1 clients → n1 SYN 40 B, connection 1',
    '2 n1 → clients SYN-ACK 40 B, connection 1',
    '15 toxic latency_upstream on connection 1',
    '15 clients → n1 has room again, connection 1',
    '16 clients → n1 data 500 B, connection 1',
    '21 clients → n1 data 100 B, connection 1 BLOCKED',
    '221 clients → n1 retransmits, connection 1',
    '222 clients → n1 data 100 B, connection 1',
    '301 clients → n1 data 100 B, connection 1 BLOCKED',
    '5301 clients → n1 gives up, connection 1',
    '5302 clients → n1 RST 40 B, connection 1 BLOCKED',
  ]);
});
