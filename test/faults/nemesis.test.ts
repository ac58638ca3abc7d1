/** What a nemesis draws: the same for a seed, survivable unless asked otherwise, each fault one that a scenario could have listed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { faultEntry } from '../../scenarios/fault-entry.ts';
import { loadScenario, runSpecs } from '../../scenarios/loader.ts';
import { faultsOf } from '../../sim/cluster.ts';
import { FaultAtlas } from '../../sim/faults/atlas.ts';
import type { DrawnFault } from '../../sim/faults/fault.ts';
import { FAULTS, findFault } from '../../sim/faults/index.ts';
import { drawFaults } from '../../sim/faults/nemesis.ts';
import { Rng } from '../../sim/rng.ts';
import type { FaultSpec, NemesisSpec } from '../../sim/run-spec.ts';

const SECOND = 1e9;
const SPEC: NemesisSpec = {
  fromNs: SECOND,
  untilNs: 20 * SECOND,
  everyNs: 0.3 * SECOND,
  forNs: 0.5 * SECOND,
  weights: {},
  swarm: false,
};
const draw = (spec: Partial<NemesisSpec> = {}, seed = 1, nodes = 5, endNs = 20 * SECOND): FaultSpec[] =>
  drawFaults({ ...SPEC, ...spec }, FAULTS, nodes, endNs, new Rng(seed).fork('nemesis'), 1);
/** Those that are drawn if a scenario names none. */
const USUAL = FAULTS.filter(({ drawn }) => drawn !== undefined && drawn.weight > 0).map(({ name }) => name);
const kinds = (faults: readonly FaultSpec[]): Set<string> => new Set(faults.map(({ fault }) => fault));
const startOf = ({ trigger }: FaultSpec): number => (trigger.kind === 'time' ? trigger.atNs : Number.NaN);

const drawnOf = (fault: FaultSpec): DrawnFault => findFault(fault.fault)!.drawn!;

/** By moments: the most nodes that are away at one; a node is for the rest of the run once its disk has been struck. */
function mostAway(faults: readonly FaultSpec[]): number {
  const away = faults.filter((fault) => drawnOf(fault).hits !== 'links');
  let most = 0;
  for (const moment of away.map(startOf)) {
    const nodes = away.filter((fault) => {
      const isForGood = drawnOf(fault).hits === 'disk';
      const end = startOf(fault) + fault.durationNs + (drawnOf(fault).recoveryNs ?? 0);
      return startOf(fault) <= moment && (isForGood || end > moment);
    });
    most = Math.max(most, new Set(nodes.map(({ parameters }) => parameters.node)).size);
  }
  return most;
}

/** Restarts of nodes whose disk may have forgotten something by then. */
function forgetfulRestarts(faults: readonly FaultSpec[]): FaultSpec[] {
  return faults.filter((restart) => {
    const isOfSameNode = (other: FaultSpec): boolean => other.parameters.node === restart.parameters.node;
    const end = startOf(restart) + restart.durationNs;
    const { restarts } = drawnOf(restart);
    const forgets = (other: FaultSpec): boolean =>
      drawnOf(other).forgets === 'any' || (drawnOf(other).forgets === 'process' && restarts === 'process');
    return (
      restarts !== undefined && faults.some((other) => forgets(other) && isOfSameNode(other) && startOf(other) <= end)
    );
  });
}

