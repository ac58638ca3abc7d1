import { describe, expect, it } from 'vitest';
import { MICROSECOND, MILLISECOND, SECOND } from '../../sim/clock.ts';
import { CreditBucket } from '../../sim/disk/credit-bucket.ts';
import { Device } from '../../sim/disk/device.ts';
import { type DeviceRequest, REQUEST_FLUSH, REQUEST_READ, REQUEST_WRITE } from '../../sim/disk/disk.ts';
import { DiskFaults, findDiskFault } from '../../sim/disk/faults/index.ts';
import { DEVICE_PROFILES, type DeviceProfile, findDeviceProfile } from '../../sim/disk/profiles.ts';
import { Rng } from '../../sim/rng.ts';

const profile = (name: string): DeviceProfile => findDeviceProfile(name)!;
const device = (name: string, seed = 1): Device => new Device(profile(name), new Rng(seed));
const read = (bytes: number, operations = 1): DeviceRequest => ({ kind: REQUEST_READ, bytes, operations });
const write = (bytes: number, operations = 1): DeviceRequest => ({ kind: REQUEST_WRITE, bytes, operations });
const FLUSH: DeviceRequest = { kind: REQUEST_FLUSH, bytes: 0, operations: 1 };

/** A device whose figures are round. */
const PLAIN: DeviceProfile = {
  name: 'plain',
  summary: '',
  source: '',
  capacityBytes: 1e12,
  channels: 4,
  queueDepth: 8,
  readLatencyNs: 100 * MICROSECOND,
  writeLatencyNs: 50 * MICROSECOND,
  readBytesPerS: 1e9,
  writeBytesPerS: 1e9,
  operationsPerS: 1e6,
  operationBytesMax: 100_000,
  flushNs: MILLISECOND,
  flushTailNs: 0,
  flushStallChance: 0,
  flushStallNs: 0,
  rotation: undefined,
  operationCredits: undefined,
  byteCredits: undefined,
};

describe('a request at an idle device', () => {
  const rows: [string, DeviceRequest, number][] = [
    // access, then 1 ns a byte
    ['one page read', read(4096), 100_000 + 4096],
    ['one page written', write(4096), 50_000 + 4096],
    ['one MB read in one piece', read(1e6), 100_000 + 1_000_000],
    ['4 pages on 4 channels', read(4 * 4096, 4), 100_000 + 4 * 4096],
    ['5 pages on 4 channels', read(5 * 4096, 5), 200_000],
    ['400 pages of 1 byte: 100 rounds', read(400, 400), 10_000_000],
    ['a flush', FLUSH, 1_000_000],
  ];
  it.each(rows)('%s', (_name, request, time) => {
    expect(new Device(PLAIN, new Rng(1)).submit(0, request)).toBe(time);
    // at any time
    expect(new Device(PLAIN, new Rng(1)).submit(5 * SECOND, request)).toBe(5 * SECOND + time);
  });

  it('is limited by the rate of accesses where the channels are not the limit', () => {
    const slow = { ...PLAIN, operationsPerS: 1000, channels: 64, queueDepth: 1000 };
    expect(new Device(slow, new Rng(1)).submit(0, read(50 * 4096, 50))).toBe(50 * MILLISECOND);
    // a long access counts as several
    expect(new Device(slow, new Rng(1)).submit(0, read(1e6))).toBe(10 * MILLISECOND);
  });
});

describe('requests that meet', () => {
  it('share channels and the bus in the order of submission', () => {
    const plain = new Device(PLAIN, new Rng(1));
    expect([1, 2, 3, 4, 5].map(() => plain.submit(0, read(1000)))).toEqual([
      101_000, 102_000, 103_000, 104_000, 201_000,
    ]);
    // the last one waited for a channel, the others for the bus
    expect(plain.figures.queueingNs[REQUEST_READ]).toBe(0 + 1000 + 2000 + 3000 + 100_000);
    expect(plain.figures.busyNs).toBe(201_000);
    expect(plain.figures.requests[REQUEST_READ]).toBe(5);
  });

  it('wait in the operating system beyond the queue depth', () => {
    const shallow = { ...PLAIN, queueDepth: 2, channels: 64 };
    const plain = new Device(shallow, new Rng(1));
    expect([1, 2, 3, 4].map(() => plain.submit(0, write(0)))).toEqual([50_000, 50_000, 100_000, 100_000]);
  });

  it('flushes that come while one runs share the next', () => {
    const plain = new Device(PLAIN, new Rng(1));
    expect([0, 100, 200, 999_999].map((now) => plain.submit(now, FLUSH))).toEqual([
      1_000_000, 2_000_000, 2_000_000, 2_000_000,
    ]);
    expect(plain.submit(1_500_000, FLUSH)).toBe(3_000_000);
    expect(plain.submit(2_000_000, FLUSH)).toBe(3_000_000 + 1_000_000);
    expect(plain.submit(9_000_000, FLUSH)).toBe(10_000_000);
  });

  it('never finish before they were submitted, nor faster than the bus, on any profile', () => {
    for (const each of DEVICE_PROFILES) {
      const rng = new Rng(7);
      const real = new Device(each, new Rng(3));
      let now = 0;
      let readBytes = 0;
      let last = 0;
      for (let i = 0; i < 3000; i++) {
        now += rng.int(0, 200_000);
        const operations = rng.int(1, 40);
        const request = [read(operations * 4096, operations), write(operations * 4096, operations), FLUSH][
          rng.int(0, 2)
        ];
        const done = real.submit(now, request);
        expect(Number.isSafeInteger(done)).toBe(true);
        expect(done).toBeGreaterThan(now);
        if (request.kind === REQUEST_READ) readBytes += request.bytes;
        last = Math.max(last, done);
      }
      expect((readBytes / last) * SECOND).toBeLessThanOrEqual(each.readBytesPerS);
      expect(real.figures.busyNs).toBeLessThanOrEqual(last);
      for (let kind = 0; kind < 3; kind++) {
        expect(real.figures.queueingNs[kind]).toBeLessThanOrEqual(real.figures.totalNs[kind]);
      }
    }
  });
});

