/**
 * `npm run bench corruption`: damages tried on each engine's files, and writes of its life that went wrong; what was
 * noticed, as the tables of docs/engines/README.md.
 */
import { corruptionStores } from './corruption-stores.ts';
import { DAMAGES, DamagedStore, LAPSES, type Trial, VERDICTS } from './corruption-trials.ts';
import type { Row } from './measure.ts';

/** Of each damage on each kind of file, and of each lapse on each store. */
const TRIALS = 40;

export function corruptionBench(): Row[] {
  const damages: string[][] = [['engine', 'file', 'tried', ...VERDICTS]];
  const lapses: string[][] = [['engine', 'write', 'tried', ...VERDICTS]];
  const strange: string[] = [];
  const row = (engine: string, what: string, trials: readonly Trial[]): string[] => {
    for (const { verdict, damage, at, file, detail } of trials) {
      if (verdict === 'exception' || verdict === 'wrong')
        strange.push(`${engine}: ${file} ${damage} ${at}: ${verdict}: ${detail}`);
    }
    const counts = VERDICTS.map((verdict) => trials.filter((trial) => trial.verdict === verdict).length);
    return [engine, what, ...[trials.length, ...counts].map(String)];
  };
  for (const sketch of corruptionStores()) {
    const store = new DamagedStore(sketch);
    for (const [kind, files] of store.kinds) {
      const trials = DAMAGES.flatMap((damage) => Array.from({ length: TRIALS }, () => store.trial(files, damage)));
      damages.push(row(sketch.name, `\`${kind}\``, trials));
    }
    for (const lapse of LAPSES) {
      const trials = Array.from({ length: TRIALS }, () => store.lapse(lapse));
      lapses.push(row(sketch.name, lapse, trials));
    }
  }
  print(damages);
  print(lapses);
  for (const note of strange) console.error(note);
  return [];
}

/** A table of Markdown, the first row its head, the first two columns text. */
function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  console.log(line(rows[0]!));
  console.log(`| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`);
  for (const row of rows.slice(1)) console.log(line(row));
  console.log('');
}
