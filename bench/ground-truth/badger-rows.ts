/**
 * badger.csv: the total. Compaction is paced by timers with a random start, and garbage collection picks files and samples
 * by chance: in the real one both move from run to run, and a row is the median of several.
 */
import { type Bound, type MeasuredEngine, optionsOf, phaseOf } from './measured-engine.ts';

/** Their syncs went through ext4 on a loop device, which costs more than a flush of `nvme`, whose memory is protected. */
const DISK_OF_SYNCS = 'ssd';
const PACED_SHARE = 0.05;
const SHARE = 0.1;

export const badger: MeasuredEngine = {
  engine: 'badger',
  file: 'badger.csv',
  replay(rows) {
    const row = rows[0]!;
    return {
      option: optionsOf(row, {
        sync: 'sync_writes',
        value_threshold: 'value_threshold',
        max_table: 'max_table_size',
        level_one: 'level_one_size',
        level_mult: 'level_size_multiplier',
        vlog_file: 'value_log_file_size',
        num_memtables: 'num_memtables',
      }),
      paced: row.paced === '1',
      repetitions: Number(row.reps),
      ...(row.sync === '1' ? { disk: DISK_OF_SYNCS } : {}),
      phases: rows.map((phase) => {
        const ratio = phase.op === 'gc' ? `,gc_discard_ratio=${phase.gc_discard_ratio}` : '';
        return { text: phaseOf(phase) + ratio, row: phase };
      }),
    };
  },
  bounds(row) {
    const share = row.paced === '1' ? PACED_SHARE : SHARE;
    const parts = ['vlog_bytes', 'flush_bytes', 'compaction_bytes'].map((column): Bound => ({ column, kind: 'shown' }));
    if (row.op !== 'gc') return [{ column: 'total_write_bytes', kind: 'within', share }, ...parts];
    // Which files are picked, and which tenth of each is sampled, is drawn: ours are repetitions of the same draw.
    return [
      { column: 'total_write_bytes', kind: 'spread', share },
      ...parts,
      { column: 'end_file_bytes', kind: 'spread', share },
      { column: 'gc_files_rewritten', kind: 'spread', share },
    ];
  },
};
