/** What a command's file exports. Everything heavy is imported inside its action: `--help` must be quick. */
import type { Command } from 'commander';
import type { Host } from '../host.ts';

export interface CommandContext {
  readonly host: Host;
  /** What the process will exit with; 0 if it is not called. */
  exitWith(code: number): void;
}

export interface CommandDefinition {
  register(program: Command, context: CommandContext): void;
}
