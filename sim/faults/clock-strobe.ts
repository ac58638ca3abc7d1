import { MILLISECOND, SECOND } from '../clock.ts';
import { drawnJumpMs, jumpMs } from './clock-jump.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** A node's clock jumps to and fro, one jump a period, and is right when it is lifted. Which clock: see `clock-offset.ts`. */
export const clockStrobe: FaultDefinition = {
  name: 'clock-strobe',
  summary: "Makes a node's clock jump to and fro.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    ms: jumpMs('Milliseconds by which it is ahead, or below 0 behind, every other period.'),
    period: {
      kind: 'duration',
      default: 100 * MILLISECOND,
      min: MILLISECOND,
      max: 60 * SECOND,
      doc: 'Time from one jump to the next.',
    },
  },
  drawn: {
    hits: 'links',
    weight: 0,
    parameters: (rng, node) => ({ node, ms: drawnJumpMs(rng), period: rng.int(1, 400) * MILLISECOND }),
  },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const jumpNs = (parameters.ms as number) * MILLISECOND;
    let isOff = false;
    let stopTimer = (): void => {};
    const turn = (): void => {
      isOff = !isOff;
      cluster.changeClock(node, 0, isOff ? jumpNs : -jumpNs);
      stopTimer = cluster.later(parameters.period as number, turn);
    };
    turn();
    return {
      label: `clock-strobe: ${nodeName(node)}, ${parameters.ms} ms`,
      lift: () => {
        stopTimer();
        if (isOff) cluster.changeClock(node, 0, -jumpNs);
      },
    };
  },
};
