/**
 * Shapes of partitions, as lists of directed links [from, to] over which nothing arrives.
 * Several may be in force at once; a link works again when the last one over it is lifted.
 * Machines that a shape does not mention keep all their links.
 */

export type BlockedPairs = readonly (readonly [from: number, to: number])[];

/** Every member of a group reaches its own group and nobody of the other groups. */
export function symmetric(groups: readonly (readonly number[])[]): BlockedPairs {
  const pairs: [number, number][] = [];
  for (const [i, group] of groups.entries()) {
    for (const [j, other] of groups.entries()) {
      if (i === j) continue;
      for (const from of group) for (const to of other) pairs.push([from, to]);
    }
  }
  return pairs;
}

/** What `from` says does not reach `to`; the other way works. */
export function oneWay(from: readonly number[], to: readonly number[]): BlockedPairs {
  const pairs: [number, number][] = [];
  for (const a of from) for (const b of to) if (a !== b) pairs.push([a, b]);
  return pairs;
}

/** One machine cut off from all the others in both directions. */
export function isolate(machine: number, others: readonly number[]): BlockedPairs {
  return symmetric([[machine], others.filter((other) => other !== machine)]);
}

/** Each machine reaches only its two neighbours in the order given. With three or fewer nothing is cut. */
export function ring(machines: readonly number[]): BlockedPairs {
  const pairs: [number, number][] = [];
  const count = machines.length;
  for (const [i, from] of machines.entries()) {
    for (const [j, to] of machines.entries()) {
      const distance = Math.abs(i - j);
      if (distance > 1 && distance < count - 1) pairs.push([from, to]);
    }
  }
  return pairs;
}

/**
 * Each machine hears itself and the next ones in the order given, before and behind it, that make it a majority: no
 * two hear the same one. Where a majority is an even number, a machine hears one more behind it than before it,
 * which does not hear that machine.
 */
export function majorityRing(machines: readonly number[]): BlockedPairs {
  const pairs: [number, number][] = [];
  const count = machines.length;
  const others = Math.floor(count / 2);
  const before = Math.floor(others / 2);
  for (const [i, to] of machines.entries()) {
    for (let step = others - before + 1; step < count - before; step++) {
      pairs.push([machines[(i + step) % count]!, to]);
    }
  }
  return pairs;
}

/** Two halves that reach the machine in the middle, and not each other. */
export function bridge(left: readonly number[], middle: number, right: readonly number[]): BlockedPairs {
  return symmetric([left.filter((machine) => machine !== middle), right.filter((machine) => machine !== middle)]);
}
