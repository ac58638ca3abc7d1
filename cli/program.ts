/** The command line as a function: arguments in, exit code out. */
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.ts';
import { EXIT_BUG, EXIT_OK, EXIT_USAGE, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { PACKAGE } from './package.ts';

const EXIT_CODES = `
Exit codes:
  0    fine
  1    an expectation or an invariant failed; a history is not linearizable
  2    bad usage, a bad scenario, not a history; nothing was run
  3    a defect in raftlab
  4    whether a history is linearizable was not found out in time
  130  interrupted; what was done is written`;

export async function runProgram(argumentsGiven: readonly string[], host: Host): Promise<number> {
  let code = EXIT_OK;
  const program = new Command('raftlab')
    .description('A deterministic laboratory for replicated key-value stores.')
    .version(PACKAGE.version)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({ writeOut: host.out, writeErr: host.error });
  const context = {
    host,
    exitWith: (newCode: number): void => {
      code = newCode;
    },
  };
  for (const command of COMMANDS) command.register(program, context);
  inherit(program);
  try {
    await program.parseAsync(argumentsGiven as string[], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    if (error instanceof UsageError) {
      for (const line of error.lines) host.error(`${line}\n`);
      return EXIT_USAGE;
    }
    reportBug(host, argumentsGiven, error instanceof Error ? (error.stack ?? error.message) : String(error));
    return EXIT_BUG;
  }
}

/** Commander copies these to subcommands made by `command()` only if they are set on the parent before. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherit(child);
  }
}

/** Everything that finding the defect takes. */
export function reportBug(host: Host, argumentsGiven: readonly string[], what: string): void {
  host.error(`This is a defect in raftlab ${PACKAGE.version}: please report it with the lines below.\n`);
  host.error(`  raftlab ${argumentsGiven.join(' ')} (Node ${process.version})\n`);
  for (const line of what.split('\n')) host.error(`  ${line}\n`);
}
