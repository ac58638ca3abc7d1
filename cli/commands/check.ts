/** `raftlab check <history…>` */
import { InvalidArgumentError, Option } from 'commander';
import { parseQuantity } from '../../scenarios/units.ts';
import { MODELS } from '../../sim/linearizability/models/index.ts';
import type { CommandDefinition } from './command.ts';

export interface CheckOptions {
  readonly model: string;
  /** ns for each history. */
  readonly time: number;
  readonly quiet?: boolean;
}

const TIME_DEFAULT_NS = 60e9;

function durationOf(text: string): number {
  const parsed = parseQuantity('duration', text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.problem);
  if (parsed.value === 0) throw new InvalidArgumentError('must be longer than nothing');
  return parsed.value;
}

export const check: CommandDefinition = {
  register(program, { host, exitWith }) {
    const models = new Option('--model <model>', MODELS.map(({ name, summary }) => `${name}: ${summary}`).join('; '))
      .choices(MODELS.map(({ name }) => name))
      .makeOptionMandatory();
    program
      .command('check')
      .description('say whether recorded histories are linearizable')
      .argument('<history...>', "Jepsen's log or history.edn, or one JSON object a line (docs/linearizability.md)")
      .addOption(models)
      .option(
        '--time <duration>',
        'give up a history after so long: unknown (default: 60s)',
        durationOf,
        TIME_DEFAULT_NS,
      )
      .option('--quiet', 'verdicts only')
      .action(async (histories: string[], options: CheckOptions) => {
        const { checkHistories } = await import('../check-histories.ts');
        exitWith(await checkHistories(histories, options, host));
      });
  },
};
