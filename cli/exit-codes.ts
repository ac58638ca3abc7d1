/** What scripts may rely on; `docs/cli.md` says the same for people. */
export const EXIT_OK = 0;
/** An expectation or an invariant failed. */
export const EXIT_FAILED = 1;
/** Bad usage, a bad scenario, an unwritable output folder: nothing was run. */
export const EXIT_USAGE = 2;
/** A defect in raftlab itself. */
export const EXIT_BUG = 3;
/** A history of which neither was proven within its time. */
export const EXIT_UNKNOWN = 4;
/** Ctrl-C: what was done is written. */
export const EXIT_INTERRUPTED = 130;

/** The user's to correct. Each line is printed as it is; exit 2. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly lines: readonly string[];

  constructor(...lines: string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}
