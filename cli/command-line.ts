/** Command lines that the user can paste: what shows a run again. */

/** Single quotes around whatever a POSIX shell would not take literally. */
export function shellQuoted(argument: string): string {
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

export interface Invocation {
  /** The scenario as the user named it. */
  readonly scenario: string;
  readonly sets: readonly string[];
  readonly variant: string | undefined;
  readonly seeds: string | undefined;
}

export function commandLine({ scenario, sets, variant, seeds }: Invocation): string {
  const parts = ['raftlab', 'run', shellQuoted(scenario)];
  for (const set of sets) parts.push('--set', shellQuoted(set));
  if (variant !== undefined) parts.push('--variant', shellQuoted(variant));
  if (seeds !== undefined) parts.push('--seed', shellQuoted(seeds));
  return parts.join(' ');
}

/** What draws the run that a command line of `raftlab run` shows. */
export function explainLine(command: string): string {
  return command.replace(/^raftlab run /, 'raftlab explain ');
}
