/**
 * What RocksDB 7.8.3 did, flush by flush and compaction by compaction. Nothing here is fitted: the one thing
 * that differs by design is the heights of skip list nodes, random in both, by which a memtable now and then
 * holds one batch more or less; from the first such flush on, the two histories are only alike.
 */
import { describe, expect, it } from 'vitest';
import { isMeasured, measuredRows, replayPaced } from './paced-run.ts';

describe.skipIf(!isMeasured)('RocksDB 7.8.3, paced', () => {
  it('is followed job by job through rs14, and to a few per cent in bytes', () => {
    const trace = measuredRows('rocksdb_trace_rs14.csv');
    const events: { ours: string; theirs: string; bytes: number; theirBytes: number }[] = [];
    const phases = replayPaced('rs14', (event, engine) => {
      const files = engine.store.version.levels.map((level) => level.length).join(' ');
      const measured = trace[events.length];
      const inputs = [
        `L${event.startLevel}=${event.inputFiles}`,
        ...(event.outputLevelInputFiles > 0 ? [`L${event.outputLevel}=${event.outputLevelInputFiles}`] : []),
      ].join(';');
      const moved = event.kind === 'trivial_move';
      events.push({
        ours: [
          event.kind,
          event.kind === 'compaction' ? inputs : '',
          event.outputLevel,
          event.outputFiles,
          moved ? '' : event.outputEntries,
          moved ? '' : files,
        ].join(),
        theirs: [
          measured?.event,
          measured?.input_files,
          measured?.output_level,
          measured?.output_files,
          measured?.output_records,
          measured?.files_per_level_after,
        ].join(),
        bytes: moved ? event.inputBytes : event.outputBytes,
        theirBytes: Number(moved ? measured?.input_bytes : measured?.output_bytes),
      });
    });

    const parted = events.findIndex(({ ours, theirs }) => ours !== theirs);
    const alike = parted < 0 ? events.length : parted;
    console.log(`rs14: ${alike} of ${trace.length} jobs are the same, records and files by level included`);
    // The load phase has 106 jobs, all with full memtables.
    expect(alike).toBeGreaterThan(106);
    // Each file differs by the length of the host's name in its properties.
    for (const { bytes, theirBytes, ours } of events.slice(0, alike)) {
      expect(Math.abs(bytes - theirBytes), `${ours}: ${bytes} bytes, measured ${theirBytes}`).toBeLessThan(100);
    }
    expect(Math.abs(events.length - trace.length)).toBeLessThan(trace.length * 0.05);

    for (const { row, bytes } of phases) {
      for (const [column, found] of Object.entries(bytes)) {
        const error = found / Number(row[column]) - 1;
        console.log(`rs14 ${row.phase} ${column}: ${found}, measured ${row[column]}, ${(error * 100).toFixed(2)} %`);
        expect(Math.abs(error), `${row.phase} ${column}`).toBeLessThan(0.05);
      }
      // The WAL depends on nothing random.
      expect(bytes.wal_bytes).toBe(Number(row.wal_bytes));
    }
  });

  it('is followed by universal compaction in rs15, level by level', () => {
    for (const { row, bytes, figures } of replayPaced('rs15')) {
      expect(bytes.wal_bytes).toBe(Number(row.wal_bytes));
      for (const column of ['flush_bytes', 'compaction_bytes']) {
        const error = (bytes[column] ?? Number.NaN) / Number(row[column]) - 1;
        console.log(
          `rs15 ${row.phase} ${column}: ${bytes[column]}, measured ${row[column]}, ${(error * 100).toFixed(3)} %`,
        );
        expect(Math.abs(error), `${row.phase} ${column}`).toBeLessThan(0.001);
      }
      // Levels at the end: the same numbers of files.
      const files = (row.level_end_size ?? '').split(';').map((cell) => /^L(\d)=\d+\/(\d+)files$/.exec(cell) ?? []);
      for (const [, level, count] of files) expect(figures[`level${level}Files`], `level ${level}`).toBe(Number(count));
    }
  });
});
