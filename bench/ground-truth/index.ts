/** The real engines that were measured: adding one is its file and one line here. */
import { badger } from './badger-rows.ts';
import { bbolt } from './bbolt-rows.ts';
import type { MeasuredEngine } from './measured-engine.ts';
import { rocksdb } from './rocksdb-rows.ts';

export const MEASURED_ENGINES: readonly MeasuredEngine[] = [bbolt, rocksdb, badger];
