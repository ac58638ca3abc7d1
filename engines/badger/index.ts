/** The `badger` engine as the registry sees it. */
import type { EngineDefinition } from '../engine.ts';
import { Badger } from './badger.ts';
import { bench } from './bench.ts';
import { OPTION_SPECS, readOptions } from './options.ts';

export const badger: EngineDefinition = {
  name: 'badger',
  summary: 'Badger v2.2007: value log, memtable, levels of keys and value pointers, garbage collection',
  hasChecksums: true,
  options: OPTION_SPECS,
  maintenance: [
    {
      name: 'gc',
      summary: 'value-log garbage collection (RunValueLogGC), again and again until a run rewrites nothing',
      repeats: true,
      argument: {
        name: 'gc_discard_ratio',
        doc: 'Share of a file that can go, in a sample, from which on the file is rewritten.',
        default: 0.5,
        min: 0.001,
        max: 0.999,
      },
    },
  ],
  bench,
  create: (context, options) => new Badger(context, readOptions(options)),
};
