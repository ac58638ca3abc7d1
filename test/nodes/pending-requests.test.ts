/** Slots, a map for those in the way, and a ring by log index, against two plain maps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection, Side } from '../../sim/network/connection.ts';
import { PendingRequest, PendingRequests } from '../../sim/nodes/pending-requests.ts';
import { type ClientRequest, PUT } from '../../sim/rpc.ts';

function request(session: number, sequence: number): PendingRequest {
  const content: ClientRequest = {
    kind: 'request',
    session,
    sequence,
    operation: PUT,
    key: new Uint8Array(1),
    keyEnd: undefined,
    limit: 0,
    value: undefined,
    serializable: false,
  };
  return new PendingRequest(content, undefined as unknown as Connection, 0 as Side, 0);
}

/** Sessions that share slots, whatever power of two up to 2^16 the table has. */
const session = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 5 }).map((low) => low + 65_536 * (1 + (low % 3))),
);
const step = fc.record({
  kind: fc.constantFrom('add', 'add older', 'place', 'take', 'take older'),
  session,
});

describe('pending requests', () => {
  it('are found by session and by index as in two maps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new PendingRequests();
        const bySession = new Map<number, PendingRequest>();
        const byIndex = new Map<number, PendingRequest>();
        let sequence = 0;
        let index = 0;
        for (const { kind, session } of steps) {
          const known = bySession.get(session);
          if (kind === 'add') {
            const added = request(session, ++sequence);
            table.add(added);
            bySession.set(session, added);
          } else if (kind === 'add older') {
            // come late, or twice: the newer one stays
            if (known !== undefined) table.add(request(session, known.request.sequence - 1));
          } else if (kind === 'place' && known !== undefined && known.index === 0) {
            table.placed(known, ++index);
            byIndex.set(index, known);
          } else if (kind === 'take older') {
            expect(table.take(session, (known?.request.sequence ?? 0) - 1)).toBeUndefined();
          } else if (kind === 'take') {
            expect(table.take(session, known?.request.sequence ?? 1)).toBe(known);
            bySession.delete(session);
            if (known !== undefined) byIndex.delete(known.index);
          }
          for (let i = 1; i <= index; i++) expect(table.atIndex(i)).toBe(byIndex.get(i));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of an index far behind give way to newer ones', () => {
    const table = new PendingRequests();
    const old = request(1, 1);
    const young = request(2, 1);
    table.add(old);
    table.add(young);
    table.placed(old, 5);
    table.placed(young, 5 + (1 << 14));
    expect(table.atIndex(5)).toBeUndefined();
    expect(table.atIndex(5 + (1 << 14))).toBe(young);
    expect(table.take(1, 1)).toBe(old);
  });
});
