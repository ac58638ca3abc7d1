/** What faults have in common that take a member away and put a new one on its machine: parameters, and how they are drawn. */
import { SECOND } from '../clock.ts';
import type { ParameterSpecs } from '../parameters.ts';
import type { DrawnFault } from './fault.ts';

export const MEMBER_CHANGE: ParameterSpecs = {
  node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
  learner: { kind: 'boolean', default: true, doc: 'The new one learns until it has caught up, and votes only then.' },
};

export const DRAWN_MEMBER_CHANGE: DrawnFault = {
  hits: 'node',
  // to elect a leader, should it have been that, and to send the new member what there is
  recoveryNs: 2 * SECOND,
  weight: 1,
  parameters: (rng, node) => ({ node, learner: rng.chance(0.7) }),
};
