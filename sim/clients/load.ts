/**
 * When the clients of a run begin their operations; what becomes of each is the sessions' (`sessions.ts`).
 *
 * Each client is a session with one request outstanding. In a closed loop a client asks again as soon
 * as it is answered (all together at most `ratePerSMax`); in an open loop operations arrive at their
 * own pace, wait in a queue for a free session, and their latency counts from the arrival, so that a
 * stall is seen by everybody who would have come in it. Clients spend no time of their own between
 * answer and next question.
 *
 * Bounds: `ARRIVALS_MAX` operations wait for a session, more are refused and count as failed.
 */
import { assert } from '../assert.ts';
import type { Time } from '../clock.ts';
import { SECOND } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { Network } from '../network/network.ts';
import type { Rng } from '../rng.ts';
import type { WorkloadSpec } from '../run-spec.ts';
import { ArrivalQueue } from './arrival-queue.ts';
import type { LatencyRecorder } from './latency-recorder.ts';
import { type LoadCounts, noCounts } from './load-counts.ts';
import type { OperationObserver } from './observer.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';

const START = 1;
const ARRIVAL = 2;
/** 3 and 4 are the sessions'. */
const BEGIN = 5;

const ARRIVALS_MAX = 1 << 17;

export interface LoadOptions extends SessionsOptions {
  /** Operations to begin; 0: until `stop`. */
  readonly operationsMax: number;
}

export class Load implements Handler {
  readonly traceId: number;
  readonly counts: LoadCounts = noCounts();
  readonly #loop: EventLoop;
  readonly #spec: WorkloadSpec;
  readonly #observer: OperationObserver;
  readonly #recorder: LatencyRecorder;
  readonly #sessions: Sessions;
  readonly #operationsMax: number;
  readonly #arrivalRng: Rng;
  readonly #arrivals = new ArrivalQueue(ARRIVALS_MAX);
  /** Open loop: clients with nothing to do. */
  readonly #idle: ArrivalQueue;
  #nextArrival = 0;
  #nextPaced = 0;
  /** Operations begun, waiting or refused. */
  #issued = 0;
  /** Clients that wait for the rate limit. */
  #paced = 0;
  #isRunning = false;
  #isDrained = false;

  constructor(loop: EventLoop, network: Network, rng: Rng, options: LoadOptions) {
    this.#loop = loop;
    this.#spec = options.workload;
    this.traceId = options.traceId;
    this.#observer = options.observer;
    this.#recorder = options.recorder;
    this.#operationsMax = options.operationsMax > 0 ? options.operationsMax : Number.MAX_SAFE_INTEGER;
    this.#arrivalRng = rng.fork('arrivals');
    this.#idle = new ArrivalQueue(options.workload.clients);
    this.#sessions = new Sessions(loop, network, rng, options, this.counts, (client) => this.#onIdle(client));
  }

  /** Operations begun and not ended, and arrivals that wait. */
  get outstanding(): number {
    return this.#sessions.busy + this.#paced + this.#arrivals.length;
  }

  get isDrained(): boolean {
    return this.#isDrained;
  }

  /** At once, or at `at`; `stop` may come before. */
  start(at: Time = 0): void {
    assert(!this.#isRunning, 'load: started twice');
    this.#isRunning = true;
    if (at > this.#loop.now) this.#loop.schedule(at, this, BEGIN);
    else this.#startAll();
  }

  #startAll(): void {
    if (!this.#isRunning) return;
    const { now } = this.#loop;
    this.#nextArrival = now;
    this.#nextPaced = now;
    if (this.#spec.load.kind === 'open') {
      for (let client = 0; client < this.#spec.clients; client++) this.#idle.push(client);
      this.#scheduleArrival();
    } else {
      for (let client = 0; client < this.#spec.clients; client++) this.#continue(client);
    }
    this.#sessions.flush();
  }

  /** No operation begins from now on; those outstanding go on until they end. */
  stop(): void {
    this.#isRunning = false;
    this.counts.abandoned += this.#arrivals.length;
    this.#arrivals.clear();
    this.#noteDrained();
  }

  handle(opcode: number, client: number): void {
    if (opcode === START) this.#startPaced(client);
    else if (opcode === ARRIVAL) this.#arrive();
    else this.#startAll();
    this.#sessions.flush();
  }

  describe(opcode: number, client: number): string {
    if (opcode === ARRIVAL) return `arrival ${this.#issued + 1}`;
    if (opcode === BEGIN) return 'the clients begin';
    return this.#sessions.say(client, 'starts');
  }

  /** Closed loop: what the client does now that it has nothing to do. */
  #continue(client: number): void {
    if (!this.#isRunning || this.#issued >= this.#operationsMax) {
      this.#noteDrained();
      return;
    }
    this.#issued++;
    const { load } = this.#spec;
    const rate = load.kind === 'closed' ? load.ratePerSMax : 0;
    const { now } = this.#loop;
    if (rate > 0) {
      const at = Math.max(now, this.#nextPaced);
      this.#nextPaced = at + SECOND / rate;
      const start = Math.round(at);
      if (start > now) {
        this.#paced++;
        this.#loop.schedule(start, this, START, client);
        return;
      }
    }
    this.#sessions.begin(client, now);
  }

  #startPaced(client: number): void {
    this.#paced--;
    if (this.#isRunning) this.#sessions.begin(client, this.#loop.now);
    else this.#noteDrained();
  }

  #scheduleArrival(): void {
    const { load } = this.#spec;
    if (load.kind !== 'open' || this.#issued >= this.#operationsMax) return;
    const gapNs = SECOND / load.ratePerS;
    this.#nextArrival += load.arrivals === 'poisson' ? this.#arrivalRng.exponential(gapNs) : gapNs;
    this.#loop.schedule(Math.max(this.#loop.now, Math.round(this.#nextArrival)), this, ARRIVAL);
  }

  #arrive(): void {
    if (!this.#isRunning) return;
    const { now } = this.#loop;
    this.#issued++;
    const client = this.#idle.shift();
    if (client >= 0) {
      this.#sessions.begin(client, now);
    } else if (!this.#arrivals.push(now)) {
      this.counts.refused++;
      this.counts.failed++;
      this.#recorder.failed(now);
    }
    this.#scheduleArrival();
  }

  #onIdle(client: number): void {
    if (this.#spec.load.kind === 'closed') {
      this.#continue(client);
      return;
    }
    const arrival = this.#arrivals.shift();
    if (arrival >= 0) {
      this.#sessions.begin(client, arrival);
    } else {
      this.#idle.push(client);
      this.#noteDrained();
    }
  }

  #noteDrained(): void {
    if (this.#isDrained || this.outstanding > 0) return;
    if (this.#isRunning && this.#issued < this.#operationsMax) return;
    this.#isDrained = true;
    this.#observer.onDrained?.(this.#loop.now);
  }
}
