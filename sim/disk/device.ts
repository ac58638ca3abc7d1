/**
 * The device's time: when a request that is submitted now will have finished.
 *
 * Computed at once from what the device already has to do; no events. A request's accesses spread over
 * the channels that are free first; the bytes then pass one bus; the rate of accesses is limited; a
 * rented volume waits for credits; no request starts before the one that stands `queueDepth` places
 * before it has finished. The last of these to be done decides. Requests are submitted in the order of
 * their times.
 *
 * A flush occupies no channel. One runs at a time; those that come while it runs share the next, as
 * in Linux's block layer.
 *
 * Simplified: the device does not know where on it a request goes. A turning disk seeks for every
 * access, less far when one request brings many (the elevator), and not for a single contiguous write
 * after another one: that is a log. SSDs have no garbage collection of their own beyond the rare stall
 * of a flush, and no write cache that fills up.
 */
import { assert } from '../assert.ts';
import { type Duration, SECOND, type Time } from '../clock.ts';
import type { Rng } from '../rng.ts';
import { CreditBucket } from './credit-bucket.ts';
import { type DeviceRequest, REQUEST_FLUSH, REQUEST_READ, REQUEST_WRITE } from './disk.ts';
import { DiskFaults } from './faults/disk-fault.ts';
import type { DeviceProfile } from './profiles.ts';

/** Sums since the start of the run; arrays are indexed by the kind of request. */
export interface DeviceFigures {
  readonly requests: Float64Array;
  readonly operations: Float64Array;
  readonly bytes: Float64Array;
  /** From submission to completion. */
  readonly totalNs: Float64Array;
  /** The part of it that other requests and missing credits caused. */
  readonly queueingNs: Float64Array;
  /** Time with at least one request at the device. */
  busyNs: Duration;
}

const KINDS = 3;

export class Device {
  readonly profile: DeviceProfile;
  readonly faults: DiskFaults;
  readonly figures: DeviceFigures = {
    requests: new Float64Array(KINDS),
    operations: new Float64Array(KINDS),
    bytes: new Float64Array(KINDS),
    totalNs: new Float64Array(KINDS),
    queueingNs: new Float64Array(KINDS),
    busyNs: 0,
  };

  readonly #rng: Rng;
  readonly #channelFreeAt: Float64Array;
  /** Completions of the last `queueDepth` requests, a ring. */
  readonly #completions: Float64Array;
  #completionsNext = 0;
  readonly #operationCredits: CreditBucket | undefined;
  readonly #byteCredits: CreditBucket | undefined;
  #busFreeAt: Time = 0;
  #operationsFreeAt: Time = 0;
  #flushRunsUntil: Time = 0;
  /** End of the flush that starts when the running one ends; the same time if there is none. */
  #nextFlushUntil: Time = 0;
  #busyUntil: Time = 0;
  #lastWasSingleWrite = false;

  constructor(profile: DeviceProfile, rng: Rng, faults: DiskFaults = new DiskFaults()) {
    this.profile = profile;
    this.faults = faults;
    this.#rng = rng;
    this.#channelFreeAt = new Float64Array(profile.channels);
    this.#completions = new Float64Array(profile.queueDepth);
    this.#operationCredits = profile.operationCredits && new CreditBucket(profile.operationCredits);
    this.#byteCredits = profile.byteCredits && new CreditBucket(profile.byteCredits);
  }

