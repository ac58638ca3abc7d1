/**
 * Raft ids. A member has an id of its own: a machine that joins again after it was removed joins as somebody else, as
 * each `member add` of etcd makes a new one. The id tells the machine, so that nobody has to look up an address:
 *
 *     id = machine + 1 + 64 × how often the machine has joined before
 *
 * The founders have ids 1 … n. The id stands in the metadata of the write-ahead log, as a varint.
 */
import { readVarint, varintEnd, varintLength, writeVarint } from '../bytes/varint.ts';

/** Of a cluster: members and spares. */
export const MACHINES_MAX = 64;

export function memberId(machine: number, incarnation: number): number {
  return machine + 1 + incarnation * MACHINES_MAX;
}

/** −1 for `NONE`. */
export function machineOf(id: number): number {
  return (id - 1) % MACHINES_MAX;
}

export function encodeMemberId(id: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(id));
  writeVarint(bytes, 0, id);
  return bytes;
}

/** 0: damaged. */
export function decodeMemberId(bytes: Uint8Array): number {
  const id = readVarint(bytes, 0, bytes.length);
  return varintEnd === bytes.length ? id : 0;
}
