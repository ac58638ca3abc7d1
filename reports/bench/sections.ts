/** The sections of a bench's report, in their order: adding one is its file and one entry here. */

import type { PhaseResult } from '../../sim/engine-bench/result.ts';
import type { Section } from '../charts/chart.ts';
import type { Card } from '../html/card.ts';
import { CATEGORY_ORDER, categoryColour, partColour } from '../palette.ts';
import { endStateSection } from './end-state.ts';
import { latencySection } from './latency.ts';
import { figuresTable, phaseTable } from './phase-table.ts';
import { progressSection } from './progress.ts';
import { stackedSection } from './stacked.ts';

export interface BenchSection extends Card {
  readonly group: string;
  build(results: readonly PhaseResult[]): Section | undefined;
}

const SECOND = 1e9;

const WAITS = [
  { name: 'writing', title: 'writing or reading', colour: partColour(2) },
  { name: 'slowed', title: 'slowed down', colour: partColour(1) },
  { name: 'stopped', title: 'stopped', colour: partColour(6) },
  { name: 'ending', title: 'after the last operation', colour: partColour(10) },
];

export const BENCH_SECTIONS: readonly BenchSection[] = [
  {
    id: 'phases',
    group: 'Phases',
    title: 'Phases',
    caption:
      'A line for each phase, in their order on the same store. WA is bytes written for each byte of keys and values; the columns behind it are its parts as the real engine reports them.',
    width: 'full',
    build: (results) => ({ panels: [], legend: [], table: phaseTable(results), tableOpen: true }),
  },
  {
    id: 'categories',
    group: 'Write amplification',
    title: 'By category',
    caption: 'Bytes written for each byte of keys and values, by what they were written for.',
    width: 'full',
    build: (results) =>
      stackedSection(
        results
          .filter(({ measurement }) => measurement.logicalBytes > 0)
          .map(({ phase, measurement: { writtenBytes, logicalBytes } }) => ({
            phase: phase.name,
            values: Object.fromEntries(
              Object.entries(writtenBytes).map(([name, bytes]) => [name, bytes / logicalBytes]),
            ),
          })),
        CATEGORY_ORDER.map((name) => ({ name, title: name, colour: categoryColour(name) })),
        'ratio',
        'bytes written ÷ bytes of keys and values',
      ),
  },
  {
    id: 'progress',
    group: 'Write amplification',
    title: 'Bytes written over the progress',
    caption:
      'Bytes since the start of the phase, stacked by what they were written for; the step at the right end is what ends the phase, such as the compaction debt.',
    width: 'full',
    build: progressSection,
  },
  {
    id: 'latency',
    group: 'Time',
    title: 'Latency of batches',
    caption:
      'From the moment that the writer is ready for a batch to its end, in virtual time, stalls included; the waits of a paced run are not.',
    width: 'full',
    build: latencySection,
  },
  {
    id: 'stalls',
    group: 'Time',
    title: 'The writer’s time',
    caption:
      'Virtual time of each phase: the writer at work, slowed down and stopped by the engine, and what came after the last operation.',
    width: 'full',
    build: (results) =>
      stackedSection(
        results.map(({ phase, writingNs, totalNs, stoppedNs, slowedNs }) => ({
          phase: phase.name,
          values: {
            writing: (writingNs - stoppedNs - slowedNs) / SECOND,
            slowed: slowedNs / SECOND,
            stopped: stoppedNs / SECOND,
            ending: (totalNs - writingNs) / SECOND,
          },
        })),
        WAITS,
        'ratio',
        'virtual time, s',
      ),
  },
  {
    id: 'end-state',
    group: 'At the end',
    title: 'The store',
    caption: 'What the files consist of at the end of each phase.',
    width: 'full',
    build: endStateSection,
  },
  {
    id: 'memory',
    group: 'At the end',
    title: 'Memory by owner',
    caption: 'Bytes that the process would hold at the end of each phase, by the part that holds them.',
    width: 'full',
    build: (results) => {
      const owners = [...new Set(results.flatMap(({ measurement }) => Object.keys(measurement.after.memoryBytes)))];
      return stackedSection(
        results.map(({ phase, measurement }) => ({ phase: phase.name, values: measurement.after.memoryBytes })),
        owners.map((name, index) => ({ name, title: name, colour: partColour(index) })),
        'bytes',
        'bytes',
      );
    },
  },
  {
    id: 'figures',
    group: 'At the end',
    title: 'The engine’s own figures',
    caption: 'As the engine counts them, at the end of each phase; counts are since it was opened.',
    width: 'full',
    build: (results) => ({ panels: [], legend: [], table: figuresTable(results) }),
  },
];

export const BENCH_DEFINITIONS: readonly (readonly [string, string])[] = [
  [
    'phase',
    'Operations on keys in an order that other programs can generate to the byte, on the store that the phases before it left.',
  ],
  ['bytes of keys and values', 'Of every operation: 16 bytes of key and the value; 16 bytes for a delete.'],
  [
    'written',
    'What the engine hands to the file system, counted where it is written; the file system’s own writes cost nothing here.',
  ],
  [
    'end of a phase',
    'What the engine’s measurements have in it too: rocksdb flushes and waits for all compactions; badger waits and closes the store; bolt has nothing to wait for.',
  ],
  ['time', 'Virtual: counted work by the cost profile, and the requests by the device profile.'],
  [
    'paced',
    'After each batch the writer waits until no background work runs or is due. Bytes then depend on no speed.',
  ],
  ['stalled', 'Share of the writing time for which the engine stopped the writer or slowed it down.'],
];
