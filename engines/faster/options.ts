/**
 * FASTER's options by its names (LogSettings, FasterKVSettings), with its defaults; and what its users choose by calls.
 */
import { assert } from '../../sim/assert.ts';
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';
import { BUCKET_BYTES } from './hash-index.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export const OPTION_SPECS = {
  IndexSize: {
    kind: 'bytes',
    default: 64 * MIB,
    min: 512,
    max: 16 * GIB,
    doc: 'Size of the hash index, rounded down to a power of two; a bucket of 64 bytes has seven entries.',
    newStoresOnly: true,
  },
  PageSizeBits: {
    kind: 'integer',
    default: 25,
    min: 12,
    max: 30,
    doc: 'Size of a page of the log, as a power of two. A record must fit on one.',
    newStoresOnly: true,
  },
  MemorySizeBits: {
    kind: 'integer',
    default: 34,
    min: 13,
    max: 40,
    doc: 'Size of the part of the log in memory, as a power of two; raised to two pages.',
  },
  SegmentSizeBits: {
    kind: 'integer',
    default: 30,
    min: 12,
    max: 40,
    doc: 'Size of a file of the log, as a power of two; raised to one page.',
    newStoresOnly: true,
  },
  MutableFraction: {
    kind: 'ratio',
    default: 0.9,
    min: 0,
    max: 1,
    doc: 'Share of the memory, from the tail, in which values are replaced in place.',
  },
  checkpoint: {
    kind: 'choice',
    choices: ['fold-over', 'snapshot'],
    default: 'fold-over',
    doc: 'What a sync does with the part of the log in memory: make it read-only and write it to the log, or write a copy beside it.',
  },
  indexCheckpointLogBytes: {
    kind: 'bytes',
    default: GIB,
    min: 0,
    max: 1024 * GIB,
    doc: 'Growth of the log after which the hash index is checkpointed in the background; 0: never (ours: FASTER leaves the moment to its user).',
  },
  hlog_size_budget: {
    kind: 'bytes',
    default: 0,
    min: 0,
    max: 1024 * GIB,
    doc: 'Size of the log near which it is compacted in the background; 0: only by hand.',
  },
  trigger_pct: {
    kind: 'ratio',
    default: 0.8,
    min: 0.01,
    max: 1,
    doc: 'Share of hlog_size_budget at which a compaction starts.',
  },
  compact_pct: { kind: 'ratio', default: 0.2, min: 0.01, max: 1, doc: 'Share of the log that one compaction takes.' },
  max_compacted_size: {
    kind: 'bytes',
    default: 512 * MIB,
    min: 4096,
    max: 1024 * GIB,
    doc: 'Limit on what one compaction takes.',
  },
  check_interval: {
    kind: 'duration',
    default: 250_000_000,
    min: 1_000_000,
    max: 3_600_000_000_000,
    doc: 'Shortest time from one background compaction to the next.',
  },
} as const satisfies ParameterSpecs;

export interface Options {
  readonly buckets: number;
  readonly pageBytes: number;
  readonly memoryBytes: number;
  readonly segmentBytes: number;
  readonly mutableFraction: number;
  readonly isSnapshot: boolean;
  readonly indexCheckpointLogBytes: number;
  readonly budgetBytes: number;
  readonly triggerShare: number;
  readonly compactShare: number;
  readonly compactedBytesMax: number;
  readonly checkIntervalNs: number;
}

export function readOptions(values: ParameterValues): Options {
  const number = (name: keyof typeof OPTION_SPECS): number => {
    const value = values[name] ?? OPTION_SPECS[name].default;
    assert(typeof value === 'number', 'faster: an option that is no number');
    return value;
  };
  const pageBytes = powerOfTwo(number('PageSizeBits'));
  let indexBytes = BUCKET_BYTES * 8;
  while (indexBytes * 2 <= number('IndexSize')) indexBytes *= 2;
  return {
    buckets: indexBytes / BUCKET_BYTES,
    pageBytes,
    memoryBytes: Math.max(powerOfTwo(number('MemorySizeBits')), 2 * pageBytes),
    segmentBytes: Math.max(powerOfTwo(number('SegmentSizeBits')), pageBytes),
    mutableFraction: number('MutableFraction'),
    isSnapshot: values.checkpoint === 'snapshot',
    indexCheckpointLogBytes: number('indexCheckpointLogBytes'),
    budgetBytes: number('hlog_size_budget'),
    triggerShare: number('trigger_pct'),
    compactShare: number('compact_pct'),
    compactedBytesMax: number('max_compacted_size'),
    checkIntervalNs: number('check_interval'),
  };
}

function powerOfTwo(bits: number): number {
  let size = 1;
  for (let i = 0; i < bits; i++) size *= 2;
  return size;
}
