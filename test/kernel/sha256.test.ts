/** SHA-256 against published vectors and against Node's. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../sim/bytes/sha256.ts';
import { Value } from '../../sim/bytes/value.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const theirs = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hasher = new Sha256();
function ours(fill: (hasher: Sha256) => void): string {
  const out = new Uint8Array(32);
  fill(hasher.reset());
  hasher.digest(out);
  return hex(out);
}

describe('SHA-256', () => {
  // FIPS 180-4 examples
  const vectors: [string, string, string][] = [
    ['nothing', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['one block', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'two blocks',
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ];
  for (const [name, message, digest] of vectors) {
    it(name, () => expect(ours((h) => h.bytes(Buffer.from(message)))).toBe(digest));
  }

  it('a million times a, as a run', () => {
    const digest = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0';
    expect(ours((h) => h.run(0x61, 1_000_000))).toBe(digest);
  });

  it('equals Node, however the message is cut and whatever of it is a run', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes, run: 0, byte: 0 })),
      fc.tuple(fc.nat(255), fc.nat(300)).map(([byte, run]) => ({ bytes: new Uint8Array(0), run, byte })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const whole = Buffer.concat(
          parts.map(({ bytes, run, byte }) => Buffer.concat([bytes, Buffer.alloc(run, byte)])),
        );
        const digest = ours((h) => {
          for (const { bytes, run, byte } of parts) h.bytes(bytes).run(byte, run);
        });
        expect(digest).toBe(theirs(whole));
        const byteByByte = ours((h) => {
          for (const byte of whole) h.byte(byte);
        });
        expect(byteByByte).toBe(digest);
      }),
    );
  });

  it('hashes any part of a value', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(),
        fc.nat(200),
        fc.nat(),
        fc.nat(),
        (bytes, at, fill, a, b) => {
          const value = new Value().set(bytes, 0, bytes.length, at % (bytes.length + 1), fill);
          const from = a % (value.length + 1);
          const to = from + (b % (value.length - from + 1));
          expect(ours((h) => h.value(value, from, to))).toBe(theirs(value.toBytes().subarray(from, to)));
        },
      ),
    );
  });
});
