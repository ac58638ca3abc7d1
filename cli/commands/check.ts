/** `raftlab check <history…>` */
import type { CommandDefinition } from './command.ts';

export interface CheckOptions {
  readonly model: string;
  /** For each history. */
  readonly time: string;
  readonly quiet?: boolean;
}

export const check: CommandDefinition = {
  register(program, { host, exitWith }) {
    program
      .command('check')
      .description('say whether recorded histories are linearizable')
      .argument('<history...>', "Jepsen's log or history.edn, or one JSON object a line (docs/linearizability.md)")
      .requiredOption('--model <model>', 'what the objects are: register, cas-register or kv-append')
      .option('--time <duration>', 'give up a history after so long: unknown', '60s')
      .option('--quiet', 'verdicts only')
      .action(async (histories: string[], options: CheckOptions) => {
        const { checkHistories } = await import('../check-histories.ts');
        exitWith(await checkHistories(histories, options, host));
      });
  },
};
