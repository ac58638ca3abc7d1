/**
 * Which faults a nemesis may let come together.
 *
 * `survivable`: what a correct cluster must survive without losing anything, and come back from.
 *
 * - At no time are more than a minority of the nodes away: down, paused, or on a disk that may have cost them their
 *   life. A disk counts for the rest of the run, since what it has done stays: so at most a minority of the disks ever
 *   fails, and a majority holds a whole copy of everything.
 * - A node whose disk may forget what a sync had covered is not restarted from then on. Raft allows for no node that
 *   has forgotten what it acknowledged, not even one: two others may have elected a leader on its word. Where only a
 *   process that begins anew on a running machine may be deceived, the power of the machine may yet fail.
 * - A member that was removed or replaced counts as away for a while yet, until the new one has caught up. How long that
 *   takes no schedule tells, since a partition may hold it up: beside a disk that fails for good it counts for good, so
 *   that no change is left without the majority that has to commit it.
 * - What takes down one node after the other counts as one more node that is away, and as a restart of each.
 * - Bits rot in the Raft log only, which has checksums; a store need not have any.
 *
 * `beyond` bounds nothing. What goes wrong then is held against facts: see `sim/cluster/excuses.ts`.
 *
 * Partitions, toxics and what only slows down may meet anything.
 */
import type { Time } from '../clock.ts';
import type { Atlas } from '../run-spec.ts';
import type { DrawnFault } from './fault.ts';

/** In place of a node: any one of them. */
const ANY = -1;

interface Span {
  readonly node: number;
  readonly from: Time;
  readonly to: Time;
  /** It may last longer, but not if a majority stays. */
  readonly isVague?: boolean;
}

interface Restart extends Span {
  readonly kind: DrawnFault['restarts'];
}

interface Forgetful extends Span {
  readonly kind: DrawnFault['forgets'];
}

const FOR_GOOD: Time = Number.MAX_SAFE_INTEGER;

export class FaultAtlas {
  readonly #atlas: Atlas;
  readonly #nodeCount: number;
  readonly #absences: Span[] = [];
  readonly #restarts: Restart[] = [];
  readonly #forgetful: Forgetful[] = [];

  constructor(atlas: Atlas, nodeCount: number) {
    this.#atlas = atlas;
    this.#nodeCount = nodeCount;
  }

  /** Whether the fault may strike the node from `from` to `to`; if so, it is reckoned with from now on. */
  admits({ hits, restarts, forgets, recoveryNs = 0 }: DrawnFault, drawn: number, from: Time, to: Time): boolean {
    const node = hits === 'each' ? ANY : drawn;
    if (this.#atlas === 'beyond') return true;
    if (restarts !== undefined && forgets === 'any') return false;
    const absence = { node, from, to: hits === 'disk' ? FOR_GOOD : to + recoveryNs, isVague: recoveryNs > 0 };
    if (hits !== 'links' && !this.#leavesMajority(absence)) return false;
    const restart = { node, from, to, kind: restarts };
    const forgetful = { node, from, to: FOR_GOOD, kind: forgets };
    if (restarts !== undefined && this.#forgetful.some((other) => undoes(other, restart))) return false;
    if (forgets !== undefined && this.#restarts.some((other) => undoes(forgetful, other))) return false;
    if (hits !== 'links') this.#absences.push(absence);
    if (restarts !== undefined) this.#restarts.push(restart);
    if (forgets !== undefined) this.#forgetful.push(forgetful);
    return true;
  }

  #leavesMajority(one: Span): boolean {
    const away = [one.node];
    // whoever is away at some moment of it; two that are away one after the other count both, which is on the safe side
    for (const other of this.#absences) {
      const until = one.to === FOR_GOOD && other.isVague === true ? FOR_GOOD : other.to;
      if (other.from < one.to && one.from < until) away.push(other.node);
    }
    const named = new Set(away.filter((node) => node !== ANY));
    const others = away.filter((node) => node === ANY).length;
    return named.size + others <= Math.floor((this.#nodeCount - 1) / 2);
  }
}

function undoes(forgetful: Forgetful, restart: Restart): boolean {
  return (forgetful.kind === 'any' || restart.kind === 'process') && meet(forgetful, restart);
}

/** Of one node. The last moment of a span, when the restart comes, belongs to it. */
function meet(a: Span, b: Span): boolean {
  const isSame = a.node === b.node || a.node === ANY || b.node === ANY;
  return isSame && a.from <= b.to && b.from <= a.to;
}
