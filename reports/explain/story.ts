/** The run as a list of moments: faults, elections, what nodes went through, the operations in question, the violation. */
import { CHANGED_AT, CHANGED_NODE, CHANGED_ROLE, CHANGED_TERM, DOWN, type NodeLog } from '../../sim/replay/node-log.ts';
import type { FaultWindow } from '../../sim/result.ts';

export interface StoryLine {
  readonly at: number;
  readonly kind: 'fault' | 'node' | 'entry' | 'client' | 'violation';
  readonly text: string;
  /** The one whose lane it belongs to; of what is worth a mark there. */
  readonly node?: number;
}

/** Nearest to what is to be looked at. */
const LINES_MAX = 120;

export function storyOf(
  nodes: NodeLog,
  faults: readonly FaultWindow[],
  others: readonly StoryLine[],
  endNs: number,
): StoryLine[] {
  const lines: StoryLine[] = [...others];
  for (const { label, fromNs, toNs } of faults) {
    if (isNothing(label)) continue;
    lines.push({ at: fromNs, kind: 'fault', text: toNs > fromNs ? `fault begins: ${label}` : label });
    if (toNs > fromNs && toNs < endNs) lines.push({ at: toNs, kind: 'fault', text: `fault ends: ${label}` });
  }
  for (const { at, node, what } of nodes.moments) lines.push({ at, kind: 'node', text: `n${node + 1} ${what}`, node });
  const { changes } = nodes;
  for (let row = changes.first; row < changes.next; row++) {
    const from = changes.at(row);
    const [at, node, role] = [CHANGED_AT, CHANGED_NODE, CHANGED_ROLE].map((field) => changes.values[from + field]!);
    const isFaults = faults.some(({ fromNs, label }) => fromNs === at && new RegExp(`\\bn${node! + 1}\\b`).test(label));
    if (role === DOWN && at! > 0 && !isFaults) lines.push({ at: at!, kind: 'node', text: `n${node! + 1} is down` });
    if (role === 1) {
      const term = changes.values[from + CHANGED_TERM];
      lines.push({ at: at!, kind: 'node', text: `n${node! + 1} asks for votes in term ${term}` });
    }
  }
  return lines.sort((a, b) => a.at - b.at || RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind));
}

/** A fault that was to strike, and found nobody. */
export function isNothing(label: string): boolean {
  return label.endsWith('nothing to hit');
}

/** At one moment: causes first. */
const RANKS: readonly StoryLine['kind'][] = ['fault', 'node', 'entry', 'client', 'violation'];

/** Those nearest to the moment, most of them before it; and how many were left out. */
export function nearest(lines: readonly StoryLine[], at: number): { shown: readonly StoryLine[]; left: number } {
  if (lines.length <= LINES_MAX) return { shown: lines, left: 0 };
  const after = lines.findIndex((line) => line.at > at);
  const end = Math.min(lines.length, (after < 0 ? lines.length : after) + LINES_MAX / 10);
  const from = Math.max(0, end - LINES_MAX);
  return { shown: lines.slice(from, from + LINES_MAX), left: lines.length - LINES_MAX };
}
