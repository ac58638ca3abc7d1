/** `raftlab merge`: the journals of a sweep's shards become one journal, as if one machine had done it all. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { MergeOptions } from '../commands/merge.ts';
import { EXIT_BUG, EXIT_FAILED, EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { OutputFolder } from '../output-folder.ts';
import { differenceOf, JOURNAL_NAME, Journal, runKey } from './journal.ts';
import { summarise } from './summary.ts';
import { show } from './sweep.ts';

export function mergeSweeps(folders: readonly string[], options: MergeOptions, host: Host): number {
  const journals = folders.map((folder) => readFolder(folder, host.directory));
  const first = journals[0]!;
  for (const [i, { head }] of journals.entries()) {
    const difference = differenceOf(head, { ...first.head, shard: head.shard });
    if (difference !== undefined) {
      throw new UsageError(`${folders[i]} is not of the sweep of ${folders[0]}: it is ${difference}`);
    }
  }
  const target = new OutputFolder(host.directory, options.out);
  const path = join(resolve(host.directory, target.label), JOURNAL_NAME);
  if (folders.some((folder) => resolve(host.directory, folder) === resolve(host.directory, options.out))) {
    throw new UsageError(`--out ${options.out}: is one of the folders to be merged`);
  }
  const runs = Math.max(...journals.map(({ head }) => head.runs));
  const merged = Journal.open(path, join(target.label, JOURNAL_NAME), { ...first.head, runs, shard: [1, 1] }, true);
  for (const [i, journal] of journals.entries()) {
    for (const run of journal.runs.values()) {
      const known = merged.runs.get(runKey(run.variant, run.seed));
      if (known === undefined) merged.add(run);
      else if (known.traceHash !== run.traceHash) {
        throw new UsageError(
          `${folders[i]}: ${run.variant}, seed ${run.seed} has another trace hash there than in another folder: not the same code`,
        );
      }
    }
  }
  const summary = summarise(merged, [...merged.runs.values()], runs);
  show(summary, target, options, host);
  if (summary.causes.some(({ check }) => check === 'defect in raftlab')) return EXIT_BUG;
  return summary.failing > 0 ? EXIT_FAILED : EXIT_OK;
}

function readFolder(folder: string, directory: string): Journal {
  const path = resolve(directory, folder);
  const label = join(folder, JOURNAL_NAME);
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new UsageError(`${folder}: there is no such folder`);
  return Journal.read(join(path, JOURNAL_NAME), label);
}