describe('profiles', () => {
  const sustained = (name: string, request: DeviceRequest, count: number): number => {
    const real = device(name);
    let last = 0;
    for (let i = 0; i < count; i++) last = Math.max(last, real.submit(0, request));
    return (count * request.operations * SECOND) / last;
  };
  const meanFlush = (name: string): number => {
    const real = device(name);
    let sum = 0;
    for (let i = 0; i < 2000; i++) sum += real.submit(i * SECOND, FLUSH) - i * SECOND;
    return sum / 2000;
  };
  it.each([
    // random 4 KiB reads a second, µs for one write of 4 KiB and its flush
    ['nvme', 300_000, 400_000, 30, 70],
    ['ssd', 80_000, 100_000, 600, 1000],
    ['cloud-volume', 2500, 3001, 1200, 1800],
    ['hdd', 60, 130, 10_000, 30_000],
  ])('%s: %d to %d reads a second, a synced page in %d to %d µs', (name, low, high, fastest, slowest) => {
    const rate = sustained(name, read(4096), name === 'hdd' ? 300 : 3000);
    expect(rate).toBeGreaterThanOrEqual(low);
    expect(rate).toBeLessThanOrEqual(high);
    const real = device(name, 4);
    let written = 0;
    for (let i = 0; i < 200; i++) written += real.submit(i * SECOND, write(4096)) - i * SECOND;
    const synced = (written / 200 + meanFlush(name)) / MICROSECOND;
    expect(synced).toBeGreaterThanOrEqual(fastest);
    expect(synced).toBeLessThanOrEqual(slowest);
  });

  it('hdd: one run of 1 MB is far cheaper than 250 pages, and those far cheaper than 250 times one', () => {
    const together = device('hdd').submit(0, write(1e6));
    const sorted = device('hdd').submit(0, write(250 * 4096, 250));
    const disk = device('hdd');
    let single = 0;
    for (let i = 0; i < 250; i++) single = disk.submit(single, read(4096));
    expect(together * 10).toBeLessThan(sorted);
    expect(sorted * 1.5).toBeLessThan(single);
  });

  it('cloud-volume: bursts at 3000 accesses a second until the credits are gone, then gets 300', () => {
    const volume = device('cloud-volume');
    expect(volume.operationCreditsLeft(0)).toBe(5_400_000);
    let now = 0;
    const rateOver = (accesses: number): number => {
      const from = now;
      for (let i = 0; i < accesses / 100; i++) now = volume.submit(now, read(100, 100));
      return (accesses * SECOND) / (now - from);
    };
    expect(rateOver(30_000)).toBeGreaterThan(2900);
    // 5.4 million at 3000 − 300 a second last for 2000 s
    while (now < 1990 * SECOND) now = volume.submit(now, read(3000, 3000));
    expect(rateOver(6000)).toBeGreaterThan(2900);
    while (now < 2100 * SECOND) now = volume.submit(now, read(3000, 3000));
    expect(Math.round(rateOver(6000))).toBe(300);
    expect(volume.operationCreditsLeft(now)).toBeLessThan(1);
  });
});

describe('credits', () => {
  it('are earned, saved up to the capacity, and owed', () => {
    const bucket = new CreditBucket({ perS: 10, capacity: 20 });
    const S = SECOND;
    // [now, amount, covered at, left afterwards]
    const rows: [number, number, number, number][] = [
      [0, 15, 0, 5],
      [0, 5, 0, 0],
      [0, 10, 1 * S, 0],
      [1 * S, 0, 1 * S, 0],
      [2 * S, 5, 2 * S, 5],
      [100 * S, 0, 100 * S, 20],
      [100 * S, 25, 100.5 * S, 0],
    ];
    expect(rows.map(([now, amount]) => [now, amount, bucket.take(now, amount), bucket.left(now)])).toEqual(rows);
  });
});

describe('slow-disk', () => {
  it('multiplies every time and is gone when lifted', () => {
    const faults = new DiskFaults();
    const plain = new Device(PLAIN, new Rng(1), faults);
    const slow = findDiskFault('slow-disk')!.create({ factor: 10 }, new Rng(1));
    const times = (now: number): number[] =>
      [read(4096), write(9 * 4096, 9), FLUSH].map((each, i) => {
        const at = now + i * SECOND;
        return plain.submit(at, each) - at;
      });
    const healthy = times(0);
    faults.add(slow);
    expect(times(10 * SECOND)).toEqual(healthy.map((time) => time * 10));
    faults.remove(slow);
    expect(times(20 * SECOND)).toEqual(healthy);
  });
});
