/** What becomes of a row of measurements: the command that it is replayed with, and its bounds. */
import { describe, expect, it } from 'vitest';
import type { Row } from '../../bench/ground-truth/csv.ts';
import { MEASURED_ENGINES } from '../../bench/ground-truth/index.ts';
import { judge, medianAndWorst, percent } from '../../bench/ground-truth/judgement.ts';
import { runsToReplay } from '../../bench/ground-truth/runs.ts';
import { benchCommand, benchSpecOf } from '../../cli/bench-arguments.ts';

const [bbolt, rocksdb, badger] = MEASURED_ENGINES as [
  (typeof MEASURED_ENGINES)[0],
  (typeof MEASURED_ENGINES)[0],
  (typeof MEASURED_ENGINES)[0],
];

function csv(head: string, ...lines: readonly string[]): string {
  return `${[head, ...lines].join('\n')}\n`;
}

const KEYS = 'run,phase,op,order,ops,keyspace,seed,value_bytes,batch';
const BBOLT = csv(
  `${KEYS},freelist,no_freelist_sync,fill_percent,hold_read_tx`,
  'b1,load,put,perm,200,300,101,100,1000,array,0,0.9,0',
  'b1,ow,put,unif,100,300,102,100,10,array,0,0.9,0',
  'b2,ow,put,zipf,100,300,102,1500,10,hashmap,1,0.5,1',
);
const ROCKSDB = csv(
  `${KEYS},sync,style,write_buffer,max_write_buffers,target_file,level_base,level_mult,l0_trigger,dynamic_level,bg_jobs,paced,blob,min_blob,blob_file,blob_gc_cutoff`,
  'r1,load,put,seq,10,10,0,100,10,0,level,65536,2,65536,262144,10,4,1,2,1,0,512,16777216,0.25',
  'r2,load,put,seq,10,10,0,100,10,1,universal,65536,2,65536,262144,10,4,0,4,0,1,512,16777216,0.25',
);
const BADGER = csv(
  `${KEYS},sync,paced,value_threshold,max_table,level_one,level_mult,vlog_file,num_memtables,gc_discard_ratio`,
  'g1,load,put,perm,10,10,501,100,10,0,1,1024,1048576,4194304,10,33554432,5,0.5',
  'g1,gc2,gc,none,0,0,0,100,10,0,1,1024,1048576,4194304,10,33554432,5,0.3',
);

describe('a run is replayed as', () => {
  const commands = [bbolt, rocksdb, badger].flatMap((engine, i) =>
    runsToReplay(engine, [BBOLT, ROCKSDB, BADGER][i]!, 'nvme').map((run) => [
      run.name,
      benchCommand(run.arguments, benchSpecOf(run.arguments)).replace('raftlab engine bench --engine ', ''),
    ]),
  );

  it.each([
    [
      'b1',
      'bolt --phase load:put:perm:200:300:101:1000 --phase ow:put:unif:100:300:102:10 --value-bytes 100 --option freelist=array --option noFreelistSync=0 --option fillPercent=0.9 --disk nvme',
    ],
    // a reader stays open, for which the map must not grow
    [
      'b2',
      'bolt --phase hold:hold-read:none:0:0:0 --phase ow:put:zipf:100:300:102:10,value_bytes=1500 --phase release:release-read:none:0:0:0 --value-bytes 100 --option freelist=hashmap --option noFreelistSync=1 --option fillPercent=0.5 --option initialMmapSize=10GiB --disk nvme',
    ],
    [
      'r1',
      'rocksdb --phase load:put:seq:10:10:0:10 --value-bytes 100 --option write_buffer_size=65536 --option max_write_buffer_number=2 --option target_file_size_base=65536 --option max_bytes_for_level_base=262144 --option max_bytes_for_level_multiplier=10 --option level0_file_num_compaction_trigger=4 --option level_compaction_dynamic_level_bytes=1 --option max_background_jobs=2 --paced --disk nvme',
    ],
    [
      'r2',
      'rocksdb --phase load:put:seq:10:10:0:10 --value-bytes 100 --option write_buffer_size=65536 --option max_write_buffer_number=2 --option target_file_size_base=65536 --option max_bytes_for_level_base=262144 --option max_bytes_for_level_multiplier=10 --option level0_file_num_compaction_trigger=4 --option level_compaction_dynamic_level_bytes=0 --option max_background_jobs=4 --option compaction_style=universal --option enable_blob_files=true --option enable_blob_garbage_collection=true --option min_blob_size=512 --option blob_file_size=16777216 --option blob_garbage_collection_age_cutoff=0.25 --sync --disk ssd',
    ],
    [
      'g1',
      'badger --phase load:put:perm:10:10:501:10 --phase gc2:gc:none:0:0:0,gc_discard_ratio=0.3 --value-bytes 100 --option sync_writes=0 --option value_threshold=1024 --option max_table_size=1048576 --option level_one_size=4194304 --option level_size_multiplier=10 --option value_log_file_size=33554432 --option num_memtables=5 --paced --disk nvme',
    ],
  ])('%s', (name, command) => {
    expect(Object.fromEntries(commands)[name]).toBe(command);
  });
});

