/** What a command sees of the process it runs in, so that tests can run one without a process. */
export interface Host {
  /** Results. */
  out(text: string): void;
  /** Progress and errors. */
  error(text: string): void;
  /** Progress may be drawn over itself. */
  readonly isTerminal: boolean;
  readonly directory: string;
  /** Calls back at each Ctrl-C until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Another simulator than ours, for tests: URL of a module with `createRun` and `firstDivergence`. */
  readonly simulator?: string;
}

export function processHost(): Host {
  // a reader that has seen enough (`| head`) is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    directory: process.cwd(),
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      return () => void process.off('SIGINT', listener);
    },
  };
}
