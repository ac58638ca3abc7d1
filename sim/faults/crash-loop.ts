import { MILLISECOND, SECOND } from '../clock.ts';
import { drawnTime } from './drawn-time.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

const TIME_MAX = 60 * SECOND;

/**
 * A node that goes down again and again, now and then before it has recovered: each time up and each time down is
 * drawn, exponentially. The first time comes at once; lifted, the node is started if it is down, and stays up.
 */
export const crashLoop: FaultDefinition = {
  name: 'crash-loop',
  summary: 'Takes a node down again and again, for times that are drawn.',
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    by: {
      kind: 'choice',
      choices: ['crash', 'kill'],
      default: 'crash',
      doc: 'crash: its power fails; kill: only the process dies.',
    },
    up: { kind: 'duration', default: 200 * MILLISECOND, min: MILLISECOND, max: TIME_MAX, doc: 'Mean time up.' },
    down: { kind: 'duration', default: 50 * MILLISECOND, min: MILLISECOND, max: TIME_MAX, doc: 'Mean time down.' },
  },
  drawn: {
    hits: 'node',
    restarts: 'process',
    weight: 1,
    parameters: (rng, node) => ({
      node,
      by: rng.chance(0.5) ? 'crash' : 'kill',
      up: rng.int(1, 400) * MILLISECOND,
      down: rng.int(1, 100) * MILLISECOND,
    }),
  },
  inject(cluster, parameters, rng) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const means = { up: parameters.up as number, down: parameters.down as number };
    let isDown = false;
    let stopTimer = (): void => {};
    const turn = (): void => {
      isDown = !isDown;
      if (!isDown) cluster.restart(node);
      else if (parameters.by === 'kill') cluster.kill(node);
      else cluster.crash(node);
      stopTimer = cluster.later(drawnTime(rng, isDown ? means.down : means.up), turn);
    };
    turn();
    return {
      label: `crash-loop: ${nodeName(node)}`,
      lift: () => {
        stopTimer();
        if (isDown) cluster.restart(node);
      },
    };
  },
};
