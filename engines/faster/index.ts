/** The `faster` engine as the registry sees it. */
import type { EngineContext, EngineDefinition } from '../engine.ts';
import { bench } from './bench.ts';
import { FasterEngine } from './engine.ts';
import { OPTION_SPECS, readOptions } from './options.ts';
import { KEY_BYTES_MAX } from './ordered-keys.ts';
import { recordBytes } from './record-format.ts';

export const faster: EngineDefinition = {
  name: 'faster',
  summary: 'FASTER 2.6: hash index over a hybrid log, updates in place, durable by checkpoints; ordered keys above it',
  hasChecksums: false,
  options: OPTION_SPECS,
  maintenance: [
    {
      name: 'compact',
      summary: 'copy the live records of the oldest part of the log to its tail, and cut that part off',
      argument: { name: 'share', doc: 'share of the log', default: 1, min: 0.01, max: 1 },
    },
    {
      name: 'flush',
      summary: 'make the log in memory read-only and write it (Log.Flush); durable only by a checkpoint',
    },
    { name: 'index-checkpoint', summary: 'write the hash index' },
  ],
  bench,
  refusal(options, keyBytes, valueBytes): string | undefined {
    const { pageBytes } = readOptions(options);
    const bytes = recordBytes(keyBytes + 1, valueBytes);
    if (keyBytes >= KEY_BYTES_MAX) return `a key of ${keyBytes} bytes; the ordered index takes ${KEY_BYTES_MAX - 1}`;
    return bytes > pageBytes ? `a record of ${bytes} bytes; a page has ${pageBytes} (PageSizeBits)` : undefined;
  },
  create: (context: EngineContext, options) => new FasterEngine(context, readOptions(options)),
};
