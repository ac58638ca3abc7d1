/** The `badger` engine as the registry sees it. */
import type { EngineDefinition } from '../engine.ts';
import { Badger } from './badger.ts';
import { bench } from './bench.ts';
import { OPTION_SPECS, readOptions } from './options.ts';

export const badger: EngineDefinition = {
  name: 'badger',
  summary: 'Badger v2.2007: value log, memtable, levels of keys and value pointers, garbage collection',
  options: OPTION_SPECS,
  maintenance: [
    { name: 'gc', summary: 'one run of value-log garbage collection; the argument is the discard ratio, say 0.5' },
  ],
  bench,
  create: (context, options) => new Badger(context, readOptions(options)),
};