describe('a nemesis', () => {
  it('draws every kind that has a weight, and only those', () => {
    const usual = kinds(Array.from({ length: 20 }, (_, seed) => draw({}, seed)).flat());
    expect([...usual].sort()).toEqual([...USUAL].sort());
    expect([...kinds(draw({ weights: { crash: 1, 'io-error': 2 } }))].sort()).toEqual(['crash', 'io-error']);
    expect(draw({ weights: { crash: 0 } })).toEqual([]);
    const withoutSpares = drawFaults(
      { ...SPEC, weights: { 'add-member': 1 } },
      FAULTS,
      5,
      20 * SECOND,
      new Rng(1).fork('nemesis'),
    );
    expect(withoutSpares).toEqual([]);
    expect(draw({ weights: { 'wiped-disk': 1 } })).toEqual([]);
  });

  it('keeps within the time, leaves a calm end, and hits about as often as asked', () => {
    const faults = draw();
    expect(faults.length).toBeGreaterThan(25);
    expect(faults.length).toBeLessThan(80);
    for (const fault of faults) {
      expect(startOf(fault)).toBeGreaterThanOrEqual(SECOND);
      expect(startOf(fault) + fault.durationNs).toBeLessThanOrEqual(18.1 * SECOND);
    }
    expect(draw({}, 1, 5, 2 * SECOND).every((fault) => startOf(fault) + fault.durationNs < 2 * SECOND)).toBe(true);
  });

  it('leaves a majority whatever it draws', () => {
    const arbitrary = fc.record({
      seed: fc.nat(),
      nodes: fc.integer({ min: 1, max: 7 }),
      everyNs: fc.integer({ min: 5e7, max: 1e9 }),
      forNs: fc.integer({ min: 1e6, max: 5e9 }),
      swarm: fc.boolean(),
      weights: fc.constantFrom(
        {},
        { crash: 1, pause: 1, 'read-only': 1 },
        { 'io-error': 1, partition: 1 },
        { crash: 2, kill: 1, 'crash-loop': 1, 'lying-sync': 1, 'lost-write': 1, 'misdirected-write': 1 },
      ),
    });
    fc.assert(
      fc.property(arbitrary, ({ seed, nodes, ...spec }) => {
        const faults = draw(spec, seed, nodes);
        expect(mostAway(faults)).toBeLessThanOrEqual(Math.floor((nodes - 1) / 2));
        expect(forgetfulRestarts(faults)).toEqual([]);
        expect(draw(spec, seed, nodes)).toEqual(faults);
      }),
      { numRuns: 150 },
    );
  });

  it('counts a changed member for good beside a disk that fails for good, not beside a crash', () => {
    const [removal, io, crash] = ['remove-member', 'io-error', 'crash'].map((name) => findFault(name)!.drawn!);
    const late = 100 * SECOND;
    for (const [second, isAdmitted] of [
      [io!, false],
      [crash!, true],
    ] as const) {
      const atlas = new FaultAtlas('survivable', 3);
      expect(atlas.admits(removal!, 1, SECOND, 2 * SECOND)).toBe(true);
      expect(atlas.admits(second, 0, late, late + SECOND)).toBe(isAdmitted);
      expect(atlas.admits(second, 1, 2 * late, 2 * late + SECOND)).toBe(true);
    }
  });

  it('adds a voter that has not learnt only beyond what a cluster survives', () => {
    const learners = (atlas: 'survivable' | 'beyond'): Set<unknown> => {
      const drawn = Array.from({ length: 10 }, (_, seed) => draw({ atlas, weights: { 'add-member': 1 } }, seed)).flat();
      return new Set(drawn.map(({ parameters }) => parameters.learner));
    };
    expect(learners('survivable')).toEqual(new Set([true]));
    expect(learners('beyond')).toEqual(new Set([true, false]));
  });

  it('lets rot strike the log only, and what a disk has lost stay to the end', () => {
    const faults = Array.from({ length: 40 }, (_, seed) => draw({ weights: { 'bit-rot': 1, crash: 1 } }, seed)).flat();
    const rot = faults.filter(({ fault }) => fault === 'bit-rot');
    expect(rot.length).toBeGreaterThan(20);
    for (const { parameters, durationNs } of rot) expect([parameters.area, durationNs]).toEqual(['log', 0]);
  });

  it('goes beyond what a cluster survives if asked to', () => {
    const many = (spec: Partial<NemesisSpec>) => Array.from({ length: 30 }, (_, seed) => draw(spec, seed));
    const beyond = many({ atlas: 'beyond' });
    expect(beyond.some((faults) => mostAway(faults) === 5)).toBe(true);
    expect(beyond.some((faults) => forgetfulRestarts(faults).length > 0)).toBe(true);
    expect(kinds(beyond.flat())).toContain('lost-write');
    expect(kinds(many({}).flat())).not.toContain('lost-write');
  });

  it('leaves out whole kinds in a swarm, other ones under other seeds', () => {
    const sets = Array.from({ length: 30 }, (_, seed) => [...kinds(draw({ swarm: true }, seed))].sort().join());
    expect(new Set(sets).size).toBeGreaterThan(8);
    expect(sets.every((set) => set.length > 0)).toBe(true);
  });
});

describe('drawn faults', () => {
  const text = (faults: string): string =>
    `name: drawn\nwhy: To test.\ncluster: { nodes: 5 }\nend: { after: 20s }\n${faults}`;
  const specOf = (faults: string): ReturnType<typeof runSpecs>[number] => {
    const loaded = loadScenario('drawn', text(faults), { catalogue: CATALOGUE });
    expect(loaded.ok ? [] : loaded.problems).toEqual([]);
    return loaded.ok ? runSpecs(loaded.scenario)[0]! : (undefined as never);
  };

  it('can be listed in a scenario, and are then the same faults', () => {
    const spec = { ...specOf('faults: { nemesis: { every: 200ms, swarm: false } }'), seed: 5 };
    const faults = faultsOf(spec);
    expect(kinds(faults).size).toBeGreaterThan(10);
    const listed = specOf(`faults: ${JSON.stringify(faults.map((fault) => faultEntry(fault, 'bolt', CATALOGUE)))}`);
    expect(listed.faults).toEqual(faults);
  });

  it('come behind those that the scenario lists', () => {
    const listed = '{ at: 2s, for: 1s, crash: { node: n1 } }';
    const both = specOf(`faults: { timeline: [${listed}], nemesis: { every: 200ms } }`);
    const alone = specOf('faults: { nemesis: { every: 200ms } }');
    expect(both.faults).toEqual(specOf(`faults: [${listed}]`).faults);
    expect(both.faults).toHaveLength(1);
    expect(faultsOf(both)).toEqual([...both.faults, ...faultsOf(alone)]);
  });

  it.each([
    ['faults: { nemesis: { every: 0s } }', /faults\.nemesis\.every/],
    ['faults: { nemesis: { from: 30s } }', /faults\.nemesis\.from: 30s is not before the end of the run \(20s\)/],
    ['faults: { nemesis: { until: 30s } }', /faults\.nemesis\.until: 30s is not before the end/],
    ['faults: { nemesis: { from: 3s, until: 2s } }', /faults\.nemesis\.until: is not after from/],
    ['faults: { nemesis: { atlas: beyonde } }', /atlas: 'beyonde' is unknown; allowed: survivable, beyond/],
    ['faults: { nemesis: { weights: { crsh: 1 } } }', /crsh.*crash/],
    ['faults: { nemesis: { weights: { crash: -1 } } }', /faults\.nemesis\.weights\.crash/],
  ])('%s is refused', (faults, message) => {
    const loaded = loadScenario('drawn', text(faults), { catalogue: CATALOGUE });
    expect(loaded.ok ? '' : loaded.problems.join('\n')).toMatch(message);
  });
});
