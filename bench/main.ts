/** `npm run bench [section …]`: prints figures and ratios; asserts nothing about time. */
import { clusterBench, memoryBench, sharesBench } from './cluster.ts';
import { corruptionBench } from './corruption.ts';
import { enginesBench } from './engines.ts';
import { integrityBench } from './integrity.ts';
import { kernelBench } from './kernel.ts';
import { linearizabilityBench } from './linearizability.ts';
import { printRows, type Row } from './measure.ts';
import { fullPreloadBench, preloadBench } from './preload.ts';
import { seedsBench } from './seeds.ts';

const SECTIONS: Readonly<Record<string, () => Row[] | Promise<Row[]> | AsyncGenerator<Row[], void>>> = {
  kernel: kernelBench,
  cluster: clusterBench,
  memory: memoryBench,
  shares: sharesBench,
  seeds: seedsBench,
  linearizability: linearizabilityBench,
  engines: enginesBench,
  corruption: corruptionBench,
  integrity: integrityBench,
  preload: preloadBench,
  'preload-full': fullPreloadBench,
};
/** Take many minutes or gigabytes: only by name. */
const ON_REQUEST: readonly string[] = ['preload-full', 'integrity'];

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(SECTIONS).filter((name) => !ON_REQUEST.includes(name))) {
  const section = SECTIONS[name];
  if (section === undefined) {
    console.error(`bench: no section "${name}"; there are: ${Object.keys(SECTIONS).join(', ')}`);
    process.exit(2);
  }
  const made = section();
  if (Symbol.asyncIterator in made) for await (const rows of made) printRows(rows);
  else printRows(await made);
}
