/** Bytes that a Raft message takes on the wire, as raftpb.Message: what bandwidth and network counts see. */
import { varintLength } from '../bytes/varint.ts';
import type { Message } from './raft/messages.ts';

/** type, to, from, term, logTerm, index, commit, reject, rejectHint: a tag byte each; ids are ten-byte varints in etcd. */
const FIXED_BYTES = 9 + 2 * 9 + 4;

export function messageBytes(message: Message): number {
  let bytes = FIXED_BYTES + varintLength(message.term) + varintLength(message.index) + varintLength(message.commit);
  const { entries } = message;
  for (let i = 0; i < entries.length; i++) {
    const { encodedBytes } = entries[i]!;
    bytes += 1 + varintLength(encodedBytes) + encodedBytes;
  }
  return bytes;
}
