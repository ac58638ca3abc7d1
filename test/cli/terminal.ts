/** A host without a process: what was printed, and an interrupt at will. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../cli/host.ts';
import { runProgram } from '../../cli/program.ts';

export const STUB = new URL('./stub-simulator.mjs', import.meta.url).href;

export class Terminal {
  readonly directory = mkdtempSync(join(tmpdir(), 'raftlab-test-'));
  out = '';
  error = '';
  /** undefined: ours. */
  simulator: string | undefined = STUB;
  interrupt: () => void = () => undefined;
  #startInterruptible: () => void = () => undefined;
  /** From here on `interrupt` is heard. */
  readonly interruptible = new Promise<void>((resolve) => {
    this.#startInterruptible = resolve;
  });

  /** Writes a scenario file; `body` goes under its name and why. */
  scenario(name: string, body = ''): string {
    const file = `${name}.yaml`;
    writeFileSync(join(this.directory, file), `name: ${name}\nwhy: To test. Nothing else.\n${body}`);
    return file;
  }

  async run(...given: string[]): Promise<number> {
    this.out = '';
    this.error = '';
    const host: Host = {
      out: (text) => {
        this.out += text;
      },
      error: (text) => {
        this.error += text;
      },
      isTerminal: false,
      directory: this.directory,
      onInterrupt: (listener) => {
        this.interrupt = listener;
        this.#startInterruptible();
        return () => {
          this.interrupt = () => undefined;
        };
      },
      ...(this.simulator !== undefined && { simulator: this.simulator }),
    };
    return runProgram(given, host);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
