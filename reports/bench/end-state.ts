/** What the store consists of at the end of each phase: levels of a log-structured tree, or pages of a B+tree. */

import type { PhaseResult } from '../../sim/engine-bench/result.ts';
import type { Section } from '../charts/chart.ts';
import type { StackPart } from '../charts/stacks.ts';
import { partColour } from '../palette.ts';
import { stackedSection } from './stacked.ts';

const LEVEL = /^level(\d+)Bytes$/;
const PAGES: readonly (readonly [string, string])[] = [
  ['leafPages', 'leaf'],
  ['leafOverflowPages', 'leaf overflow'],
  ['branchPages', 'branch'],
  ['branchOverflowPages', 'branch overflow'],
  ['freelistPages', 'freelist'],
  ['pendingPages', 'pending'],
  ['freePages', 'free'],
];

export function endStateSection(results: readonly PhaseResult[]): Section | undefined {
  const phases = results.map(({ phase, measurement }) => ({ phase: phase.name, values: measurement.after.figures }));
  const names = new Set(phases.flatMap(({ values }) => Object.keys(values)));
  const levels = [...names].filter((name) => LEVEL.test(name));
  if (levels.length > 0) {
    const parts = levels.map((name, index): StackPart => {
      return { name, title: `level ${LEVEL.exec(name)![1]}`, colour: partColour(index) };
    });
    return stackedSection(phases, parts, 'bytes', 'bytes of tables');
  }
  const parts = PAGES.map(([name, title], index) => ({ name, title, colour: partColour(index) }));
  return stackedSection(phases, parts, 'count', 'pages');
}
