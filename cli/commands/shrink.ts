/** `raftlab shrink <scenario> --seed N` */
import { repeated } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

export interface ShrinkOptions {
  readonly seed: string;
  readonly variant?: string;
  readonly set: readonly string[];
  readonly budget: string;
  readonly out?: string;
}

export const shrink: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('shrink')
      .description('make a failing scenario as small as it can be while it fails in the same way')
      .argument('<scenario>', 'a file, or a name from "raftlab scenario list"')
      .requiredOption('--seed <n>', 'under which it fails')
      .option('--variant <name>', 'which variant, if there are several')
      .option('--set <path=value>', 'change the scenario, as for "raftlab run"; may be repeated', repeated, [])
      .option('--budget <duration>', 'stop after so long with the smallest so far', '5min')
      .option('--out <folder>', 'where the smaller scenario goes (default: out/shrink)')
      .action(async (scenario: string, options: ShrinkOptions) => {
        const { shrinkScenario } = await import('../shrink/shrink.ts');
        exitWith(await shrinkScenario(scenario, options, host));
      });
  },
};