describe('a row', () => {
  const judged = (engine: typeof bbolt, row: Row, columns: Record<string, number>, earlier: readonly Row[] = []) =>
    judge(engine, { key_check: '1', logical_bytes: '100', ...row }, earlier, {
      key_check: 1,
      logical_bytes: 100,
      ...columns,
    });
  const pages = { total_write_bytes: 300, data_page_bytes: 200, freelist_bytes: 60, meta_bytes: 40 };
  const asRow = (figures: Record<string, number>): Row =>
    Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)]));

  it.each<[string, Row, Row[], Record<string, number>, boolean]>([
    ['array, puts: equal', { freelist: 'array', op: 'put' }, [], pages, true],
    ['array, puts: a byte too many', { freelist: 'array', op: 'put' }, [], { ...pages, freelist_bytes: 61 }, false],
    [
      'deletes before: 0.5 %',
      { freelist: 'array', op: 'put' },
      [{ op: 'del' }],
      { ...pages, total_write_bytes: 301, data_page_bytes: 201 },
      true,
    ],
    [
      'deletes before: 1 %',
      { freelist: 'array', op: 'put' },
      [{ op: 'del' }],
      { ...pages, total_write_bytes: 302, data_page_bytes: 202 },
      false,
    ],
    [
      'hash map: its freelist is its own',
      { freelist: 'hashmap', op: 'put' },
      [],
      { ...pages, total_write_bytes: 340, freelist_bytes: 100 },
      true,
    ],
    [
      'hash map: data pages are not',
      { freelist: 'hashmap', op: 'put' },
      [],
      { ...pages, total_write_bytes: 302, data_page_bytes: 202 },
      false,
    ],
  ])('bolt, %s: %j', (_what, row, earlier, columns, ok) => {
    expect(judged(bbolt, { ...row, ...asRow(pages) }, columns, earlier).ok).toBe(ok);
  });

  const tables = { total_write_bytes: 1000, wal_bytes: 100, flush_bytes: 100, compaction_bytes: 800 };
  const spread = { wa_total_min: '9', wa_total_max: '11' };
  it.each<[string, Row, Record<string, number>, boolean]>([
    ['paced, 4 %', { paced: '1' }, { ...tables, total_write_bytes: 1036, compaction_bytes: 836 }, true],
    ['paced, 6 %', { paced: '1' }, { ...tables, total_write_bytes: 1060, compaction_bytes: 860 }, false],
    ['paced, a part 10 %', { paced: '1' }, { ...tables, total_write_bytes: 1010, flush_bytes: 110 }, false],
    ['not paced, below the spread', { paced: '0' }, { ...tables, total_write_bytes: 811 }, true],
    ['not paced, far below', { paced: '0' }, { ...tables, total_write_bytes: 809 }, false],
    ['not paced, above', { paced: '0' }, { ...tables, total_write_bytes: 1209 }, true],
    ['not paced, far above', { paced: '0' }, { ...tables, total_write_bytes: 1211 }, false],
  ])('rocksdb, %s', (_what, row, columns, ok) => {
    expect(judged(rocksdb, { ...row, ...spread, ...asRow(tables) }, columns).ok).toBe(ok);
  });

  const logs = { total_write_bytes: 1000, vlog_bytes: 500, flush_bytes: 100, compaction_bytes: 400 };
  it.each<[string, Row, Record<string, number>, boolean]>([
    ['paced, 4 %', { paced: '1', op: 'put' }, { ...logs, total_write_bytes: 1040 }, true],
    ['paced, 6 %', { paced: '1', op: 'put' }, { ...logs, total_write_bytes: 1060 }, false],
    ['not paced, 9 %', { paced: '0', op: 'put' }, { ...logs, total_write_bytes: 910 }, true],
    ['not paced, 11 %', { paced: '0', op: 'put' }, { ...logs, total_write_bytes: 890 }, false],
    [
      'gc, files too large',
      { paced: '0', op: 'gc', end_file_bytes: '100', gc_files_rewritten: '3' },
      { ...logs, end_file_bytes: 120, gc_files_rewritten: 3 },
      false,
    ],
  ])('badger, %s', (_what, row, columns, ok) => {
    expect(judged(badger, { ...row, ...asRow(logs) }, columns).ok).toBe(ok);
  });

  it('is not compared if the keys or the bytes were others', () => {
    expect(judged(bbolt, { freelist: 'array', op: 'put', ...asRow(pages) }, { ...pages, key_check: 2 }).ok).toBe(false);
  });

  it('shows the columns without a bound beside', () => {
    const row = {
      freelist: 'array',
      op: 'put',
      ...asRow(pages),
      commits: '5',
      wa_meta: '1',
      sync_detail: 'a=1',
      seed: '3',
    };
    const columns = { ...pages, commits: 6, wa_meta: 2, seed: 4, tx_split: 7 };
    expect(judged(bbolt, row, columns).others).toEqual([{ column: 'commits', measured: 5, simulated: 6 }]);
  });

  it('with a figure that the engine does not have is out of bounds', () => {
    const { freelist_bytes: _, ...without } = pages;
    expect(judged(bbolt, { freelist: 'array', op: 'put', ...asRow(pages) }, without).ok).toBe(false);
  });
});

