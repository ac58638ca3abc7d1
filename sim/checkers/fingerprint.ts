/**
 * 32 bits that tell one write from another: the CRC-32C of its value, fill included. The stamp at the
 * head of every generated value of 16 bytes or more makes it unique. Over the real bytes, not over
 * their representation: an engine may give back as literal bytes what was written as fill.
 */
import type { Value } from '../bytes/value.ts';

/** Never 0, which stands for "no value". */
export function fingerprint(value: Value): number {
  return value.crc32c(0) || 1;
}
