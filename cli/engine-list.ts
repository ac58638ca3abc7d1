/** `raftlab engine list`: the engines, their options and what an operator can start by hand. */
import type { EngineDefinition } from '../engines/engine.ts';
import { ENGINES } from '../engines/index.ts';
import { allowedValues, defaultText } from '../scenarios/engine-options.ts';
import { engineOf } from './bench-arguments.ts';
import { EXIT_OK } from './exit-codes.ts';
import type { Host } from './host.ts';

/** All engines by a line each, or one in full. */
export function listEngines(name: string | undefined, host: Host): number {
  if (name === undefined) {
    const width = Math.max(...ENGINES.map((engine) => engine.name.length));
    for (const engine of ENGINES) host.out(`${engine.name.padEnd(width)}  ${engine.summary}\n`);
    host.out('\nraftlab engine list <engine> shows its options and maintenance tasks.\n');
  } else describe(engineOf(name), host);
  return EXIT_OK;
}

function describe(engine: EngineDefinition, host: Host): void {
  host.out(`${engine.name}: ${engine.summary}\n`);
  section(
    host,
    'Options',
    Object.entries(engine.options).map(([name, spec]) => [
      `${name}=${defaultText(spec)}`,
      `${spec.doc} (${allowedValues(spec)}${spec.newStoresOnly === true ? '; for new stores only' : ''})`,
    ]),
  );
  section(
    host,
    'Maintenance tasks, as op of a phase',
    (engine.maintenance ?? []).map(({ name, summary, argument }) => [
      argument === undefined ? name : `${name}, ${argument.name}=${argument.default}`,
      argument === undefined
        ? summary
        : `${summary}; ${argument.name}: ${argument.doc} (${argument.min} to ${argument.max})`,
    ]),
  );
}

function section(host: Host, title: string, lines: readonly (readonly string[])[]): void {
  if (lines.length === 0) return;
  host.out(`\n${title}\n`);
  for (const [name, doc] of lines) host.out(`  ${name}\n      ${doc}\n`);
}
