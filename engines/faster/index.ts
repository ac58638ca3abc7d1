/** The `faster` engine as the registry sees it. */
import type { EngineContext, EngineDefinition } from '../engine.ts';
import { bench } from './bench.ts';
import { FasterEngine } from './engine.ts';
import { OPTION_SPECS, readOptions } from './options.ts';

export const faster: EngineDefinition = {
  name: 'faster',
  summary: 'FASTER 2.6: hash index over a hybrid log, updates in place, durable by checkpoints; ordered keys above it',
  options: OPTION_SPECS,
  maintenance: [
    {
      name: 'compact',
      summary: 'copy the live records of the oldest part of the log to its tail; argument: share, 1 if 0',
    },
    { name: 'index-checkpoint', summary: 'write the hash index' },
  ],
  bench,
  create: (context: EngineContext, options) => new FasterEngine(context, readOptions(options)),
};
