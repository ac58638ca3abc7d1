/**
 * What a toxic is: something that stands in one direction of a connection and decides, chunk by
 * chunk, what becomes of the bytes. Attributes, defaults and effects are Toxiproxy's; where one
 * differs, its file says so.
 *
 * To add one: a file beside this one with a class that implements `Toxic` and a `ToxicDefinition`,
 * and one line in `index.ts`. A toxic object serves one direction of one connection, so its fields
 * are per-connection state; whatever it draws comes from its own stream.
 */
import type { Duration, Time } from '../../clock.ts';
import type { ParameterSpecs, ParameterValues } from '../../parameters.ts';
import type { Rng } from '../../rng.ts';

/** Consecutive bytes of a stream: what one read of a socket gave, or a piece that a toxic cut off. */
export interface Chunk {
  bytes: number;
  /** Slot of the message that ends with this chunk; −1 if none does. */
  message: number;
  /** When it was read from the sender; `latency` counts from here and moves it. */
  timestamp: Time;
  /** When it came to this toxic. */
  enteredAt: Time;
}

export const PASS = 0;
export const DROP = 1;
export const STALL = 2;
export const CLOSE = 3;
export const RESET = 4;
export type Verdict = typeof PASS | typeof DROP | typeof STALL | typeof CLOSE | typeof RESET;

/** The toxic's answer, filled in by its methods. Reused. */
export class Fate {
  verdict: Verdict = PASS;
  bytes = 0;
  delayNs: Duration = 0;
  pauseNs: Duration = 0;
  /** −1: leave the timer as it is. */
  timerNs: Duration = -1;
  /** For the count of lost packets in the report. */
  retransmissions = 0;

  clear(): void {
    this.verdict = PASS;
    this.bytes = 0;
    this.delayNs = 0;
    this.pauseNs = 0;
    this.timerNs = -1;
    this.retransmissions = 0;
  }

  /** After `delayNs` the first `bytes` go on; then, after `pauseNs`, the toxic is asked about the rest. */
  pass(bytes: number, delayNs: Duration, pauseNs: Duration): void {
    this.verdict = PASS;
    this.bytes = bytes;
    this.delayNs = delayNs;
    this.pauseNs = pauseNs;
  }

  /** The bytes are gone. The stream has a hole from here on, so the connection can only end. */
  drop(): void {
    this.verdict = DROP;
  }

  /** Nothing moves until the toxic is updated or removed. */
  stall(): void {
    this.verdict = STALL;
  }

  /** The first `bytes` go on, the rest is dropped, and the proxy closes the connection. */
  close(bytes: number): void {
    this.verdict = CLOSE;
    this.bytes = bytes;
  }

  /** The proxy resets both ends; whatever was under way is lost. */
  reset(): void {
    this.verdict = RESET;
  }

  /** `onTimer` is called after `delayNs`, instead of at whatever time was set before. */
  wakeAfter(delayNs: Duration): void {
    this.timerNs = delayNs;
  }
}

export interface Toxic {
  /** Decides about the chunk at the head, at the moment at which it may be dealt with. Passes at least 1 byte. */
  onChunk(chunk: Chunk, now: Time, fate: Fate): void;
  /** The toxic starts to act on the connection, or its attributes were changed. */
  onStart?(now: Time, fate: Fate): void;
  onTimer?(now: Time, fate: Fate): void;
  /** The sender has closed; all its data has passed. `fate.pass(0, delay, 0)` lets the close through. */
  onClose?(now: Time, fate: Fate): void;
  /** It is taken away. PASS (the default) lets the connection live. */
  onRemove?(now: Time, fate: Fate): void;
  update(attributes: ParameterValues): void;
}

export interface ToxicDefinition {
  readonly name: string;
  readonly doc: string;
  readonly attributes: ParameterSpecs;
  /** While it is in force the proxy accepts no connection. */
  readonly refusesDials?: boolean;
  /** What the specs of single attributes can't say; undefined if all is well. */
  readonly check?: (attributes: ParameterValues) => string | undefined;
  create(attributes: ParameterValues, rng: Rng): Toxic;
}

/** Attributes are validated and complete before they come here. */
export function numberOf(attributes: ParameterValues, name: string): number {
  const value = attributes[name];
  return typeof value === 'number' ? value : 0;
}
