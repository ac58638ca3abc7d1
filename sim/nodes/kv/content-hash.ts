/** A checksum over what a reader sees: for the comparison of replicas at the end of a run. */
import { crc32c } from '../../bytes/crc32c.ts';
import type { Visitor } from '../../storage-engine.ts';

/** CRC-32C over the lengths, keys and values that `walk` visits, in that order; 8 hex digits. */
export function hashContent(walk: (visit: Visitor) => void): string {
  let crc = 0;
  const lengths = new Uint8Array(8);
  walk((keyBytes, keyFrom, keyTo, value) => {
    const keyLength = keyTo - keyFrom;
    for (let i = 0; i < 4; i++) {
      lengths[i] = keyLength >>> (8 * i);
      lengths[4 + i] = value.length >>> (8 * i);
    }
    crc = value.crc32c(crc32c(crc32c(crc, lengths, 0, 8), keyBytes, keyFrom, keyTo));
    return true;
  });
  return crc.toString(16).padStart(8, '0');
}
