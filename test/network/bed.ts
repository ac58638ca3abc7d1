/** Two or more machines, a recorder on every side, and nothing else. */
import { MILLISECOND, type Time } from '../../sim/clock.ts';
import { EventLoop } from '../../sim/loop.ts';
import { type CloseReason, type Connection, DIALLER, type Endpoint, type Side } from '../../sim/network/connection.ts';
import { Network, type NetworkOptions } from '../../sim/network/network.ts';
import { Rng } from '../../sim/rng.ts';
import type { LinkSpec } from '../../sim/run-spec.ts';
import { Trace } from '../../sim/trace.ts';

/** 1 ms each way, 1 byte a µs (1 MB/s), 64 KiB queue, no jitter: every figure can be checked by hand. */
export const PLAIN_LINK: LinkSpec = {
  latencyNs: MILLISECOND,
  jitterNs: 0,
  bandwidthBytesPerS: 1e6,
  queueBytes: 64 * 1024,
};
/** The same, but the bytes themselves take no time. */
export const FAST_LINK: LinkSpec = { ...PLAIN_LINK, bandwidthBytesPerS: Number.POSITIVE_INFINITY };

export class Recorder implements Endpoint {
  readonly lines: string[] = [];
  readonly messages: unknown[] = [];
  readonly times: Time[] = [];
  closed: CloseReason | undefined;
  writable = 0;
  opened = 0;
  readonly #bed: Bed;

  constructor(bed: Bed) {
    this.#bed = bed;
  }

  onOpen(): void {
    this.opened++;
    this.lines.push(`${this.#bed.clock()} open`);
  }
  onMessage(_connection: Connection, _side: Side, message: unknown): void {
    if (this.closed !== undefined) throw new Error('a message after the close');
    this.messages.push(message);
    this.times.push(this.#bed.loop.now);
    this.lines.push(`${this.#bed.clock()} ${String(message)}`);
  }
  onWritable(): void {
    this.writable++;
    this.lines.push(`${this.#bed.clock()} writable`);
  }
  onClosed(_connection: Connection, _side: Side, reason: CloseReason): void {
    if (this.closed !== undefined) throw new Error('closed twice');
    this.closed = reason;
    this.lines.push(`${this.#bed.clock()} ${reason}`);
  }
}

export class Bed {
  readonly loop = new EventLoop(new Trace());
  readonly network: Network;
  /** Recorders of accepted connections, in order. */
  readonly accepted: Recorder[] = [];
  readonly acceptedConnections: Connection[] = [];

  constructor(options: Partial<NetworkOptions> = {}, seed = 1) {
    this.network = new Network(this.loop, new Rng(seed, 'network'), {
      machines: 2,
      link: PLAIN_LINK,
      traceId: 1,
      ...options,
    });
    for (let machine = 0; machine < this.network.machines; machine++) this.listen(machine);
  }

  listen(machine: number): void {
    this.network.listen(machine, {
      accept: (connection) => {
        const recorder = new Recorder(this);
        this.accepted.push(recorder);
        this.acceptedConnections.push(connection);
        return recorder;
      },
    });
  }

  /** An established connection from `from` to `to`, with both recorders. */
  connect(from = 0, to = 1): { connection: Connection; dialler: Recorder; acceptor: Recorder } {
    const dialler = new Recorder(this);
    const connection = this.network.dial(from, to, dialler, 0, true);
    const acceptor = this.accepted.at(-1)!;
    acceptor.lines.length = 0;
    return { connection, dialler, acceptor };
  }

  dial(from = 0, to = 1): { connection: Connection; dialler: Recorder } {
    const dialler = new Recorder(this);
    return { connection: this.network.dial(from, to, dialler), dialler };
  }

  /** Runs up to and including `milliseconds` of virtual time. */
  runTo(milliseconds: number): void {
    const until = Math.round(milliseconds * MILLISECOND);
    // The loop's clock stands at the last event: have one at the end.
    this.loop.schedule(until, { traceId: 0, handle: () => {} }, 0);
    const end = this.loop.run(until, 1e6);
    if (end === 'budget') throw new Error('the event budget ran out');
  }

  /** Milliseconds since the start, to the µs at most. */
  clock(): string {
    return String(this.loop.now / MILLISECOND);
  }
}

export { DIALLER };
