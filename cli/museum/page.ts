/** The measurements as a table for a terminal, and as `docs/museum.md`. */
import { shortTime } from '../progress.ts';
import { textTable } from '../text-table.ts';
import { counted } from '../wording.ts';
import { ABSENT } from './absent.ts';
import type { Measurement, Shrinkage, Size } from './measurement.ts';
import type { SearchLimits } from './search.ts';

/** For one bug. */
export const SHRINK_BUDGET_S = 20;

const HEADINGS = [
  'bug',
  'found',
  'seeds',
  'p a seed',
  'virtual',
  'cpu',
  'without',
  'faults',
  'clients',
  'events',
  'check',
];

function cells(measurement: Measurement): string[] {
  const { bug, searches, finds, seedsMedian, probability, virtualNsMedian, cpuMs, falseAlarms, shrinkage } =
    measurement;
  return [
    bug.name,
    `${finds} of ${searches}`,
    Number.isFinite(seedsMedian) ? String(seedsMedian) : 'none',
    probability.toFixed(3),
    Number.isFinite(virtualNsMedian) ? shortTime(virtualNsMedian / 1e9) : '–',
    finds === 0 ? '–' : shortTime(cpuMs / 1000),
    String(falseAlarms.length),
    shrunkText(shrinkage, 'faults'),
    shrunkText(shrinkage, 'clients'),
    shrunkText(shrinkage, 'events'),
    checksText(measurement),
  ];
}

function shrunkText(shrinkage: Shrinkage | undefined, what: keyof Size): string {
  return shrinkage === undefined ? '–' : `${shrinkage.before[what]} → ${shrinkage.after[what]}`;
}

function checksText({ checks }: Measurement): string {
  return Object.entries(checks)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([check, finds]) => `${check} ${finds}`)
    .join(', ');
}

export function figuresText(measurements: readonly Measurement[]): string {
  return textTable([HEADINGS, ...measurements.map(cells)], HEADINGS.length - 1);
}

function row(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`;
}

function sizeText({ faults, nodes, clients, events }: Size): string {
  return `${counted(faults, 'fault')}, ${counted(nodes, 'node')}, ${counted(clients, 'client')}, ${events} events`;
}

export function museumPage(measurements: readonly Measurement[], { starts, seedsMax }: SearchLimits): string {
  const table = [
    row(HEADINGS),
    row(HEADINGS.map((_, i) => (i === 0 || i === HEADINGS.length - 1 ? '---' : '--:'))),
    ...measurements.map((measurement) => {
      const [name, ...figures] = cells(measurement) as [string, ...string[]];
      return row([`[${name}](#${name})`, ...figures]);
    }),
  ];
  return `# The bug museum

Published bugs of replicated stores, each planted where the mistake was made, behind a switch that is off unless a
scenario names it (\`cluster.bugs\`). The table says how much searching each takes: the detection power of the checks and
of the scenarios, measured. It is written by \`raftlab museum run --write\`.

Each bug was searched for ${counted(starts, 'time')}, each time through other seeds, ${seedsMax} at most.

${table.join('\n')}

- **seeds**: until the first find, the median over the searches; **p a seed**: finds ÷ seeds tried
- **virtual**, **cpu**: simulated time until the find (median), and processor time for one find (mean; the machine's; with several jobs that of starting their threads too)
- **without**: of the seeds that found the bug, how many complain when it is not planted
- **faults**, **clients**, **events**: of the scenario and up to the violation, under the first seed that found the bug,
  and what shrinking for at most ${SHRINK_BUDGET_S} s leaves of them
- **check**: which spoke first, and how often

${measurements.map(entry).join('\n')}
## Not here, and why

${absentTable()}
`;
}

function absentTable(): string {
  const rows = ABSENT.map(({ source, mechanism, why }) => row([source, mechanism, why]));
  return [row(['source', 'what was wrong', 'why it is not here']), row(['---', '---', '---']), ...rows].join('\n');
}

function entry({ bug, shrinkage }: Measurement): string {
  const { name, mechanism, source, place, check } = bug;
  const scenario = `scenarios/museum/${name}.yaml`;
  const lines = [
    `## ${name}`,
    '',
    `${mechanism.charAt(0).toUpperCase()}${mechanism.slice(1)}.`,
    '',
    `- Source: ${source}`,
    `- Planted in \`${place}\`; found by [its scenario](../${scenario}) and the check \`${check}\``,
  ];
  if (shrinkage !== undefined) {
    const { seed, before, after } = shrinkage;
    const factor = before.events / Math.max(1, after.events);
    lines.push(`- Seed ${seed}: ${sizeText(before)}; shrunk: ${sizeText(after)}, ${factor.toFixed(1)} times fewer`);
  }
  return `${lines.join('\n')}\n`;
}
