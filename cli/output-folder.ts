/** The folder that a run's files go to. It is tried before the run: hours of work must not end in "permission denied". */
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { UsageError } from './exit-codes.ts';

export class OutputFolder {
  /** As shown to the user. */
  readonly label: string;
  readonly #path: string;

  /** Makes the folder; throws `UsageError` if nothing can be written there. */
  constructor(directory: string, folder: string) {
    this.#path = resolve(directory, folder);
    const shortest = relative(directory, this.#path);
    this.label = shortest === '' ? '.' : shortest.startsWith('..') ? this.#path : shortest;
    const probe = join(this.#path, `.raftlab-${process.pid}.tmp`);
    try {
      makeFolders(this.#path);
      writeFileSync(probe, '');
      rmSync(probe);
    } catch (error) {
      throw new UsageError(
        `cannot write to ${this.label} (${(error as NodeJS.ErrnoException).code}); allowed: --out with a folder that can be written`,
      );
    }
  }

  /** Whole or not at all: a reader never sees half a report. Returns the path for people. */
  write(name: string, content: string): string {
    const temporary = join(this.#path, `.${name}.${process.pid}.tmp`);
    const label = join(this.label, name);
    try {
      writeFileSync(temporary, content);
      renameSync(temporary, join(this.#path, name));
    } catch (error) {
      throw new UsageError(`cannot write ${label} (${(error as NodeJS.ErrnoException).code})`);
    }
    return label;
  }
}

/** One by one: Node's own recursive mkdir never returns where a file system (procfs) denies that the parent exists. */
function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  makeFolders(dirname(path));
  mkdirSync(path);
}