  /** When the request will have finished. */
  submit(now: Time, request: DeviceRequest): Time {
    const done = request.kind === REQUEST_FLUSH ? this.#flush(now, request) : this.#access(now, request);
    const { figures } = this;
    figures.requests[request.kind]++;
    figures.operations[request.kind] += request.operations;
    figures.bytes[request.kind] += request.bytes;
    figures.totalNs[request.kind] += done - now;
    const from = Math.max(now, this.#busyUntil);
    if (done > from) {
      figures.busyNs += done - from;
      this.#busyUntil = done;
    }
    return done;
  }

  /** The power failed: what was under way is gone. Credits are the landlord's and stay. */
  powerCycle(): void {
    this.#channelFreeAt.fill(0);
    this.#completions.fill(0);
    this.#busFreeAt = 0;
    this.#operationsFreeAt = 0;
    this.#flushRunsUntil = 0;
    this.#nextFlushUntil = 0;
    this.#busyUntil = 0;
  }

  /** Credits left for accesses and bytes; undefined where the profile has none. */
  operationCreditsLeft(now: Time): number | undefined {
    return this.#operationCredits?.left(now);
  }
  byteCreditsLeft(now: Time): number | undefined {
    return this.#byteCredits?.left(now);
  }

  #access(now: Time, request: DeviceRequest): Time {
    const { profile, figures } = this;
    const { bytes, operations, kind } = request;
    assert(operations >= 1, 'device: a request without an access');
    const isRead = kind === REQUEST_READ;
    const channels = this.#channelFreeAt.length;
    let accessNs = isRead ? profile.readLatencyNs : profile.writeLatencyNs;
    if (profile.rotation !== undefined) accessNs = this.#seekNs(request);
    let transferNs = (bytes / (isRead ? profile.readBytesPerS : profile.writeBytesPerS)) * SECOND;
    const aloneNs = accessNs * Math.ceil(operations / channels) + transferNs;
    if (this.faults.count > 0 && aloneNs > 0) {
      const factor = this.faults.deviceTime(request, Math.round(aloneNs)) / aloneNs;
      accessNs *= factor;
      transferNs *= factor;
    }
    accessNs = Math.round(accessNs);
    transferNs = Math.round(transferNs);

    const pieces = Math.max(operations, Math.ceil(bytes / profile.operationBytesMax));
    const ready = Math.max(now, this.#completions[this.#completionsNext]);
    // accesses go ahead as credits come in: only the last one has to wait for the last credit
    let covered = ready;
    if (this.#operationCredits !== undefined) covered = Math.max(covered, this.#operationCredits.take(now, pieces));
    if (this.#byteCredits !== undefined) covered = Math.max(covered, this.#byteCredits.take(now, bytes));

    const each = Math.floor(operations / channels);
    let first = Infinity;
    let last = 0;
    if (each > 0) {
      for (let channel = 0; channel < channels; channel++) {
        const start = Math.max(ready, this.#channelFreeAt[channel]);
        const end = start + each * accessNs;
        this.#channelFreeAt[channel] = end;
        if (start < first) first = start;
        if (end > last) last = end;
      }
    }
    for (let left = operations - each * channels; left > 0; left--) {
      const channel = this.#firstFree(ready);
      const start = Math.max(ready, this.#channelFreeAt[channel]);
      const end = start + accessNs;
      this.#channelFreeAt[channel] = end;
      if (start < first) first = start;
      if (end > last) last = end;
    }
    this.#busFreeAt = Math.max(this.#busFreeAt, first + accessNs) + transferNs;
    this.#operationsFreeAt =
      Math.max(this.#operationsFreeAt, ready) + Math.round((pieces / profile.operationsPerS) * SECOND);
    const done = Math.max(last, this.#busFreeAt, this.#operationsFreeAt, covered + accessNs);

    this.#completions[this.#completionsNext] = done;
    this.#completionsNext = (this.#completionsNext + 1) % this.#completions.length;
    const ownNs = accessNs * Math.ceil(operations / channels) + transferNs;
    figures.queueingNs[kind] += Math.max(0, done - now - ownNs);
    this.#lastWasSingleWrite = kind === REQUEST_WRITE && operations === 1;
    return done;
  }

  /** Of the channels free at `ready` the first; if none is, the one that will be first. */
  #firstFree(ready: Time): number {
    const freeAt = this.#channelFreeAt;
    let best = 0;
    for (let channel = 0; channel < freeAt.length; channel++) {
      if (freeAt[channel] <= ready) return channel;
      if (freeAt[channel] < freeAt[best]) best = channel;
    }
    return best;
  }

  /** Head movement and rotation before one access of the request. */
  #seekNs(request: DeviceRequest): Duration {
    const { seekMinNs, seekMeanNs, turnNs } = this.profile.rotation!;
    const rotationNs = this.#rng.float() * turnNs;
    const spread = this.#rng.float() * 2;
    if (request.kind === REQUEST_WRITE && request.operations === 1 && this.#lastWasSingleWrite) return rotationNs;
    // time grows with the root of the distance; n accesses in order are a 1/(n+1) of the disk apart, two random ones 1/3
    const distance = request.operations === 1 ? 1 : Math.sqrt(3 / (request.operations + 1));
    const seekNs = seekMinNs + (seekMeanNs - seekMinNs) * distance * spread;
    return seekNs + (request.operations === 1 ? rotationNs : turnNs / 2);
  }

  #flush(now: Time, request: DeviceRequest): Time {
    // the flush that was waiting has become the running one
    if (this.#flushRunsUntil <= now) this.#flushRunsUntil = this.#nextFlushUntil;
    const runsUntil = this.#flushRunsUntil;
    if (runsUntil > now && this.#nextFlushUntil > runsUntil) {
      this.figures.queueingNs[REQUEST_FLUSH] += runsUntil - now;
      return this.#nextFlushUntil;
    }
    const { flushNs, flushTailNs, flushStallChance, flushStallNs } = this.profile;
    let time = flushNs + this.#rng.exponential(flushTailNs);
    if (this.#rng.chance(flushStallChance)) time += this.#rng.exponential(flushStallNs);
    time = Math.round(time);
    if (this.faults.count > 0) time = Math.round(this.faults.deviceTime(request, time));
    if (runsUntil <= now) {
      this.#flushRunsUntil = now + time;
      this.#nextFlushUntil = this.#flushRunsUntil;
    } else {
      this.figures.queueingNs[REQUEST_FLUSH] += runsUntil - now;
      this.#nextFlushUntil = runsUntil + time;
    }
    return this.#nextFlushUntil;
  }
}
