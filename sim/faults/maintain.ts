import { ENGINES } from '../../engines/index.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

const TASKS = [...new Set(ENGINES.flatMap(({ maintenance }) => maintenance ?? []).map(({ name }) => name))];

/** What an operator starts by hand in a node's store, at a time that suits nobody. It goes on when the fault is lifted. */
export const maintain: FaultDefinition = {
  name: 'maintain',
  summary: "Starts one of the maintenance tasks of a node's engine, which runs in the background.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    task: { kind: 'choice', choices: TASKS, doc: 'As `raftlab engine list <engine>` names it.' },
    argument: {
      kind: 'number',
      doc: "The task's argument, if it takes one; by default the engine's.",
      optional: true,
      min: 0,
      max: 1_000_000_000,
    },
  },
  drawn: {
    hits: 'links',
    weight: 0,
    parameters: (rng, node) => ({ node, task: TASKS[rng.int(0, TASKS.length - 1)]! }),
  },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    const task = parameters.task as string;
    if (node < 0 || !cluster.maintain(node, task, parameters.argument as number | undefined)) return undefined;
    return { label: `${task}: ${nodeName(node)}`, lift: () => undefined };
  },
};
