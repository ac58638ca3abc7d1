/** `raftlab merge <folder…>` */
import type { CommandDefinition } from './command.ts';

export interface MergeOptions {
  readonly out: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export const merge: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('merge')
      .description('put the shards of a sweep together')
      .argument('<folder...>', 'folders that "raftlab sweep --shard" wrote')
      .requiredOption('--out <folder>', 'where the merged journal and summary go')
      .option('--quiet', 'no table')
      .option('--json', 'print the summary as JSON instead of the table')
      .action(async (folders: string[], options: MergeOptions) => {
        const { mergeSweeps } = await import('../sweep/merge.ts');
        exitWith(mergeSweeps(folders, options, host));
      });
  },
};
