/**
 * The engine's figures as RocksDB prints them under `rocksdb.cfstats-no-file-histogram`, to be read by those who know
 * that table. Times are virtual; the processor's share of a job is not known to an engine and shown as 0. What
 * the engine does not have is left out: intervals, priorities, ingested files.
 */
import type { EngineStats } from '../../sim/storage-engine.ts';

const KB = 1024;
const MB = KB * 1024;
const GB = MB * 1024;
/** RocksDB counts jobs in whole µs and adds one, so that rates are finite. */
const SECONDS_MIN = 1e-6;

/** A column: its title as RocksDB spaces it, its width, its digits. */
const COLUMNS = [
  ['Score', 5, 1],
  ['Read(GB)', 8, 1],
  [' Rn(GB)', 7, 1],
  ['Rnp1(GB)', 8, 1],
  ['Write(GB)', 9, 1],
  ['Wnew(GB)', 8, 1],
  ['Moved(GB)', 9, 1],
  ['W-Amp', 5, 1],
  ['Rd(MB/s)', 8, 1],
  ['Wr(MB/s)', 8, 1],
  ['Comp(sec)', 9, 2],
  ['CompMergeCPU(sec)', 17, 2],
  ['Comp(cnt)', 9, 0],
  ['Avg(sec)', 8, 3],
] as const;

interface LevelRow {
  files: number;
  beingCompacted: number;
  bytes: number;
  score: number;
  upperReadBytes: number;
  outputReadBytes: number;
  writtenBytes: number;
  movedBytes: number;
  blobReadBytes: number;
  blobWrittenBytes: number;
  jobs: number;
  entriesIn: number;
  entriesDropped: number;
  seconds: number;
}

const FIELDS: readonly (readonly [keyof LevelRow, string])[] = [
  ['files', 'Files'],
  ['beingCompacted', 'FilesBeingCompacted'],
  ['bytes', 'Bytes'],
  ['score', 'Score'],
  ['upperReadBytes', 'UpperReadBytes'],
  ['outputReadBytes', 'OutputReadBytes'],
  ['writtenBytes', 'WrittenBytes'],
  ['movedBytes', 'MovedBytes'],
  ['blobReadBytes', 'BlobReadBytes'],
  ['blobWrittenBytes', 'BlobWrittenBytes'],
  ['jobs', 'Jobs'],
  ['entriesIn', 'EntriesIn'],
  ['entriesDropped', 'EntriesDropped'],
  ['seconds', 'Seconds'],
];

export function rocksDbStatsText({ figures }: EngineStats): string {
  const figure = (name: string): number => figures[name] ?? 0;
  const head =
    `Level    Files   Size     ${COLUMNS.map(([title]) => title).join(' ')} ` + 'KeyIn KeyDrop Rblob(GB) Wblob(GB)';
  const lines = ['', '** Compaction Stats [default] **', head, '-'.repeat(head.length + 1)];
  const sum = emptyRow();
  let flushed = 0;
  for (let level = 0; `level${level}Files` in figures; level++) {
    const row = emptyRow();
    for (const [field, name] of FIELDS) row[field] = figure(`level${level}${name}`);
    if (level === 0) flushed = row.writtenBytes + row.blobWrittenBytes;
    if (row.files === 0 && row.jobs === 0) continue;
    for (const [field] of FIELDS) sum[field] += row[field];
    const input = level === 0 ? flushed : row.upperReadBytes + row.blobReadBytes;
    lines.push(rowText(`L${level}`, row, ratio(row.writtenBytes + row.blobWrittenBytes, input)));
  }
  sum.score = 0;
  const written = sum.writtenBytes + sum.blobWrittenBytes;
  const read = sum.upperReadBytes + sum.outputReadBytes + sum.blobReadBytes;
  lines.push(rowText('Sum', sum, ratio(written, flushed)));

  const uptime = figure('uptimeSeconds');
  const blobBytes = figure('blobFileBytes');
  const garbage = figure('blobGarbageBytes');
  const seconds = Math.max(uptime, 0.001);
  const rate = (bytes: number): string => `${(bytes / GB).toFixed(2)} GB`;
  const perSecond = (bytes: number): string => `${(bytes / MB / seconds).toFixed(2)} MB/s`;
  lines.push(
    '',
    `Blob file count: ${figure('blobFiles')}, total size: ${(blobBytes / GB).toFixed(1)} GB, garbage size: ` +
      `${(garbage / GB).toFixed(1)} GB, space amp: ${ratio(blobBytes, blobBytes - garbage).toFixed(1)}`,
    '',
    `Uptime(secs): ${uptime.toFixed(1)} total`,
    `Flush(GB): cumulative ${(flushed / GB).toFixed(3)}`,
    `Cumulative compaction: ${rate(written)} write, ${perSecond(written)} write, ${rate(read)} read, ` +
      `${perSecond(read)} read, ${sum.seconds.toFixed(1)} seconds`,
    `Stalls(count): ${stalls(figure)}`,
    '',
  );
  return lines.join('\n');
}

