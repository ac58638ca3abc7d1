/**
 * `npm run bench corruption`: damages tried on each engine's files, and what was noticed, as the table of
 * docs/engines/README.md.
 */
import { corruptionStores } from './corruption-stores.ts';
import { DAMAGES, DamagedStore, type Trial, VERDICTS } from './corruption-trials.ts';
import type { Row } from './measure.ts';

/** Of each damage on each kind of file. */
const TRIALS = 40;

export function corruptionBench(): Row[] {
  const rows: string[][] = [['engine', 'file', 'tried', ...VERDICTS]];
  const notes: string[] = [];
  for (const sketch of corruptionStores()) {
    const store = new DamagedStore(sketch);
    for (const [kind, files] of store.kinds) {
      const trials: Trial[] = [];
      for (const damage of DAMAGES) for (let i = 0; i < TRIALS; i++) trials.push(store.trial(files, damage));
      const counts = VERDICTS.map((verdict) => trials.filter((trial) => trial.verdict === verdict).length);
      rows.push([sketch.name, `\`${kind}\``, `${trials.length}`, ...counts.map(String)]);
      for (const { verdict, damage, at, file, detail } of trials) {
        if (verdict === 'exception' || verdict === 'wrong')
          notes.push(`${sketch.name}: ${file} ${damage} ${at}: ${verdict}: ${detail}`);
      }
    }
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  console.log(line(rows[0]!));
  console.log(`| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`);
  for (const row of rows.slice(1)) console.log(line(row));
  for (const note of notes) console.error(note);
  return [];
}
