/**
 * A nemesis: a schedule of faults drawn for one run, from the run's own stream and by the weights of its kinds.
 *
 * Which faults may come together is the atlas' (`atlas.ts`). Every fault but damage to a disk is lifted before the
 * clients stop, so that a phase follows in which progress is due.
 *
 * With `swarm`, whole kinds are left out, each with probability one half, anew for each run: what happens seldom when
 * everything happens gets runs of its own.
 */
import type { Duration, Time } from '../clock.ts';
import type { Rng } from '../rng.ts';
import type { FaultSpec, NemesisSpec } from '../run-spec.ts';
import { FaultAtlas } from './atlas.ts';
import { drawnTime } from './drawn-time.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** Between the last fault's end and the end of the clients: a share of the time that the nemesis has. */
const CALM_SHARE = 0.1;
const FAULTS_MAX = 10_000;
const DURATION_MIN: Duration = 1_000_000;

export function drawFaults(
  spec: NemesisSpec,
  definitions: readonly FaultDefinition[],
  nodeCount: number,
  endNs: Time,
  rng: Rng,
  spareCount = 0,
): FaultSpec[] {
  const kinds = kindsOf(spec, definitions, spareCount, rng.fork('kinds'));
  if (kinds.length === 0) return [];
  const until = Math.floor(Math.min(spec.untilNs, endNs) - (Math.min(spec.untilNs, endNs) - spec.fromNs) * CALM_SHARE);
  const times = rng.fork('times');
  const choices = rng.fork('choices');
  const parameters = rng.fork('parameters');
  const atlas = new FaultAtlas(spec.atlas ?? 'survivable', nodeCount);
  const faults: FaultSpec[] = [];
  let at = spec.fromNs;
  while (faults.length < FAULTS_MAX) {
    at += drawnTime(times, spec.everyNs);
    const durationNs = Math.max(DURATION_MIN, drawnTime(times, spec.forNs));
    const kind = weighted(kinds, choices.float());
    const node = choices.int(0, nodeCount - 1);
    if (at >= until) return faults;
    const to = Math.min(at + durationNs, until);
    if (to <= at) return faults;
    const { definition } = kind;
    const drawn = definition.drawn!.parameters(parameters, nodeName(node), nodeCount, isBeyond(spec));
    if (definition.check?.(drawn, nodeCount, spareCount) !== undefined) continue;
    if (!atlas.admits(definition.drawn!, node, at, to)) continue;
    faults.push({
      fault: definition.name,
      trigger: { kind: 'time', atNs: at },
      durationNs: definition.isDamage === true ? 0 : to - at,
      parameters: drawn,
    });
  }
  return faults;
}

function isBeyond(spec: NemesisSpec): boolean {
  return spec.atlas === 'beyond';
}

interface Kind {
  readonly definition: FaultDefinition;
  /** Sum of the weights up to and with this one. */
  readonly upTo: number;
}

function kindsOf(spec: NemesisSpec, definitions: readonly FaultDefinition[], spareCount: number, rng: Rng): Kind[] {
  const weights = definitions
    .filter(({ drawn }) => drawn !== undefined && (spareCount > 0 || drawn.needsSpare !== true))
    .map((definition) => {
      const named = Object.keys(spec.weights).length > 0;
      const { weight: within, weightBeyond = within } = definition.drawn!;
      const own = isBeyond(spec) ? weightBeyond : within;
      const weight = named ? (spec.weights[definition.name] ?? 0) : own;
      return { definition, weight, isOff: rng.fork(definition.name).chance(0.5) };
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
