/**
 * How connections end: by the word of one side, of a proxy in between, or of a transport that gives up; and by the
 * death of a machine, which says no word.
 */
import type { EventLoop } from '../loop.ts';
import type { ToxicChains } from './chains.ts';
import { CLOSED, type CloseReason, type Connection, DIALLER, type Direction, NEW } from './connection.ts';
import type { Connections } from './connections.ts';
import type { NetworkCounters } from './counters.ts';
import { FIN, RST } from './message-slots.ts';
import type { Transport } from './transport.ts';

export class Endings {
  readonly #loop: EventLoop;
  readonly #connections: Connections;
  readonly #transport: Transport;
  readonly #counters: NetworkCounters;
  readonly #chains: ToxicChains;

  constructor(
    loop: EventLoop,
    connections: Connections,
    transport: Transport,
    chains: ToxicChains,
    counters: NetworkCounters,
  ) {
    this.#loop = loop;
    this.#connections = connections;
    this.#transport = transport;
    this.#chains = chains;
    this.#counters = counters;
  }

  // ——— by a side ———

  close(direction: Direction): void {
    if (direction.state === CLOSED) return;
    if (direction.state === NEW) {
      this.reset(direction);
      return;
    }
    direction.state = CLOSED;
    const { connection } = direction;
    if (direction.reverse.state === CLOSED) {
      this.#finish(connection);
      return;
    }
    this.#sendClose(direction);
  }

  reset(direction: Direction): void {
    if (direction.state === CLOSED) return;
    direction.state = CLOSED;
    this.resetPeer(direction);
  }

  /** Its side of everything is gone. */
  resetMachine(machine: number): void {
    for (const connection of this.#connections.standing) {
      for (const direction of connection.directions) {
        if (direction.link.from !== machine || direction.state === CLOSED) continue;
        direction.state = CLOSED;
        this.#clear(direction.reverse);
        this.resetPeer(direction);
      }
    }
  }

  /** The sending side is gone: what it sent is lost, and its peer is told. */
  resetPeer(direction: Direction): void {
    const { connection, reverse } = direction;
    this.#clear(direction);
    direction.hasEnded = true;
    const isUnheardOf = direction.sender === DIALLER && reverse.state === NEW;
    if (reverse.state === CLOSED || isUnheardOf) {
      this.#finish(connection);
      return;
    }
    direction.hasSentReset = true;
    this.#transport.sendControl(direction, RST);
  }

  // ——— by what a side did not ask for ———

  /** The peer or a proxy has said so. */
  closeSide(side: Direction, reason: CloseReason): void {
    if (side.state === CLOSED) return;
    side.state = CLOSED;
    side.hasEnded = true;
    this.#count(reason);
    const { connection, endpoint } = side;
    if (side.reverse.state === CLOSED) this.#finish(connection);
    endpoint?.onClosed(connection, side.sender, reason);
  }

  /** A side's own transport gives the connection up: its holder and its peer are told. */
  breakOff(side: Direction, reason: CloseReason): void {
    const wasClosed = side.state === CLOSED;
    side.state = CLOSED;
    const { connection, endpoint } = side;
    this.resetPeer(side);
    if (wasClosed) return;
    this.#count(reason);
    endpoint?.onClosed(connection, side.sender, reason);
  }

  /** All data has passed the proxy. */
  putClose(direction: Direction): void {
    if (direction.hasSentFin || direction.hasSentReset) return;
    direction.hasEnded = true;
    direction.hasSentFin = true;
    this.#transport.sendControl(direction, FIN);
    // The proxy has closed, not the sender: the sender is to hear of it too.
    const { reverse } = direction;
    if (direction.state !== CLOSED) this.#sendClose(reverse);
  }

  /** A proxy resets both sides. */
  resetBoth(connection: Connection): void {
    for (const direction of connection.directions) {
      this.#clear(direction);
      direction.hasEnded = true;
      if (direction.reverse.state !== CLOSED) {
        direction.hasSentReset = true;
        this.#transport.sendControl(direction, RST);
      }
    }
  }

  #sendClose(direction: Direction): void {
    if (direction.hasEnded) return;
    direction.hasEnded = true;
    if (direction.isChained) this.#chains.enterClose(direction);
    else this.putClose(direction);
  }

  #count(reason: CloseReason): void {
    if (reason === 'reset') this.#counters.resets++;
    else if (reason === 'unreachable') this.#counters.unreachable++;
  }

  // ——— clearing up ———

  /** Drops everything under way in a direction. */
  #clear(direction: Direction): void {
    this.#chains.clear(direction);
    this.#transport.clear(direction);
  }

  /** Both sides have ended. */
  #finish(connection: Connection): void {
    for (const direction of connection.directions) {
      this.#clear(direction);
      this.#chains.forget(direction);
      this.#loop.cancel(direction.writableEvent);
      direction.state = CLOSED;
    }
    this.#connections.remove(connection);
  }
}
