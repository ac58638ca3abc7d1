/**
 * 32 bits that tell one write from another: the CRC-32C of the literal bytes of its value. The
 * stamp at the head of every generated value makes it unique; fill adds nothing.
 */
import { crc32c } from '../bytes/crc32c.ts';
import type { Value } from '../bytes/value.ts';

/** Never 0, which stands for "no value". */
export function fingerprint(value: Value): number {
  return crc32c(0, value.bytes, value.start, value.start + value.literalLength) || 1;
}
