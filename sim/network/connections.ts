/** The connections that stand, and their directions by index: two to a slot. At most 65536, asserted. */
import { assert } from '../assert.ts';
import { Connection, type ConnectionOwner, type Direction } from './connection.ts';
import type { Link } from './link.ts';

const CONNECTIONS_MAX = 1 << 16;

export class Connections {
  /** In the order of dialling. */
  readonly standing = new Set<Connection>();
  readonly #directions: (Direction | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #serial = 0;

  add(owner: ConnectionOwner, tag: number, forth: Link, back: Link): Connection {
    const slot = this.#freeSlots.pop() ?? this.#directions.length / 2;
    assert(slot < CONNECTIONS_MAX, 'network: more than 65536 connections');
    const connection = new Connection(owner, slot, ++this.#serial, tag, forth, back);
    for (const direction of connection.directions) this.#directions[direction.index] = direction;
    this.standing.add(connection);
    return connection;
  }

  remove(connection: Connection): void {
    for (const { index } of connection.directions) this.#directions[index] = undefined;
    this.standing.delete(connection);
    this.#freeSlots.push(connection.slot);
  }

  direction(index: number): Direction | undefined {
    return this.#directions[index];
  }

  over(link: Link, visit: (direction: Direction) => void): void {
    for (const connection of this.standing) {
      for (const direction of connection.directions) if (direction.link === link) visit(direction);
    }
  }
}
