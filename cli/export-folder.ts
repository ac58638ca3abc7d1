/** The folder that an engine's files are exported to: empty, or overwritten by request; tried before anything is run. */
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatBytes } from '../reports/format.ts';
import type { SimulatedDisk } from '../sim/disk/simulated-disk.ts';
import { UsageError } from './exit-codes.ts';
import { exportStore } from './store-folder.ts';

export class ExportFolder {
  readonly label: string;
  readonly #path: string;

  /** Makes the folder; throws `UsageError` if it is not empty, unless `force`, or cannot be written to. */
  constructor(directory: string, folder: string, force: boolean) {
    this.label = folder;
    this.#path = resolve(directory, folder);
    const probe = join(this.#path, `.raftlab-${process.pid}.tmp`);
    try {
      mkdirSync(this.#path, { recursive: true });
      writeFileSync(probe, '');
      rmSync(probe);
    } catch (error) {
      throw new UsageError(
        `cannot write to ${folder} (${(error as NodeJS.ErrnoException).code}); allowed: --out with a folder that can be written`,
      );
    }
    if (!force && readdirSync(this.#path).length > 0) {
      throw new UsageError(
        `--out ${folder}: is not empty; --force writes there all the same, over files of the same names`,
      );
    }
  }

  /** Returns what to say of it; throws `UsageError` if the files would not fit or cannot be written. */
  write(disk: SimulatedDisk, prefix: string): string {
    let bytes = 0;
    const names = disk.list(prefix);
    for (const name of names) bytes += disk.open(name)!.length;
    const { bavail, bsize } = statfsSync(this.#path);
    if (bytes > bavail * bsize) {
      throw new UsageError(
        `--out ${this.label}: ${formatBytes(bytes)} don't fit, ${formatBytes(bavail * bsize)} are free`,
      );
    }
    try {
      exportStore(disk, prefix, this.#path);
    } catch (error) {
      throw new UsageError(`cannot write to ${this.label} (${(error as NodeJS.ErrnoException).code})`);
    }
    return `${names.length} file${names.length === 1 ? '' : 's'}, ${formatBytes(bytes)}`;
  }
}
