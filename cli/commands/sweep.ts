/** `raftlab sweep <scenario>` */
import { jobsOf, repeated } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

export interface SweepOptions {
  readonly seeds?: string;
  readonly variant?: string;
  readonly set: readonly string[];
  readonly jobs?: number;
  readonly budget?: string;
  readonly shard?: string;
  readonly out?: string;
  readonly fresh?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export const sweep: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('sweep')
      .description('run a scenario under many seeds and group the failures by cause')
      .argument('<scenario>', 'a file, or a name from "raftlab scenario list"')
      .option('--seeds <seeds>', "instead of the scenario's: 1..10000, or 1,5,10..20")
      .option('--variant <name>', 'only the variants that match; * stands for any characters')
      .option('--set <path=value>', 'change the scenario, as for "raftlab run"; may be repeated', repeated, [])
      .option('--jobs <n>', 'runs at a time (default: one a core)', jobsOf)
      .option('--budget <duration>', 'stop after so long; the same command goes on later')
      .option('--shard <i/n>', 'only the i-th of n equal parts; "raftlab merge" puts them together')
      .option('--out <folder>', 'where the journal and the summary go (default: out/sweep/<scenario>)')
      .option('--fresh', 'forget what an earlier sweep left in the folder')
      .option('--quiet', 'no progress and no table')
      .option('--json', 'print the summary as JSON instead of the table')
      .action(async (scenario: string, options: SweepOptions) => {
        const { sweepScenario } = await import('../sweep/sweep.ts');
        exitWith(await sweepScenario(scenario, options, host));
      });
  },
};
