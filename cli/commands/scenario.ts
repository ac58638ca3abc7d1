/** `raftlab scenario list | validate | schema` */
import type { CommandDefinition } from './command.ts';

export const scenario: CommandDefinition = {
  register(program, { host, exitWith }) {
    const group = program.command('scenario').description('list, check and describe scenario files');
    group
      .command('list')
      .description('the scenarios that come with raftlab')
      .action(async () => {
        const { listScenarios } = await import('../scenario-reports.ts');
        exitWith(listScenarios(host));
      });
    group
      .command('validate')
      .description('check scenario files and say what they would run')
      .argument('<scenario...>', 'files, or names from "raftlab scenario list"')
      .action(async (files: string[]) => {
        const { validateScenarios } = await import('../scenario-reports.ts');
        exitWith(validateScenarios(files, host));
      });
    group
      .command('schema')
      .description('the JSON Schema of scenario files, for editors')
      .action(async () => {
        const { printSchema } = await import('../scenario-reports.ts');
        exitWith(printSchema(host));
      });
  },
};
