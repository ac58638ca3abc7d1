/** `raftlab replay <scenario>` */
import { repeated } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

export interface ReplayOptions {
  readonly seed?: string;
  readonly variant?: string;
  readonly set: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly node?: string;
  readonly step?: boolean;
  readonly history?: string;
  readonly record?: string;
  readonly limit: string;
}

export const replay: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('replay')
      .description('show what happened in one run, event by event')
      .argument('<scenario>', 'a file, a name from "raftlab scenario list", or a recording')
      .option('--seed <n>', "which run (default: the scenario's first seed)")
      .option('--variant <name>', 'which variant, if there are several')
      .option('--set <path=value>', 'change the scenario, as for "raftlab run"; may be repeated', repeated, [])
      .option('--from <time>', 'from this virtual time on, e.g. 4s (default: the last 50 events)')
      .option('--to <time>', 'up to this virtual time')
      .option('--node <name>', 'only events and steps of this node')
      .option('--step', 'show what each step of the protocol changes and sends')
      .option('--history <file>', 'write what the clients saw, for "raftlab check"')
      .option('--record <file>', 'write all events, for "raftlab diff" and "raftlab replay" of any version')
      .option('--limit <n>', 'at most so many events', '1000')
      .action(async (scenario: string, options: ReplayOptions) => {
        const { replayScenario } = await import('../replay-run.ts');
        exitWith(await replayScenario(scenario, options, host));
      });
  },
};
