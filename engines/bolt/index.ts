/** The `bolt` engine as the registry sees it. */
import type { ParameterValues } from '../../sim/parameters.ts';
import type { EngineContext, EngineDefinition } from '../engine.ts';
import { boltBench } from './bench.ts';
import { BoltEngine } from './engine.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './format.ts';
import { MAINTENANCE } from './maintenance.ts';
import { boltOptions, OPTIONS } from './options.ts';

export const bolt: EngineDefinition = {
  name: 'bolt',
  summary: "bbolt 1.3.6: copy-on-write B+tree in one file, etcd's engine",
  hasChecksums: false,
  options: OPTIONS,
  maintenance: MAINTENANCE,
  bench: boltBench,
  refusal(_options: ParameterValues, keyBytes: number, valueBytes: number): string | undefined {
    if (keyBytes > KEY_BYTES_MAX) return `a key of ${keyBytes} bytes; bolt takes ${KEY_BYTES_MAX}`;
    return valueBytes > VALUE_BYTES_MAX ? `a value of ${valueBytes} bytes; bolt takes ${VALUE_BYTES_MAX}` : undefined;
  },
  create(context: EngineContext, values: ParameterValues): BoltEngine {
    return new BoltEngine(context, boltOptions(values));
  },
};
