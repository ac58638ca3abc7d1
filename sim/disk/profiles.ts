/**
 * Devices by name: what `device.ts` computes with, and where each figure comes from.
 *
 * Figures are those of a class, not of a product: vendors' data sheets for the class where the note
 * says so, else what is commonly measured on it. To add a device is one entry in `DEVICE_PROFILES`.
 */
import { type Duration, MICROSECOND, MILLISECOND } from '../clock.ts';

/** Tokens that fill up at `perS` to `capacity`; each use takes some. With none left, work goes on at `perS`. */
export interface CreditSpec {
  readonly perS: number;
  readonly capacity: number;
}

export interface DeviceProfile {
  readonly name: string;
  readonly summary: string;
  /** Where the figures come from. */
  readonly source: string;
  readonly capacityBytes: number;
  /** Accesses that the device works on at a time. */
  readonly channels: number;
  /** Requests that it accepts; further ones wait in the operating system. */
  readonly queueDepth: number;
  /** One random access without the transfer. Channels ÷ latency is the highest rate of accesses. */
  readonly readLatencyNs: Duration;
  readonly writeLatencyNs: Duration;
  /** Sequential bandwidth of the device, shared by all channels. */
  readonly readBytesPerS: number;
  readonly writeBytesPerS: number;
  /** Limit on accesses a second, whatever the channels could do. */
  readonly operationsPerS: number;
  /** An access longer than this counts as several. */
  readonly operationBytesMax: number;
  /** Cache flush: base + exponential tail; rarely a stall on top. */
  readonly flushNs: Duration;
  readonly flushTailNs: Duration;
  readonly flushStallChance: number;
  readonly flushStallNs: Duration;
  /** A disk that turns: head movement and rotation come before each access. Latencies are 0 then. */
  readonly rotation:
    | { readonly seekMinNs: Duration; readonly seekMeanNs: Duration; readonly turnNs: Duration }
    | undefined;
  /** A volume that is rented by the access or by the byte. */
  readonly operationCredits: CreditSpec | undefined;
  readonly byteCredits: CreditSpec | undefined;
}

const GIB = 2 ** 30;
const MIB = 2 ** 20;

const NVME: DeviceProfile = {
  name: 'nvme',
  summary: 'data-centre NVMe SSD, PCIe 3.0 × 4, with power-loss protection',
  source:
    'data sheets of the class (3.2 GB/s read, 2 GB/s write, 300 to 600 k read IOPS at 4 KiB, reads in 80 to ' +
    '90 µs, writes in 20 µs into protected memory); a flush has nothing to do but to travel there and back',
  capacityBytes: 960e9,
  channels: 32,
  queueDepth: 1024,
  readLatencyNs: 85 * MICROSECOND,
  writeLatencyNs: 20 * MICROSECOND,
  readBytesPerS: 3.2e9,
  writeBytesPerS: 2e9,
  operationsPerS: 375_000,
  operationBytesMax: 128 * 1024,
  flushNs: 15 * MICROSECOND,
  flushTailNs: 10 * MICROSECOND,
  flushStallChance: 0.001,
  flushStallNs: 2 * MILLISECOND,
  rotation: undefined,
  operationCredits: undefined,
  byteCredits: undefined,
};

const SSD: DeviceProfile = {
  name: 'ssd',
  summary: 'SATA SSD without power-loss protection',
  source:
    'data sheets of the class (550 MB/s read, 520 MB/s write, 95 k and 88 k IOPS at 4 KiB, 32 commands in the queue); ' +
    'fdatasync measured on such drives takes 0.4 to 2 ms with a tail of several ms when the drive collects garbage',
  capacityBytes: 960e9,
  channels: 16,
  queueDepth: 32,
  readLatencyNs: 110 * MICROSECOND,
  writeLatencyNs: 50 * MICROSECOND,
  readBytesPerS: 550e6,
  writeBytesPerS: 520e6,
  operationsPerS: 95_000,
  operationBytesMax: 128 * 1024,
  flushNs: 400 * MICROSECOND,
  flushTailNs: 300 * MICROSECOND,
  flushStallChance: 0.01,
  flushStallNs: 5 * MILLISECOND,
  rotation: undefined,
  operationCredits: undefined,
  byteCredits: undefined,
};

const CLOUD_VOLUME: DeviceProfile = {
  name: 'cloud-volume',
  summary: 'network block volume of 100 GiB with credits',
  source:
    'the published rules of Amazon EBS gp2: 3 IOPS a GiB, bursts to 3000 out of 5.4 million credits, 128 MiB/s below ' +
    '170 GiB, accesses counted in pieces of 256 KiB; 0.5 to 1 ms an access over the network; a write is durable when ' +
    'it is answered, so that a flush costs a round trip; the byte credits are those of a small instance (30 minutes ' +
    'of burst over a baseline of 43.75 MB/s)',
  capacityBytes: 100 * GIB,
  channels: 32,
  queueDepth: 64,
  readLatencyNs: 700 * MICROSECOND,
  writeLatencyNs: 800 * MICROSECOND,
  readBytesPerS: 128 * MIB,
  writeBytesPerS: 128 * MIB,
  operationsPerS: 3000,
  operationBytesMax: 256 * 1024,
  flushNs: 500 * MICROSECOND,
  flushTailNs: 250 * MICROSECOND,
  flushStallChance: 0.002,
  flushStallNs: 20 * MILLISECOND,
  rotation: undefined,
  operationCredits: { perS: 300, capacity: 5_400_000 },
  byteCredits: { perS: 43.75e6, capacity: 1800 * (128 * MIB - 43.75e6) },
};

const HDD: DeviceProfile = {
  name: 'hdd',
  summary: 'hard disk, 7200 turns a minute',
  source:
    'data sheets of the class (8.33 ms a turn, 8.5 ms mean seek, 0.8 ms to the next track, 200 MB/s on the outer ' +
    'tracks); a flush writes what the cache holds and waits for the platter: half a turn and more',
  capacityBytes: 4e12,
  channels: 1,
  queueDepth: 32,
  readLatencyNs: 0,
  writeLatencyNs: 0,
  readBytesPerS: 200e6,
  writeBytesPerS: 200e6,
  operationsPerS: 10_000,
  operationBytesMax: 1024 * 1024,
  flushNs: 4200 * MICROSECOND,
  flushTailNs: 4 * MILLISECOND,
  flushStallChance: 0,
  flushStallNs: 0,
  rotation: { seekMinNs: 800 * MICROSECOND, seekMeanNs: 8500 * MICROSECOND, turnNs: 8_333_333 },
  operationCredits: undefined,
  byteCredits: undefined,
};

export const DEVICE_PROFILES: readonly DeviceProfile[] = [NVME, SSD, CLOUD_VOLUME, HDD];

export function findDeviceProfile(name: string): DeviceProfile | undefined {
  return DEVICE_PROFILES.find((profile) => profile.name === name);
}
