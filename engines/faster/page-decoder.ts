/** Reads records from the bytes of a page, trusting none of them. */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { LogPage } from './log-page.ts';
import { INFO_BYTES, LENGTH_BYTES, LENGTH_MAX, recordBytes, SEALED, valueOffset } from './record-format.ts';

const value = new Value();
let key = new Uint8Array(256);

/**
 * Adds the records of [from, to) to `page`; `buffer` holds the page's bytes from offset `base` on. What is wrong, if
 * something is: then the page holds what came before.
 */
export function decodePage(
  buffer: SparseBuffer,
  base: number,
  from: number,
  to: number,
  page: LogPage,
): string | undefined {
  if (buffer.length < to - base) return `the file ends ${to - base - buffer.length} bytes too early`;
  let at = from;
  while (at < to) {
    if (at + INFO_BYTES > to) return `offset ${at}: a record's header does not fit`;
    const infoLow = buffer.readU32(at - base);
    const infoHigh = buffer.readU32(at - base + 4);
    if (infoLow === 0 && infoHigh === 0) {
      at += INFO_BYTES;
      continue;
    }
    if (at + INFO_BYTES + LENGTH_BYTES > to) return `offset ${at}: a key's length does not fit`;
    const keyLength = buffer.readU32(at - base + INFO_BYTES);
    const valueAt = at + valueOffset(keyLength);
    if (keyLength > LENGTH_MAX || valueAt + LENGTH_BYTES > to) return `offset ${at}: a key of ${keyLength} bytes`;
    const valueLength = buffer.readU32(valueAt - base);
    const end = at + recordBytes(keyLength, valueLength);
    if (valueLength > LENGTH_MAX || end > to) return `offset ${at}: a value of ${valueLength} bytes`;
    if (keyLength > key.length) key = new Uint8Array(keyLength * 2);
    const keyFrom = at - base + INFO_BYTES + LENGTH_BYTES;
    buffer.copyTo(key, 0, keyFrom, keyFrom + keyLength);
    const valueFrom = valueAt - base + LENGTH_BYTES;
    buffer.valueAt(valueFrom, valueFrom + valueLength, value);
    // sealed says only that the record was replaced while this process lived
    page.append(at, infoLow, (infoHigh & ~SEALED) >>> 0, key, 0, keyLength, value);
    at = end;
  }
  page.end = Math.max(page.end, to);
  return undefined;
}
