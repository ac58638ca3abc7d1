/**
 * One direction of the wire between two machines.
 *
 * Latency is a constant plus an exponential draw; bandwidth is one server that sends bytes in the
 * order in which they were handed over; what waits for it is bounded by `queueBytes`. The queue is
 * not stored: the instant at which the wire falls silent says how much is ahead of a new byte.
 * A bandwidth of `Infinity` makes bytes free and the queue endless. `blocked` counts the partitions and clogs in force:
 * while it is not 0, nothing arrives.
 *
 * Simplified: machines share no network card or switch, so links don't compete with one another.
 */
import type { Duration, Time } from '../clock.ts';
import { SECOND } from '../clock.ts';
import type { Rng } from '../rng.ts';
import type { LinkSpec } from '../run-spec.ts';

export class Link {
  readonly from: number;
  readonly to: number;
  readonly latencyNs: Duration;
  readonly jitterNs: Duration;
  readonly bandwidthBytesPerS: number;
  readonly queueBytes: number;
  /** Partitions and clogs in force over this direction. */
  blocked = 0;
  /** When the last partition was lifted; −1: none was. */
  healedAt: Time = -1;
  /** Single messages may be kept, doubled or spoilt: see `interference.ts`. */
  isDisturbed = false;
  /** When the last byte handed over so far has left. */
  busyUntil: Time = 0;
  /** Connections ever dialled over this link: names their random streams. */
  dials = 0;
  /** Bytes put on the wire, retransmissions included. */
  bytes = 0;
  readonly #queueNs: Duration;
  readonly #rng: Rng;

  constructor(from: number, to: number, spec: LinkSpec, rng: Rng) {
    this.from = from;
    this.to = to;
    this.latencyNs = spec.latencyNs;
    this.jitterNs = spec.jitterNs;
    this.bandwidthBytesPerS = spec.bandwidthBytesPerS;
    this.queueBytes = spec.queueBytes;
    this.#queueNs = (spec.queueBytes * SECOND) / spec.bandwidthBytesPerS;
    this.#rng = rng;
  }

  /** An idle link takes a message of any size: otherwise one larger than the queue could never be sent. */
  hasRoom(bytes: number, now: Time): boolean {
    const waitNs = this.busyUntil - now;
    return waitNs <= 0 || waitNs + (bytes * SECOND) / this.bandwidthBytesPerS <= this.#queueNs;
  }

  /** When half of a full queue will have left: a good time for a refused sender to try again. */
  halfEmptyAt(now: Time): Time {
    return Math.max(now + 1, this.busyUntil - Math.floor(this.#queueNs / 2));
  }

  /** Puts `bytes` on the wire; returns when the last of them arrives. Order within a stream is the caller's. */
  transmit(bytes: number, now: Time): Time {
    const from = this.busyUntil > now ? this.busyUntil : now;
    const left = from + Math.ceil((bytes * SECOND) / this.bandwidthBytesPerS);
    this.busyUntil = left;
    this.bytes += bytes;
    const arrival = left + this.latencyNs;
    return this.jitterNs > 0 ? arrival + Math.floor(this.#rng.exponential(this.jitterNs)) : arrival;
  }
}
