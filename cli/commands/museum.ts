/** `raftlab museum list | run` */
import { jobsOf } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

export interface MuseumOptions {
  readonly starts: number;
  readonly seedsMax: number;
  readonly jobs?: number;
  readonly shrink: boolean;
  readonly write?: boolean;
  readonly out?: string;
  readonly fresh?: boolean;
}

const count = (value: string): number => (/^\d+$/.test(value) ? Number(value) : Number.NaN);

export const museum: CommandDefinition = {
  register(program, { host, exitWith }) {
    const group = program
      .command('museum')
      .description('published bugs, each planted where it was made, found by seed');
    group
      .command('list')
      .description('the bugs: where each was published and planted, and which check finds it')
      .action(async () => {
        const { listBugs } = await import('../museum/list.ts');
        exitWith(listBugs(host));
      });
    group
      .command('run')
      .description('measure how many seeds it takes to find a bug, or each of them')
      .argument('[bug]', 'a name from "raftlab museum list"; without it all')
      .option('--starts <n>', 'searches, each through seeds of its own', count, 20)
      .option('--seeds-max <n>', 'seeds after which a search gives up', count, 200)
      .option('--jobs <n>', 'runs at a time (default: one a core)', jobsOf)
      .option('--no-shrink', 'leave out making the first find smaller')
      .option('--out <folder>', 'where it is noted which bugs are measured (default: out/museum)')
      .option('--fresh', 'begin anew where an earlier run of all bugs has been interrupted')
      .option('--write', 'write the results to docs/museum.md')
      .action(async (bug: string | undefined, options: MuseumOptions) => {
        const { runMuseum } = await import('../museum/museum.ts');
        exitWith(await runMuseum(bug, options, host));
      });
  },
};
