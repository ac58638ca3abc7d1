/** `raftlab run <scenario…>` */
import { jobsOf, repeated } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

export interface RunOptions {
  readonly seed?: string;
  readonly variant?: string;
  readonly out?: string;
  readonly set: readonly string[];
  readonly jobs?: number;
  readonly checkDeterminism?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export const run: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('run')
      .description('run scenarios and write their reports')
      .argument('<scenario...>', 'files, or names from "raftlab scenario list"')
      .option('--seed <seeds>', "instead of the scenario's seeds: 7, 1..200, or 1,5,10..20")
      .option('--variant <name>', 'only the variants that match; * stands for any characters')
      .option('--out <folder>', 'where the reports go (default: out/<scenario>)')
      .option('--set <path=value>', 'change the scenario, e.g. workload.clients=10; may be repeated', repeated, [])
      .option('--jobs <n>', 'runs at a time (default: one a core)', jobsOf)
      .option('--check-determinism', 'run everything twice, and name the first event that differs')
      .option('--quiet', 'no progress and no table: only what went wrong')
      .option('--json', 'print result.json instead of the table')
      .action(async (scenarios: string[], options: RunOptions) => {
        const { runScenarios } = await import('../run-scenarios.ts');
        exitWith(await runScenarios(scenarios, options, host));
      });
  },
};
