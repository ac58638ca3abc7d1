/**
 * What Badger's skip-list arena would have used for a memtable: the figure that decides when it is
 * full. Only the arithmetic; our bytes live elsewhere, without fill.
 *
 * The arena begins with one unused byte and the list's head, a node of full height with an empty key and
 * value. A node takes 96 bytes less 4 for each level it does not have, and 7 for its alignment;
 * then come the key and the encoded value. A value set anew takes its bytes again.
 */
export const HEIGHT_MAX = 20;
export const NODE_BYTES_MAX = 96;
const LEVEL_BYTES = 4;
const ALIGNMENT_BYTES = 7;
/** meta, user meta and an expiry of 0. */
const VALUE_OVERHEAD_BYTES = 3;
const EMPTY_ARENA_BYTES = 1 + NODE_BYTES_MAX + ALIGNMENT_BYTES + VALUE_OVERHEAD_BYTES;

export class Arena {
  usedBytes = EMPTY_ARENA_BYTES;

  reset(): void {
    this.usedBytes = EMPTY_ARENA_BYTES;
  }
  addNode(height: number, internalKeyBytes: number): void {
    this.usedBytes += NODE_BYTES_MAX - (HEIGHT_MAX - height) * LEVEL_BYTES + ALIGNMENT_BYTES + internalKeyBytes;
  }
  /** `expiryBytes`: of the varint; one for no expiry. */
  addValue(valueBytes: number, expiryBytes: number): void {
    this.usedBytes += valueBytes + VALUE_OVERHEAD_BYTES - 1 + expiryBytes;
  }
}
