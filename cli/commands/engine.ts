/** `raftlab engine list | bench | export` */
import type { Command } from 'commander';
import type { BenchOptions } from '../engine-bench.ts';
import type { ExportOptions } from '../engine-export.ts';
import { repeated } from './arguments.ts';
import type { CommandDefinition } from './command.ts';

/** What a bench runs; the defaults stand in `bench-arguments.ts`. */
function withBenchOptions(command: Command): Command {
  return command
    .option(
      '--phase <phase>',
      'name:op:order:ops:keyspace:seed[:batch]; repeat for phases on the same store',
      repeated,
      [],
    )
    .option('--value-bytes <n>', 'bytes of a value (default: 100)')
    .option('--batch <n>', 'operations written as one, where a phase does not say (default: 100)')
    .option('--option <name=value>', "one of the engine's options; may be repeated", repeated, [])
    .option('--sync', 'sync after each batch; bolt always does')
    .option('--paced', 'wait after each batch until no background work is left')
    .option('--disk <profile>', 'device: nvme, ssd, cloud-volume, hdd (default: nvme)')
    .option('--cpu <profile>', 'cost profile (default: etcd-2021)')
    .option('--cores <n>', 'cores of the machine (default: 4)')
    .option('--page-cache <size>', "the operating system's page cache (default: 4GiB)")
    .option('--seed <n>', 'of what device and engine draw at random (default: 1)')
    .option('--check', "run the engine's own check of its files at the end")
    .option('--quiet', 'no progress');
}

export const engine: CommandDefinition = {
  register(program, { host, exitWith }) {
    const group = program.command('engine').description('run a storage engine alone, without a cluster');
    group
      .command('list')
      .description('the engines; with a name, its options and maintenance tasks')
      .argument('[engine]')
      .action(async (name: string | undefined) => {
        const { listEngines } = await import('../engine-list.ts');
        exitWith(listEngines(name, host));
      });
    withBenchOptions(
      group
        .command('bench')
        .description('run phases of a generated workload and count the bytes')
        .requiredOption('--engine <name>', 'see "raftlab engine list"'),
    )
      .option('--stats', "also print the engine's own figures after each phase")
      .option('--report <folder>', 'also write report.html, and phases.json')
      .option('--json', 'one JSON object for each phase, in place of the table')
      .action(async (options: BenchOptions) => {
        const { benchEngine } = await import('../engine-bench.ts');
        exitWith(await benchEngine(options, host));
      });
    withBenchOptions(
      group
        .command('export')
        .description("write an engine's files to a folder: after a bench, or from a node at the end of a run")
        .requiredOption('--out <folder>', 'where the files go')
        .option('--force', 'also into a folder that is not empty')
        .option('--engine <name>', 'of a bench; then as for "engine bench"')
        .option('--scenario <scenario>', 'of a run: a file, or a name from "raftlab scenario list"')
        .option('--variant <name>', 'the one of the scenario; * stands for any characters')
        .option('--set <path=value>', 'change the scenario; may be repeated', repeated, [])
        .option('--node <name>', 'n1, n2 …'),
    ).action(async (options: ExportOptions) => {
      const { exportEngine } = await import('../engine-export.ts');
      exitWith(await exportEngine(options, host));
    });
  },
};