function stalls(figure: (name: string) => number): string {
  const counts: [number, string][] = [
    [figure('slowdownsLevel0Files'), 'level0_slowdown'],
    [figure('slowdownsLevel0FilesWithCompaction'), 'level0_slowdown_with_compaction'],
    [figure('stallsLevel0Files'), 'level0_numfiles'],
    [figure('stallsLevel0FilesWithCompaction'), 'level0_numfiles_with_compaction'],
    [figure('stallsPendingBytes'), 'stop for pending_compaction_bytes'],
    [figure('slowdownsPendingBytes'), 'slowdown for pending_compaction_bytes'],
    [figure('stallsMemtables'), 'memtable_compaction'],
    [figure('slowdownsMemtables'), 'memtable_slowdown'],
  ];
  return counts.map(([count, cause]) => `${count} ${cause}`).join(', ');
}

function emptyRow(): LevelRow {
  return {
    files: 0,
    beingCompacted: 0,
    bytes: 0,
    score: 0,
    upperReadBytes: 0,
    outputReadBytes: 0,
    writtenBytes: 0,
    movedBytes: 0,
    blobReadBytes: 0,
    blobWrittenBytes: 0,
    jobs: 0,
    entriesIn: 0,
    entriesDropped: 0,
    seconds: 0,
  };
}

function rowText(name: string, row: LevelRow, amplification: number): string {
  const read = row.upperReadBytes + row.outputReadBytes + row.blobReadBytes;
  const elapsed = row.seconds + SECONDS_MIN;
  const values = [
    row.score,
    read / GB,
    row.upperReadBytes / GB,
    row.outputReadBytes / GB,
    row.writtenBytes / GB,
    (row.writtenBytes - row.outputReadBytes) / GB,
    row.movedBytes / GB,
    amplification,
    read / MB / elapsed,
    (row.writtenBytes + row.blobWrittenBytes) / MB / elapsed,
    row.seconds,
    0,
    row.jobs,
    row.jobs === 0 ? 0 : row.seconds / row.jobs,
  ];
  const cells = COLUMNS.map(([, width, digits], i) => values[i]!.toFixed(digits).padStart(width));
  return [
    name.padStart(4),
    `${String(row.files).padStart(6)}/${String(row.beingCompacted).padEnd(3)}`,
    sizeText(row.bytes).padStart(8),
    ...cells,
    countText(row.entriesIn).padStart(7),
    countText(row.entriesDropped).padStart(6),
    (row.blobReadBytes / GB).toFixed(1).padStart(9),
    (row.blobWrittenBytes / GB).toFixed(1).padStart(9),
  ].join(' ');
}

function ratio(a: number, b: number): number {
  return b > 0 ? a / b : 0;
}

function sizeText(bytes: number): string {
  const units = ['KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let size = bytes / KB;
  for (; size >= KB && unit < units.length - 1; unit++) size /= KB;
  return `${size.toFixed(2)} ${units[unit]}`;
}

function countText(count: number): string {
  if (count < 10_000) return String(count);
  if (count < 10_000_000) return `${Math.floor(count / 1000)}K`;
  if (count < 10_000_000_000) return `${Math.floor(count / 1_000_000)}M`;
  return `${Math.floor(count / 1_000_000_000)}G`;
}
