/**
 * Options of universal compaction. RocksDB keeps them in one struct, `compaction_options_universal`; the
 * names here are those of its fields with the prefix that its own command-line tools give them.
 */
import { assert } from '../../sim/assert.ts';
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';

/** RocksDB's UINT_MAX: no limit. */
const WIDTH_MAX = 4294967295;

export const UNIVERSAL_OPTION_SPECS: ParameterSpecs = {
  universal_size_ratio: {
    kind: 'integer',
    default: 1,
    min: 0,
    max: 1_000_000,
    doc: 'Percent by which the next sorted run may be larger than those picked so far and still join them.',
  },
  universal_min_merge_width: {
    kind: 'integer',
    default: 2,
    min: 2,
    max: WIDTH_MAX,
    doc: 'Least number of sorted runs in one compaction by size ratio.',
  },
  universal_max_merge_width: {
    kind: 'integer',
    default: WIDTH_MAX,
    min: 2,
    max: WIDTH_MAX,
    doc: 'Greatest number of sorted runs in one compaction by size ratio.',
  },
  universal_max_size_amplification_percent: {
    kind: 'integer',
    default: 200,
    min: 0,
    max: WIDTH_MAX,
    doc: 'Percent of the oldest sorted run that all newer ones may hold before everything is merged.',
  },
  universal_stop_style: {
    kind: 'choice',
    choices: ['total_size', 'similar_size'],
    default: 'total_size',
    doc: 'What the next sorted run is compared with: all picked so far, or the last one only.',
  },
  universal_allow_trivial_move: {
    kind: 'boolean',
    default: false,
    doc: 'Move the inputs of a compaction as they are where none of them overlaps another.',
  },
};

export interface UniversalOptions {
  readonly universalSizeRatio: number;
  readonly universalMergeWidthMin: number;
  readonly universalMergeWidthMax: number;
  readonly universalSizeAmplificationPercentMax: number;
  readonly universalSimilarSize: boolean;
  readonly universalTrivialMove: boolean;
}

export function readUniversalOptions(values: ParameterValues): UniversalOptions {
  const number = (name: string): number => {
    const spec = UNIVERSAL_OPTION_SPECS[name];
    const value = values[name] ?? (spec !== undefined && 'default' in spec ? spec.default : undefined);
    assert(typeof value === 'number', 'rocksdb: an option that is no number');
    return value;
  };
  return {
    universalSizeRatio: number('universal_size_ratio'),
    universalMergeWidthMin: number('universal_min_merge_width'),
    universalMergeWidthMax: number('universal_max_merge_width'),
    universalSizeAmplificationPercentMax: number('universal_max_size_amplification_percent'),
    universalSimilarSize: values.universal_stop_style === 'similar_size',
    universalTrivialMove: values.universal_allow_trivial_move === true,
  };
}

/** Lines for the options file, in RocksDB's notation. */
export function universalOptionsText(options: UniversalOptions & { readonly universal: boolean }): string[] {
  if (!options.universal) return ['  compaction_style=kCompactionStyleLevel'];
  const fields = [
    `size_ratio=${options.universalSizeRatio}`,
    `min_merge_width=${options.universalMergeWidthMin}`,
    `max_merge_width=${options.universalMergeWidthMax}`,
    `max_size_amplification_percent=${options.universalSizeAmplificationPercentMax}`,
    'compression_size_percent=-1',
    `stop_style=${options.universalSimilarSize ? 'kCompactionStopStyleSimilarSize' : 'kCompactionStopStyleTotalSize'}`,
    `allow_trivial_move=${options.universalTrivialMove}`,
    'incremental=false',
  ];
  return [
    '  compaction_style=kCompactionStyleUniversal',
    `  compaction_options_universal={${fields.map((field) => `${field};`).join('')}}`,
  ];
}
