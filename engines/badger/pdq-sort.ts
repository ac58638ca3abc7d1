/**
 * Pattern-defeating quicksort as Go 1.19's sort.Slice does it, step by step: which table Badger picks depends
 * on where this sort leaves equal elements, and on what it does with an order that is none (see
 * `compaction-picker.ts`). Insertion sort up to 12 elements, heap sort after too many bad pivots.
 */
export interface Sortable {
  less(i: number, j: number): boolean;
  swap(i: number, j: number): void;
}

const INSERTION_MAX = 12;
const NINTHER_MIN = 50;
const SHIFTS_MAX = 5;
const SHIFTING_MIN = 50;
/** Swaps that say that a range is in descending order. */
const SWAPS_DESCENDING = 12;

const UNKNOWN = 0;
const ASCENDING = 1;
const DESCENDING = 2;

export function pdqSort(length: number, data: Sortable): void {
  sortRange(data, 0, length, bitLength(length));
}

function bitLength(value: number): number {
  return 32 - Math.clz32(value);
}

function sortRange(data: Sortable, from: number, to: number, badPivots: number): void {
  let a = from;
  let b = to;
  let limit = badPivots;
  let wasBalanced = true;
  let wasPartitioned = true;
  for (;;) {
    const length = b - a;
    if (length <= INSERTION_MAX) {
      insertionSort(data, a, b);
      return;
    }
    if (limit === 0) {
      heapSort(data, a, b);
      return;
    }
    if (!wasBalanced) {
      breakPatterns(data, a, b);
      limit--;
    }
    choosePivot(data, a, b);
    let pivot = chosenPivot;
    let hint = chosenHint;
    if (hint === DESCENDING) {
      for (let i = a, j = b - 1; i < j; i++, j--) data.swap(i, j);
      pivot = b - 1 - (pivot - a);
      hint = ASCENDING;
    }
    if (wasBalanced && wasPartitioned && hint === ASCENDING && partialInsertionSort(data, a, b)) return;
    if (a > 0 && !data.less(a - 1, pivot)) {
      a = partitionEqual(data, a, b, pivot);
      continue;
    }
    const middle = partition(data, a, b, pivot);
    wasPartitioned = alreadyPartitioned;
    const left = middle - a;
    const right = b - middle;
    const threshold = Math.floor(length / 8);
    if (left < right) {
      wasBalanced = left >= threshold;
      sortRange(data, a, middle, limit);
      a = middle + 1;
    } else {
      wasBalanced = right >= threshold;
      sortRange(data, middle + 1, b, limit);
      b = middle;
    }
  }
}

function insertionSort(data: Sortable, a: number, b: number): void {
  for (let i = a + 1; i < b; i++) for (let j = i; j > a && data.less(j, j - 1); j--) data.swap(j, j - 1);
}

function heapSort(data: Sortable, a: number, b: number): void {
  const count = b - a;
  for (let i = Math.floor((count - 1) / 2); i >= 0; i--) siftDown(data, i, count, a);
  for (let i = count - 1; i >= 0; i--) {
    data.swap(a, a + i);
    siftDown(data, 0, i, a);
  }
}

function siftDown(data: Sortable, from: number, to: number, first: number): void {
  let root = from;
  for (;;) {
    let child = 2 * root + 1;
    if (child >= to) return;
    if (child + 1 < to && data.less(first + child, first + child + 1)) child++;
    if (!data.less(first + root, first + child)) return;
    data.swap(first + root, first + child);
    root = child;
  }
}

let alreadyPartitioned = false;

/** Smaller elements to the left of the pivot's new place, which is returned. */
function partition(data: Sortable, a: number, b: number, pivot: number): number {
  data.swap(a, pivot);
  let i = a + 1;
  let j = b - 1;
  const narrow = (): void => {
    while (i <= j && data.less(i, a)) i++;
    while (i <= j && !data.less(j, a)) j--;
  };
  narrow();
  alreadyPartitioned = i > j;
  while (i <= j) {
    data.swap(i, j);
    i++;
    j--;
    narrow();
  }
  data.swap(j, a);
  return j;
}

/** Elements equal to the pivot to the left of the returned place; none is smaller. */
function partitionEqual(data: Sortable, a: number, b: number, pivot: number): number {
  data.swap(a, pivot);
  let i = a + 1;
  let j = b - 1;
  for (;;) {
    while (i <= j && !data.less(a, i)) i++;
    while (i <= j && data.less(a, j)) j--;
    if (i > j) return i;
    data.swap(i, j);
    i++;
    j--;
  }
}

/** Sorts a range that is nearly sorted; false: it was not. */
function partialInsertionSort(data: Sortable, a: number, b: number): boolean {
  let i = a + 1;
  for (let step = 0; step < SHIFTS_MAX; step++) {
    while (i < b && !data.less(i, i - 1)) i++;
    if (i === b) return true;
    if (b - a < SHIFTING_MIN) return false;
    data.swap(i, i - 1);
    if (i - a >= 2) for (let j = i - 1; j >= 1 && data.less(j, j - 1); j--) data.swap(j, j - 1);
    if (b - i >= 2) for (let j = i + 1; j < b && data.less(j, j - 1); j++) data.swap(j, j - 1);
  }
  return false;
}

function breakPatterns(data: Sortable, a: number, b: number): void {
  const length = b - a;
  if (length < 8) return;
  let random = BigInt(length);
  const mask = (1n << BigInt(bitLength(length))) - 1n;
  const middle = a + Math.floor(length / 4) * 2;
  for (let at = middle - 1; at <= middle + 1; at++) {
    random ^= BigInt.asUintN(64, random << 13n);
    random ^= random >> 17n;
    random ^= BigInt.asUintN(64, random << 5n);
    let other = Number(random & mask);
    if (other >= length) other -= length;
    data.swap(at, a + other);
  }
}

let chosenPivot = 0;
let chosenHint = UNKNOWN;
let swaps = 0;

function choosePivot(data: Sortable, a: number, b: number): void {
  const length = b - a;
  const quarter = Math.floor(length / 4);
  let i = a + quarter;
  let j = a + quarter * 2;
  let k = a + quarter * 3;
  swaps = 0;
  if (length >= 8) {
    if (length >= NINTHER_MIN) {
      i = median(data, i - 1, i, i + 1);
      j = median(data, j - 1, j, j + 1);
      k = median(data, k - 1, k, k + 1);
    }
    j = median(data, i, j, k);
  }
  chosenPivot = j;
  chosenHint = swaps === 0 ? ASCENDING : swaps === SWAPS_DESCENDING ? DESCENDING : UNKNOWN;
}

/** Orders a, b, then b, c, then a, b; the one in the middle. */
function median(data: Sortable, a: number, b: number, c: number): number {
  let low = a;
  let middle = b;
  if (data.less(middle, low)) {
    swaps++;
    low = b;
    middle = a;
  }
  if (data.less(c, middle)) {
    swaps++;
    middle = c;
  }
  if (data.less(middle, low)) {
    swaps++;
    middle = low;
  }
  return middle;
}
