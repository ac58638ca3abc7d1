/** `raftlab explain <scenario>` */
import { repeated } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

export interface ExplainOptions {
  readonly seed?: string;
  readonly variant?: string;
  readonly set: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

export const explain: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('explain')
      .description('draw one run as a page: who sent what to whom, and where it went wrong')
      .argument('<scenario>', 'a file, or a name from "raftlab scenario list"')
      .option('--seed <n>', "which run (default: the scenario's first seed)")
      .option('--variant <name>', 'which variant, if there are several')
      .option('--set <path=value>', 'change the scenario, as for "raftlab run"; may be repeated', repeated, [])
      .option('--from <time>', 'messages from this virtual time on, e.g. 4s (default: around the violation)')
      .option('--to <time>', 'messages up to this virtual time')
      .option('--out <folder>', 'where the page goes (default: out/<scenario>)')
      .action(async (scenario: string, options: ExplainOptions) => {
        const { explainScenario } = await import('../explain/explain.ts');
        exitWith(await explainScenario(scenario, options, host));
      });
  },
};
