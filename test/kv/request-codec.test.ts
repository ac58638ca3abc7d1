import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FILL, Value } from '../../sim/bytes/value.ts';
import {
  DecodedRequest,
  encodeCompaction,
  encodeRequest,
  REQUEST_COMPACTION,
  REQUEST_DELETE_RANGE,
  REQUEST_NONE,
  REQUEST_PUT,
  REQUEST_UNKNOWN,
} from '../../sim/nodes/kv/request-codec.ts';
import { type ClientRequest, DELETE, PUT } from '../../sim/rpc.ts';

const text = (of: string): Uint8Array => new TextEncoder().encode(of);
const hex = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

function request(fields: Partial<ClientRequest>): ClientRequest {
  return {
    kind: 'request',
    session: 1,
    sequence: 1,
    operation: PUT,
    key: text('k'),
    keyEnd: undefined,
    limit: 0,
    value: undefined,
    serializable: false,
    ...fields,
  };
}

/** The 64-bit varint of an id, by BigInt. */
function idBytes(session: number, sequence: number): number[] {
  let id = (1n << 63n) | (BigInt(session) << 31n) | BigInt(sequence);
  const out: number[] = [];
  for (; id >= 128n; id >>= 7n) out.push(Number(id & 127n) | 128);
  out.push(Number(id));
  return out;
}

test('a put, worked out by hand', () => {
  const encoded = encodeRequest(request({ key: text('ab'), value: Value.of(text('xyz')), session: 5, sequence: 7 }));
  expect(hex(encoded.toBytes())).toBe(
    hex([0x22, 9, 0x0a, 2, 0x61, 0x62, 0x12, 3, 0x78, 0x79, 0x7a, 0xa2, 0x06, 11, 0x08, ...idBytes(5, 7)]),
  );
});

test('a delete of a range, worked out by hand', () => {
  const encoded = encodeRequest(request({ operation: DELETE, key: text('a'), keyEnd: text('c') }));
  expect(hex(encoded.toBytes())).toBe(
    hex([0x2a, 6, 0x0a, 1, 0x61, 0x12, 1, 0x63, 0xa2, 0x06, 11, 0x08, ...idBytes(1, 1)]),
  );
});

test('a compaction, worked out by hand', () => {
  expect(hex(encodeCompaction(300, 2, 3).toBytes())).toBe(
    hex([0x3a, 3, 0x08, 0xac, 0x02, 0xa2, 0x06, 11, 0x08, ...idBytes(2, 3)]),
  );
});

test('16 B key and 256 B value: 294 B, of which 280 B are the put', () => {
  const encoded = encodeRequest(
    request({ key: new Uint8Array(16).fill(107), value: Value.filled(text('stamp'), 251) }),
  );
  expect(encoded.length).toBe(294);
  expect(encoded.literalLength).toBe(294 - 251);
});

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 9, maxLength: 20 }).map((some) => some.fill(FILL)),
);
const anyRequest = fc.record({
  session: fc.nat(0xffffffff),
  sequence: fc.integer({ min: 1, max: 0x7fffffff }),
  operation: fc.constantFrom(PUT, DELETE),
  key: bytes,
  end: fc.option(
    bytes.filter((each) => each.length > 0),
    { nil: undefined },
  ),
  head: bytes,
  fill: fc.nat(3000),
  tail: bytes,
});

/** What comes back from a disk: the longest run of fill as fill, wherever it stands. */
function asRead(payload: Value): Value {
  const all = payload.toBytes();
  let best = 0;
  let bestLength = 0;
  for (let at = 0; at < all.length; ) {
    let end = at;
    while (end < all.length && all[end] === FILL) end++;
    if (end - at > bestLength) {
      best = at;
      bestLength = end - at;
    }
    at = Math.max(end, at + 1);
  }
  const literal = Uint8Array.from([...all.subarray(0, best), ...all.subarray(best + bestLength)]);
  return new Value().set(literal, 0, literal.length, best, bestLength);
}

test('what is encoded is decoded, as it was or as a disk gives it back', () => {
  const decoded = new DecodedRequest();
  fc.assert(
    fc.property(anyRequest, fc.nat(5), (each, shift) => {
      const literal = Uint8Array.from([...each.head, ...each.tail]);
      const value = new Value().set(literal, 0, literal.length, each.head.length, each.fill);
      const isPut = each.operation === PUT;
      const encoded = encodeRequest(
        request({ ...each, keyEnd: isPut ? undefined : each.end, value: isPut ? value : undefined }),
      );
      const shifted = new Uint8Array(shift + encoded.literalLength);
      shifted.set(encoded.bytes, shift);
      const elsewhere = new Value().set(shifted, shift, encoded.literalLength, encoded.fillAt, encoded.fillLength);
      for (const payload of [encoded, elsewhere, asRead(encoded), Value.of(encoded.toBytes())]) {
        decoded.decode(payload);
        expect(decoded.kind).toBe(isPut ? REQUEST_PUT : REQUEST_DELETE_RANGE);
        expect(decoded.session).toBe(each.session);
        expect(decoded.sequence).toBe(each.sequence);
        expect(decoded.bytes.slice(decoded.keyFrom, decoded.keyTo)).toEqual(each.key);
        const end = decoded.bytes.slice(decoded.endFrom, decoded.endTo);
        expect(end).toEqual(isPut ? new Uint8Array(0) : (each.end ?? new Uint8Array(0)));
        expect(decoded.value.equals(isPut ? value : new Value())).toBe(true);
      }
    }),
    { numRuns: 400 },
  );
});

test('compactions come back', () => {
  const decoded = new DecodedRequest();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(0xffffffff), (revision, session) => {
      decoded.decode(encodeCompaction(revision, session, 9));
      expect([decoded.kind, decoded.revision, decoded.session, decoded.sequence]).toEqual([
        REQUEST_COMPACTION,
        revision,
        session,
        9,
      ]);
    }),
  );
});

test('nothing is nothing; garbage and cut requests are unknown, and nothing throws', () => {
  const decoded = new DecodedRequest();
  decoded.decode(new Value());
  expect(decoded.kind).toBe(REQUEST_NONE);
  const whole = encodeRequest(request({ key: text('key'), value: Value.of(text('value')) })).toBytes();
  for (let cut = 1; cut < whole.length; cut++) {
    decoded.decode(Value.of(whole.slice(0, cut)));
    // the put alone, without a header, is a request that nobody waits for
    if (cut === 14) expect([decoded.kind, decoded.sequence]).toEqual([REQUEST_PUT, 0]);
    else expect(decoded.kind, `cut at ${cut}`).toBe(REQUEST_UNKNOWN);
  }
  let known = 0;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat(20), (some, fill) => {
      decoded.decode(Value.filled(some, fill));
      if (decoded.kind !== REQUEST_UNKNOWN) known++;
    }),
    { numRuns: 1000 },
  );
  expect(known).toBeLessThan(100);
});
