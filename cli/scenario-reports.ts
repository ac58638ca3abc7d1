/** What `raftlab scenario …` prints. */
import { CATALOGUE } from '../scenarios/catalogue.ts';
import { loadScenario } from '../scenarios/loader.ts';
import { publishedSchema } from '../scenarios/schema.ts';
import { EXIT_OK, EXIT_USAGE, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { shippedScenarios } from './package.ts';
import { readScenarioFile } from './scenario-files.ts';
import { counted, firstSentence } from './wording.ts';

export function listScenarios(host: Host): number {
  const names = shippedScenarios();
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) {
    const { text, readFile } = readScenarioFile(name, host.directory);
    const loaded = loadScenario(name, text, { catalogue: CATALOGUE, readFile });
    const why = loaded.ok ? firstSentence(loaded.scenario.why) : 'does not load with this version';
    host.out(`${name.padEnd(width)}  ${why}\n`);
  }
  return EXIT_OK;
}

export function validateScenarios(files: readonly string[], host: Host): number {
  let code = EXIT_OK;
  for (const argument of files) {
    try {
      const { label, text, readFile } = readScenarioFile(argument, host.directory);
      const loaded = loadScenario(label, text, { catalogue: CATALOGUE, readFile });
      if (!loaded.ok) throw new UsageError(...loaded.problems);
      const { variants, seeds } = loaded.scenario;
      const names = variants.map((variant) => variant.variant).join(', ');
      host.out(
        `${label}: fine; ${counted(variants.length, 'variant')} (${names}) × ${counted(seeds.length, 'seed')}\n`,
      );
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      for (const line of error.lines) host.error(`${line}\n`);
      code = EXIT_USAGE;
    }
  }
  return code;
}

export function printSchema(host: Host): number {
  host.out(`${JSON.stringify(publishedSchema(CATALOGUE), undefined, 2)}\n`);
  return EXIT_OK;
}
