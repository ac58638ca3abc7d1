import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NodeClock } from '../../sim/nodes/node-clock.ts';

/** The dumb twin: in whole numbers of any size. */
class ExactClock {
  drift = 0n;
  base = 0n;
  since = 0n;
  read(now: bigint): bigint {
    const rate = 1_000_000n + (this.drift < -900_000n ? -900_000n : this.drift);
    return this.base + ((now - this.since) * rate) / 1_000_000n;
  }
  change(now: bigint, drift: bigint, jump: bigint): void {
    this.base = this.read(now) + jump;
    this.since = now;
    this.drift += drift;
  }
}

const change = fc.record({
  after: fc.integer({ min: 0, max: 1e13 }),
  drift: fc.integer({ min: -900_000, max: 9_000_000 }),
  jump: fc.integer({ min: -3.6e12, max: 3.6e12 }),
});

describe("a node's clock", () => {
  it.each([
    // drift in ppm, jump in ns, what it shows 1 s later
    [0, 0, 1_000_000_000],
    [1_000_000, 0, 2_000_000_000],
    [-500_000, 0, 500_000_000],
    [200, 0, 1_000_200_000],
    [0, -5, 999_999_995],
    [-2_000_000, 0, 100_000_000], // at least a tenth
  ])('that drifts by %i ppm and jumped by %i ns', (driftPpm, jumpNs, shown) => {
    const clock = new NodeClock();
    clock.change(0, driftPpm, jumpNs);
    expect(clock.read(1_000_000_000)).toBe(shown);
  });

  it('keeps what it gained when a drift is over, and from then on the right pace', () => {
    const clock = new NodeClock();
    clock.change(1000, 500_000, 0);
    clock.change(3000, -500_000, 0);
    expect([clock.read(3000), clock.read(4000)]).toEqual([4000, 5000]);
    clock.change(5000, 0, -1000);
    expect([clock.read(5000), clock.when(6000, 5000), clock.when(4000, 5000)]).toEqual([5000, 6000, 5000]);
  });

  it('reads as exact arithmetic has it, and says when it will show a reading', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.integer({ min: 0, max: 1e13 }), (changes, ahead) => {
        const clock = new NodeClock();
        const twin = new ExactClock();
        let now = 0;
        for (const { after, drift, jump } of changes) {
          now += after;
          clock.change(now, drift, jump);
          twin.change(BigInt(now), BigInt(drift), BigInt(jump));
          expect(BigInt(clock.read(now + ahead))).toBe(twin.read(BigInt(now + ahead)));
        }
        const reading = clock.read(now) + Math.floor(ahead / 100);
        const at = clock.when(reading, now);
        expect(at).toBeGreaterThanOrEqual(now);
        expect(clock.read(at)).toBeGreaterThanOrEqual(reading);
        if (at > now) expect(clock.read(at - 1)).toBeLessThan(reading);
      }),
    );
  });
});
