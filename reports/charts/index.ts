/** Every section of the report, in its order within the group. A new one is one file and one line here. */
import { boundaries } from './boundaries.ts';
import { bytesOverTime } from './bytes-over-time.ts';
import { categories } from './categories.ts';
import type { Chart } from './chart.ts';
import { engineFigures } from './engine-figures.ts';
import { faults } from './faults.ts';
import { fsyncs } from './fsyncs.ts';
import { headline } from './headline.ts';
import { latency } from './latency.ts';
import { latencyOverTime } from './latency-over-time.ts';
import { memory } from './memory.ts';
import { nodes } from './nodes.ts';
import { paired } from './paired.ts';
import { percentiles } from './percentiles.ts';
import { published } from './published.ts';
import { runs } from './runs.ts';
import { space } from './space.ts';
import { throughput } from './throughput.ts';
import { waits } from './waits.ts';

export const CHARTS: readonly Chart[] = [
  headline,
  paired,
  published,
  categories,
  boundaries,
  nodes,
  throughput,
  latencyOverTime,
  bytesOverTime,
  faults,
  latency,
  percentiles,
  waits,
  space,
  fsyncs,
  memory,
  engineFigures,
  runs,
];
