/**
 * Replays the measured phases of bbolt on the `bolt` engine and says which columns agree.
 *
 *     node dist/bench/ground-truth/main.js FOLDER [RUN …]
 *
 * FOLDER holds `bbolt.csv`; without a RUN, all are replayed (about a minute).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';
import { BoltRun, EXACT_COLUMNS, parseCsv } from './bolt.ts';

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node dist/bench/ground-truth/main.js FOLDER [RUN …]');
  process.exit(2);
}
const rows = parseCsv(readFileSync(join(folder, 'bbolt.csv'), 'utf8'));
let exact = 0;
let replayed = 0;
for (const name of new Set(rows.map(({ run }) => run!))) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const phases = rows.filter(({ run }) => run === name);
  const disk = new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1),
    pageCacheBytes: 4 * 1024 * 1024 * 1024,
    capacityBytes: 1024 * 1024 * 1024 * 1024,
  });
  const run = new BoltRun(disk, phases);
  for (const phase of phases) {
    const title = `${name} ${phase.phase} ${phase.freelist} ${phase.op}`;
    const found = run.phase(phase);
    const differing = EXACT_COLUMNS.filter((column) => found[column] !== Number(phase[column]));
    replayed++;
    if (differing.length === 0) exact++;
    const list = differing.map((column) => `${column} ${found[column]} instead of ${phase[column]}`);
    console.log(`${title}: ${differing.length === 0 ? 'exact' : list.join(', ')}`);
  }
  const faults = run.engine.check();
  if (faults.length > 0) console.log(`${name}: unsound`, faults[0]);
}
console.log(`${exact} of ${replayed} phases are exact in all ${EXACT_COLUMNS.length} columns`);
