/** The power fails at every disk operation of a small workload, blocks included. */
import { describe, expect, it } from 'vitest';
import { ledger } from '../../../engines/ledger/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { type CrashModel, POWER_CUT, TORN_SECTORS } from '../../../sim/disk/crash-model.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { batchOf, bytesOf, del, EngineBed, put, TABLES } from '../bed.ts';
import { type Operation, SortedArray } from '../sorted-array.ts';

const BATCHES: readonly (readonly Operation[])[] = Array.from({ length: 7 }, (_, i) => [
  put('again', Value.filled(bytesOf(`round ${i}`), 700)),
  put(`batch ${i}`, `${i}`, 1),
  ...(i > 1 ? [del(`batch ${i - 2}`, 1)] : []),
]);

const STATES = [new SortedArray(TABLES.length)];
for (const batch of BATCHES) {
  const next = STATES.at(-1)!.copy();
  next.apply(batch);
  STATES.push(next);
}

/** Writes everything on one thread, in the order in which it would wait for the disk; says what each sync covers. */
function run(
  options: ParameterValues,
  seed: number,
): { bed: EngineBed; syncs: { requests: number; batches: number }[] } {
  const bed = EngineBed.opened(ledger, options, seed);
  const syncs: { requests: number; batches: number }[] = [];
  BATCHES.forEach((batch, i) => {
    expect(bed.engine.write(batchOf(batch))).toBe('ok');
    expect(bed.engine.sync()).toBe('ok');
    syncs.push({ requests: bed.disk.waitingRequests(0), batches: i + 1 });
    const job = bed.engine.background();
    if (job !== undefined) while (job.next().done !== true);
  });
  return { bed, syncs };
}

const FORMS: readonly ParameterValues[] = [
  { block_size_entries: 5, journal_file_bytes: 4096 },
  { form: 'chain', block_size_entries: 5, journal_file_bytes: 4096 },
];
const MODELS: readonly [string, CrashModel][] = [
  ['power cut', POWER_CUT],
  ['torn sectors', TORN_SECTORS],
];

describe.each(FORMS)('a ledger %j whose power fails', (options) => {
  it.each(MODELS)('anywhere is at a batch boundary, with all that was synced: %s', (_name, model) => {
    const total = run(options, 1).bed.disk.waitingRequests(0);
    expect(total).toBeGreaterThan(15);
    for (let finished = 0; finished <= total; finished++) {
      const { bed, syncs } = run(options, finished + 1);
      bed.complete(finished);
      expect(bed.crash(model), `after ${finished} requests: ${bed.engine.corruption?.what}`).toBe('recovered');
      const durable = syncs.findLast(({ requests }) => requests <= finished)?.batches ?? 0;
      bed.adoptSurvivor(STATES.slice(durable));
      bed.verify();
      bed.write([put('afterwards', 'works')]);
      bed.sync();
      bed.restart();
      bed.verify();
    }
  });
});
