/** Options of RocksDB's integrated BlobDB, by RocksDB's names and with its defaults. */
import { assert } from '../../sim/assert.ts';
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export const BLOB_OPTION_SPECS: ParameterSpecs = {
  enable_blob_files: {
    kind: 'boolean',
    default: false,
    doc: 'Flushes and compactions write large values to blob files of their own and keep references in the tables.',
  },
  min_blob_size: {
    kind: 'bytes',
    default: 0,
    min: 0,
    max: GIB,
    doc: 'Least length of a value that goes to a blob file.',
  },
  blob_file_size: {
    kind: 'bytes',
    default: 256 * MIB,
    min: 1,
    max: 1024 * GIB,
    doc: 'Size at which a blob file is closed and the next one begun.',
  },
  enable_blob_garbage_collection: {
    kind: 'boolean',
    default: false,
    doc: 'Compactions copy live blobs out of the oldest blob files, so that those can be dropped.',
  },
  blob_garbage_collection_age_cutoff: {
    kind: 'ratio',
    default: 0.25,
    min: 0,
    max: 1,
    doc: 'Share of the blob files, oldest first, that garbage collection empties.',
  },
  blob_garbage_collection_force_threshold: {
    kind: 'ratio',
    default: 1,
    min: 0,
    max: 1,
    doc: 'Share of garbage in the oldest blob files from which their tables are compacted for it alone; 1: never. Leveled compaction only.',
  },
  blob_file_starting_level: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 6,
    doc: 'First level whose tables keep large values in blob files.',
  },
};

export interface BlobOptions {
  readonly blobFiles: boolean;
  readonly blobBytesMin: number;
  readonly blobFileBytes: number;
  readonly blobGarbageCollection: boolean;
  readonly blobAgeCutoff: number;
  readonly blobForceThreshold: number;
  readonly blobStartingLevel: number;
}

export function readBlobOptions(values: ParameterValues): BlobOptions {
  const number = (name: string): number => {
    const spec = BLOB_OPTION_SPECS[name];
    const value = values[name] ?? (spec !== undefined && 'default' in spec ? spec.default : undefined);
    assert(typeof value === 'number', 'rocksdb: an option that is no number');
    return value;
  };
  return {
    blobFiles: values.enable_blob_files === true,
    blobBytesMin: number('min_blob_size'),
    blobFileBytes: number('blob_file_size'),
    blobGarbageCollection: values.enable_blob_garbage_collection === true,
    blobAgeCutoff: number('blob_garbage_collection_age_cutoff'),
    blobForceThreshold: number('blob_garbage_collection_force_threshold'),
    blobStartingLevel: number('blob_file_starting_level'),
  };
}

/** Lines for the options file, in RocksDB's notation. */
export function blobOptionsText(options: BlobOptions): string[] {
  return [
    `  enable_blob_files=${options.blobFiles}`,
    `  min_blob_size=${options.blobBytesMin}`,
    `  blob_file_size=${options.blobFileBytes}`,
    '  blob_compression_type=kNoCompression',
    `  enable_blob_garbage_collection=${options.blobGarbageCollection}`,
    `  blob_garbage_collection_age_cutoff=${options.blobAgeCutoff}`,
    `  blob_garbage_collection_force_threshold=${options.blobForceThreshold}`,
    `  blob_file_starting_level=${options.blobStartingLevel}`,
  ];
}
