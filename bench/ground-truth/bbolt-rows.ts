/** bbolt.csv: exact where the real one is. */
import type { Row } from './csv.ts';
import { type Bound, type MeasuredEngine, optionsOf, phaseOf, type ReplayedPhase } from './measured-engine.ts';

const INITIAL_MMAP_OF_READERS = '10GiB';
/** Where the order of deletes or of the hash map comes in. */
const SHARE = 0.005;

export const bbolt: MeasuredEngine = {
  engine: 'bolt',
  file: 'bbolt.csv',
  replay(rows) {
    const option = optionsOf(rows[0]!, {
      freelist: 'freelist',
      no_freelist_sync: 'noFreelistSync',
      fill_percent: 'fillPercent',
    });
    if (rows.some(holdsRead)) option.push(`initialMmapSize=${INITIAL_MMAP_OF_READERS}`);
    return { option, phases: rows.flatMap(phasesOf) };
  },
  bounds(row, earlier) {
    const isExact = row.freelist === 'array' && ![...earlier, row].some(({ op }) => op === 'del');
    const kind: Pick<Bound, 'kind' | 'share'> = isExact ? { kind: 'equal' } : { kind: 'within', share: SHARE };
    return [
      { column: 'total_write_bytes', ...(isExact ? kind : { kind: 'shown' }) },
      ...(isExact ? [] : [{ column: 'total_but_freelist', ...kind }]),
      { column: 'data_page_bytes', ...kind },
      { column: 'freelist_bytes', ...(isExact ? kind : { kind: 'shown' }) },
      { column: 'meta_bytes', ...kind },
    ];
  },
  measured(row, column) {
    if (column === 'total_but_freelist') return Number(row.total_write_bytes) - Number(row.freelist_bytes);
    return Number(row[column]);
  },
};

function holdsRead(row: Row): boolean {
  return row.hold_read_tx === '1';
}

function phasesOf(row: Row): ReplayedPhase[] {
  const phase = { text: phaseOf(row), row };
  if (!holdsRead(row)) return [phase];
  return [
    { text: 'hold:hold-read:none:0:0:0', row: undefined },
    phase,
    { text: 'release:release-read:none:0:0:0', row: undefined },
  ];
}
