/** `raftlab diff <run> <run>` */
import type { CommandDefinition } from './command.ts';

export interface DiffOptions {
  readonly context: string;
}

export const diff: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('diff')
      .description('name the first event in which two runs differ')
      .argument('<run>', 'scenario[:variant][@seed], e.g. partition:bolt@17')
      .argument('<run>', 'likewise')
      .option('--context <n>', 'events shown before and after', '5')
      .action(async (first: string, second: string, options: DiffOptions) => {
        const { diffRuns } = await import('../diff-runs.ts');
        exitWith(await diffRuns(first, second, options, host));
      });
  },
};