it.each([
  ['among the repetitions', 100, true],
  ['within 10 % below them', 82, true],
  ['too little', 80, false],
  ['within 10 % above them', 131, true],
  ['too much', 133, false],
])('that chance decided is held against several repetitions: %s', (_, measured, ok) => {
  const columns = [90, 100, 120].map((total) => ({
    key_check: 1,
    logical_bytes: 0,
    total_write_bytes: total,
    vlog_bytes: 0,
    flush_bytes: 0,
    compaction_bytes: 0,
    end_file_bytes: 50,
    gc_files_rewritten: 3,
  }));
  const total = String(measured);
  const row = {
    op: 'gc',
    key_check: '1',
    logical_bytes: '',
    total_write_bytes: total,
    end_file_bytes: '50',
    gc_files_rewritten: '3',
  };
  const parts = { vlog_bytes: '0', flush_bytes: '0', compaction_bytes: '0', run: 'g', phase: 'gc' };
  expect(judge(badger, { ...row, ...parts }, [], columns[1]!, columns).ok).toBe(ok);
});

it('prints relative errors', () => {
  expect([0, 0.5, -0.0123, 0.00001, 20, Infinity, Number.NaN].map(percent)).toEqual([
    '0',
    '+50.0 %',
    '−1.23 %',
    '+0.001 %',
    '+2000 %',
    'new',
    'missing',
  ]);
});

it('sums up by the totals', () => {
  const rows = [0.01, -0.03, 0].map((error) => ({
    engine: 'bolt',
    run: 'b',
    phase: 'p',
    ok: true,
    sameWork: true,
    others: [],
    figures: [{ column: 'total_write_bytes', measured: 1, simulated: 1, error, bound: '', ok: true }],
  }));
  expect(medianAndWorst(rows)).toEqual({ median: 0.01, worst: 0.03 });
});
