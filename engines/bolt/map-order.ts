/**
 * The order in which a loop over a Go map meets its entries, on which bbolt leaves the order of some steps.
 *
 * A map of n entries has 2^b buckets of 8 slots, with room for 6.5 entries a bucket on average. An entry goes to the
 * bucket that its hash names, into the first empty slot; a full bucket is followed by further ones. A loop
 * starts at a random bucket and, in all of them, at the same random slot. So it is no even shuffle: entries that share a
 * bucket keep the order in which they came, but for the rotation. The hashes, random in each process, are
 * drawn from `Arbitrary`.
 */
import type { Arbitrary } from './arbitrary.ts';

const SLOTS = 8;
const ENTRIES_PER_BUCKET = 6.5;

let bucketOf: Int32Array = new Int32Array(64);
let grouped: Int32Array = new Int32Array(64);
let starts: Int32Array = new Int32Array(64);

/** Puts entries[from, to), given in the order in which they came into the map, in the order of a loop over it. */
export function orderAsMap(entries: Int32Array, from: number, to: number, arbitrary: Arbitrary): void {
  const count = to - from;
  if (count < 2) return;
  let buckets = 1;
  while (count > SLOTS && count > ENTRIES_PER_BUCKET * buckets) buckets *= 2;
  groupByBucket(entries, from, count, buckets, arbitrary);
  const firstBucket = arbitrary.below(buckets);
  const firstSlot = arbitrary.below(SLOTS);
  let at = from;
  for (let i = 0; i < buckets; i++) {
    const bucket = (firstBucket + i) % buckets;
    const end = starts[bucket + 1]!;
    for (let chunk = starts[bucket]!; chunk < end; chunk += SLOTS) {
      for (let slot = 0; slot < SLOTS; slot++) {
        const place = chunk + ((slot + firstSlot) % SLOTS);
        if (place < end) entries[at++] = grouped[place]!;
      }
    }
  }
}

/** Fills `grouped` by bucket, which begins at `starts[bucket]`, each in the order of coming. */
function groupByBucket(entries: Int32Array, from: number, count: number, buckets: number, arbitrary: Arbitrary): void {
  if (bucketOf.length < count) {
    bucketOf = new Int32Array(count * 2);
    grouped = new Int32Array(count * 2);
  }
  if (starts.length < buckets + 2) starts = new Int32Array(buckets * 2 + 2);
  starts.fill(0, 0, buckets + 2);
  for (let i = 0; i < count; i++) {
    const bucket = arbitrary.below(buckets);
    bucketOf[i] = bucket;
    starts[bucket + 2]!++;
  }
  for (let bucket = 2; bucket < buckets + 2; bucket++) starts[bucket]! += starts[bucket - 1]!;
  // starts[b + 1] is where the next of bucket b goes, and in the end where it ends
  for (let i = 0; i < count; i++) grouped[starts[bucketOf[i]! + 1]!++] = entries[from + i]!;
}
