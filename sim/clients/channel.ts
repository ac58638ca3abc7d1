/**
 * The one connection from a client machine to a node, shared by all clients on the machine as one
 * HTTP/2 connection is in etcd's client.
 *
 * Dialled when somebody wants it; after a failure not before a back-off has passed. Requests that
 * are ready at the same instant leave as one message, an array, of at most `BUNDLE_BYTES_MAX`, so that
 * none waits long for the last byte of another. Bounded by the clients: each has one request outstanding.
 */
import type { Duration, Time } from '../clock.ts';
import type { CloseReason, Connection, Endpoint, Side } from '../network/connection.ts';
import { DIALLER } from '../network/connection.ts';
import type { Network } from '../network/network.ts';
import { type ClientRequest, requestBytes } from '../rpc.ts';

/** A frame's worth: at 10 Gbit/s the last byte comes 13 µs after the first. */
const BUNDLE_BYTES_MAX = 16 * 1024;

/** The clients' side of a channel. */
export interface ChannelOwner {
  /** The request of this attempt, if it is still wanted. */
  wanted(channel: Channel, client: number, attempt: number): ClientRequest | undefined;
  onSent(client: number): void;
  onReplies(channel: Channel, message: unknown): void;
  onOpened(channel: Channel): void;
  /** Whoever waits for an answer, or to be sent, through this channel has lost. */
  onLost(channel: Channel): void;
}

export class Channel implements Endpoint {
  /** Number of the client machine and of the node. */
  readonly machine: number;
  readonly node: number;
  readonly #owner: ChannelOwner;
  readonly #network: Network;
  readonly #from: number;
  readonly #to: number;
  readonly #backoff: { readonly initialNs: Duration; readonly maxNs: Duration };
  #connection: Connection | undefined;
  #isOpen = false;
  #isBlocked = false;
  #delayNs: Duration;
  #notBefore: Time = 0;
  /** Stands in the owner's list of channels to flush. */
  isDirty = false;
  // The first `#count` elements count: emptying an array would free it.
  readonly #waiting: number[] = [];
  readonly #attempts: number[] = [];
  #count = 0;

  constructor(
    owner: ChannelOwner,
    network: Network,
    place: { readonly machine: number; readonly node: number; readonly from: number; readonly to: number },
    backoff: { readonly initialNs: Duration; readonly maxNs: Duration },
  ) {
    this.#owner = owner;
    this.#network = network;
    this.machine = place.machine;
    this.node = place.node;
    this.#from = place.from;
    this.#to = place.to;
    this.#backoff = backoff;
    this.#delayNs = backoff.initialNs;
  }

  /** False: not connected, and too early to dial again. */
  submit(client: number, attempt: number, now: Time): boolean {
    if (this.#connection === undefined) {
      if (now < this.#notBefore) return false;
      this.#connection = this.#network.dial(this.#from, this.#to, this);
    }
    const at = this.#count++;
    this.#waiting[at] = client;
    this.#attempts[at] = attempt;
    return true;
  }

  /** Sends what waits, as far as it goes. */
  flush(): void {
    if (!this.#isOpen || this.#isBlocked || this.#count === 0) return;
    const waiting = this.#waiting;
    const attempts = this.#attempts;
    const count = this.#count;
    let next = 0;
    while (next < count) {
      const first = next;
      let bytes = 0;
      let message: ClientRequest | ClientRequest[] | undefined;
      for (; next < count; next++) {
        const request = this.#owner.wanted(this, waiting[next]!, attempts[next]!);
        if (request === undefined) continue;
        const more = requestBytes(request);
        if (message === undefined) message = request;
        else if (bytes + more > BUNDLE_BYTES_MAX) break;
        else if (Array.isArray(message)) message.push(request);
        else message = [message, request];
        bytes += more;
      }
      if (message === undefined) break;
      if (!this.#connection!.send(DIALLER, message, bytes)) {
        this.#isBlocked = true;
        this.#dropFirst(first);
        return;
      }
      for (let i = first; i < next; i++) {
        if (this.#owner.wanted(this, waiting[i]!, attempts[i]!) !== undefined) this.#owner.onSent(waiting[i]!);
      }
    }
    this.#count = 0;
  }

  #dropFirst(count: number): void {
    this.#waiting.copyWithin(0, count, this.#count);
    this.#attempts.copyWithin(0, count, this.#count);
    this.#count -= count;
  }

  onOpen(): void {
    this.#isOpen = true;
    this.#delayNs = this.#backoff.initialNs;
    this.#owner.onOpened(this);
  }

  onMessage(_connection: Connection, _side: Side, message: unknown): void {
    this.#owner.onReplies(this, message);
  }

  onWritable(): void {
    this.#isBlocked = false;
    this.#owner.onOpened(this);
  }

  onClosed(_connection: Connection, _side: Side, _reason: CloseReason): void {
    this.#connection = undefined;
    this.#isOpen = false;
    this.#isBlocked = false;
    this.#count = 0;
    this.#notBefore = this.#network.now + this.#delayNs;
    this.#delayNs = Math.min(this.#delayNs * 2, this.#backoff.maxNs);
    this.#owner.onLost(this);
  }
}
