/** rocksdb.csv: paced rows part by part, the others within what repetitions spread over. */
import { type Bound, type MeasuredEngine, optionsOf, phaseOf } from './measured-engine.ts';

/** Their syncs went through ext4 on a loop device, which costs more than a flush of `nvme`, whose memory is protected. */
const DISK_OF_SYNCS = 'ssd';
const PACED_SHARE = 0.05;
const SPREAD = 0.1;
const PARTS = ['wal_bytes', 'flush_bytes', 'compaction_bytes'];

export const rocksdb: MeasuredEngine = {
  engine: 'rocksdb',
  file: 'rocksdb.csv',
  replay(rows) {
    const row = rows[0]!;
    const option = optionsOf(row, {
      write_buffer: 'write_buffer_size',
      max_write_buffers: 'max_write_buffer_number',
      target_file: 'target_file_size_base',
      level_base: 'max_bytes_for_level_base',
      level_mult: 'max_bytes_for_level_multiplier',
      l0_trigger: 'level0_file_num_compaction_trigger',
      dynamic_level: 'level_compaction_dynamic_level_bytes',
      bg_jobs: 'max_background_jobs',
    });
    if (row.style === 'universal') option.push('compaction_style=universal');
    if (row.blob === '1') {
      option.push('enable_blob_files=true', 'enable_blob_garbage_collection=true');
      option.push(
        ...optionsOf(row, {
          min_blob: 'min_blob_size',
          blob_file: 'blob_file_size',
          blob_gc_cutoff: 'blob_garbage_collection_age_cutoff',
        }),
      );
    }
    return {
      option,
      sync: row.sync === '1',
      paced: row.paced === '1',
      ...(row.sync === '1' ? { disk: DISK_OF_SYNCS } : {}),
      phases: rows.map((phase) => ({ text: phaseOf(phase), row: phase })),
    };
  },
  bounds(row) {
    const parts = row.blob === '1' ? [...PARTS, 'blob_bytes'] : PARTS;
    if (row.paced === '1') {
      const within = { kind: 'within', share: PACED_SHARE } as const;
      return [
        { column: 'total_write_bytes', ...within },
        ...parts.map((column): Bound => ({ column, ...(column === 'blob_bytes' ? { kind: 'shown' } : within) })),
      ];
    }
    const logical = Number(row.logical_bytes);
    return [
      {
        column: 'total_write_bytes',
        kind: 'between',
        least: Number(row.wa_total_min || row.wa_total) * (1 - SPREAD) * logical,
        most: Number(row.wa_total_max || row.wa_total) * (1 + SPREAD) * logical,
      },
      ...parts.map((column): Bound => ({ column, kind: 'shown' })),
    ];
  },
};
