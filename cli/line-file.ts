/** A text file that is written line by line while something long goes on, and is there only once it is whole. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from './exit-codes.ts';

const BUFFER_CHARACTERS = 1 << 16;

export class LineFile {
  /** As the user named it. */
  readonly label: string;
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  #buffer = '';

  /** Throws `UsageError` if it cannot be written: before anything is run. */
  constructor(directory: string, label: string) {
    this.label = label;
    this.#path = resolve(directory, label);
    this.#temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      this.#file = openSync(this.#temporary, 'w');
    } catch (error) {
      throw new UsageError(`cannot write ${label} (${(error as NodeJS.ErrnoException).code})`);
    }
  }

  add(line: string): void {
    this.#buffer += `${line}\n`;
    if (this.#buffer.length >= BUFFER_CHARACTERS) this.#flush();
  }

  /** Puts it in place of what had its name. */
  finish(): void {
    this.#flush();
    closeSync(this.#file);
    renameSync(this.#temporary, this.#path);
  }

  /** As if it had never been begun. */
  abandon(): void {
    closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#buffer);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#buffer = '';
  }
}
