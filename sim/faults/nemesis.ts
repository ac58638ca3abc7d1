/**
 * A nemesis: a schedule of faults drawn for one run, from the run's own stream.
 *
 * Keeps within what the cluster must survive: at no time are more than a minority of the nodes away (down, paused, or on
 * a disk that may have cost them their life), and every fault is lifted before the clients stop, so that a phase follows
 * in which progress is due. Partitions and toxics may meet anything.
 *
 * With `swarm`, whole kinds are left out, each with probability one half, anew for each run: what happens seldom when
 * everything happens gets runs of its own.
 */
import type { Duration, Time } from '../clock.ts';
import type { Rng } from '../rng.ts';
import type { FaultSpec, NemesisSpec } from '../run-spec.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** Between the last fault's end and the end of the clients: a share of the time that the nemesis has. */
const CALM_SHARE = 0.1;
const FAULTS_MAX = 10_000;
const DURATION_MIN: Duration = 1_000_000;

/** A node that is away. */
interface Absence {
  readonly node: number;
  readonly from: Time;
  readonly to: Time;
}

export function drawFaults(
  spec: NemesisSpec,
  definitions: readonly FaultDefinition[],
  nodeCount: number,
  endNs: Time,
  rng: Rng,
): FaultSpec[] {
  const kinds = kindsOf(spec, definitions, rng.fork('kinds'));
  if (kinds.length === 0) return [];
  const until = Math.floor(Math.min(spec.untilNs, endNs) - (Math.min(spec.untilNs, endNs) - spec.fromNs) * CALM_SHARE);
  const times = rng.fork('times');
  const choices = rng.fork('choices');
  const parameters = rng.fork('parameters');
  const absences: Absence[] = [];
  const faults: FaultSpec[] = [];
  let at = spec.fromNs;
  while (faults.length < FAULTS_MAX) {
    at += Math.max(1, Math.round(times.exponential(spec.everyNs)));
    const durationNs = Math.max(DURATION_MIN, Math.round(times.exponential(spec.forNs)));
    const kind = weighted(kinds, choices.float());
    const node = choices.int(0, nodeCount - 1);
    if (at >= until) return faults;
    const to = Math.min(at + durationNs, until);
    if (to <= at) return faults;
    const { hits } = kind.definition.drawn!;
    const drawn = kind.definition.drawn!.parameters(parameters, nodeName(node), nodeCount);
    if (hits !== 'links') {
      const absence = { node, from: at, to: hits === 'disk' ? Number.MAX_SAFE_INTEGER : to };
      if (!isSurvivable(absences, absence, nodeCount)) continue;
      absences.push(absence);
    }
    if (kind.definition.check?.(drawn, nodeCount) !== undefined) continue;
    faults.push({
      fault: kind.definition.name,
      trigger: { kind: 'time', atNs: at },
      durationNs: to - at,
      parameters: drawn,
    });
  }
  return faults;
}

interface Kind {
  readonly definition: FaultDefinition;
  /** Sum of the weights up to and with this one. */
  readonly upTo: number;
}

function kindsOf(spec: NemesisSpec, definitions: readonly FaultDefinition[], rng: Rng): Kind[] {
  const weights = definitions
    .filter((definition) => definition.drawn !== undefined)
    .map((definition) => {
      const named = Object.keys(spec.weights).length > 0;
      const weight = named ? (spec.weights[definition.name] ?? 0) : definition.drawn!.weight;
      return { definition, weight, isOff: rng.chance(0.5) };
    })
    .filter(({ weight }) => weight > 0);
  const kept = spec.swarm ? weights.filter(({ isOff }) => !isOff) : weights;
  let sum = 0;
  return (kept.length > 0 ? kept : weights.slice(0, 1)).map(({ definition, weight }) => {
    sum += weight;
    return { definition, upTo: sum };
  });
}

function weighted(kinds: readonly Kind[], fraction: number): Kind {
  const drawn = fraction * kinds.at(-1)!.upTo;
  return kinds.find(({ upTo }) => drawn < upTo) ?? kinds.at(-1)!;
}

/** Whether a majority is there all the while. */
function isSurvivable(absences: readonly Absence[], one: Absence, nodeCount: number): boolean {
  const away = new Set([one.node]);
  // whoever is away at some moment of it; two that are away one after the other count both, which is on the safe side
  for (const other of absences) if (other.from < one.to && one.from < other.to) away.add(other.node);
  return away.size <= Math.floor((nodeCount - 1) / 2);
}
