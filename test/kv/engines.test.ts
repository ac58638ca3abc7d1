/** The multi-version machine on the real engines: real etcd's backend bytes, and restarts from the disk alone. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findEngine } from '../../engines/index.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { findStateMachine } from '../../sim/nodes/kv/index.ts';
import { encodeRequest } from '../../sim/nodes/kv/request-codec.ts';
import type { StateMachine } from '../../sim/nodes/kv/state-machine.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import { DELETE, PUT } from '../../sim/rpc.ts';
import { Work } from '../../sim/work.ts';

const NOBODY = { onApplied: (): void => {} };
const ETCD_BOLT: ParameterValues = {
  freelist: 'hashmap',
  noFreelistSync: true,
  fillPercent: 0.9,
  initialMmapSize: 10 * 2 ** 30,
};

function newDisk(seed: number): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(seed, 'disk'),
    pageCacheBytes: 256 << 20,
    capacityBytes: 2 ** 40,
  });
}

function open(machine: string, engine: string, options: ParameterValues, disk: SimulatedDisk): StateMachine {
  const definition = findStateMachine(machine)!;
  const work = new Work();
  const context = { disk, directory: 'db/', tables: definition.tables, work, clock: STOPPED_CLOCK };
  const made = definition.create(findEngine(engine)!.create(context, options), work);
  expect(['fresh', 'recovered']).toContain(made.open());
  return made;
}

function put(index: number, key: number, valueBytes: number): Value {
  return encodeRequest({
    kind: 'request',
    session: 1 + (index % 100),
    sequence: index,
    operation: PUT,
    key: new TextEncoder().encode(`k${String(key).padStart(15, '0')}`),
    keyEnd: undefined,
    limit: 0,
    value: Value.filled(new Uint8Array(16), valueBytes - 16),
    serializable: false,
  });
}

const SOURCE = '../shared/ground-truth/etcd.csv';
if (!existsSync(SOURCE)) console.log(`skipped: ${SOURCE} is not there`);

test.skipIf(!existsSync(SOURCE))('backend bytes of real one-node etcd runs, within 1 %', () => {
  const [header, ...lines] = readFileSync(SOURCE, 'utf8').trim().split('\n');
  const names = header!.split(',');
  const table: string[] = [];
  for (const line of lines) {
    const run = Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell]));
    if (!['et01', 'et02', 'et03', 'et04', 'et08'].includes(run.run!)) continue;
    const disk = newDisk(1);
    const machine = open('mvcc', 'bolt', ETCD_BOLT, disk);
    machine.commit();
    const written = (): number => disk.counters.writtenBytes.reduce((sum, each) => sum + each, 0);
    const before = written();
    const perCommit = Number(run.puts_per_backend_commit);
    let due = perCommit;
    const ops = Number(run.ops);
    for (let index = 1; index <= ops; index++) {
      machine.apply(index, 2, put(index, (index * 7919) % ops, Number(run.value_bytes)), NOBODY);
      if (index % 20 === 0) machine.flush();
      if (index < due && index < ops) continue;
      due += perCommit;
      expect(machine.commit()).toBe('ok');
      disk.settle();
    }
    const ratio = (written() - before) / Number(run.db_bytes);
    table.push(`${run.run} ${(100 * (ratio - 1)).toFixed(1)} %`);
    expect(Math.abs(ratio - 1), table.join(', ')).toBeLessThan(0.01);
  }
  expect(table.length).toBe(5);
  console.log(`db bytes against real etcd: ${table.join(', ')}`);
});

describe.each([
  ['raw', 'bolt'],
  ['raw', 'rocksdb'],
  ['mvcc', 'bolt'],
  ['mvcc', 'rocksdb'],
])('%s on %s', (machineName, engineName) => {
  test('a crash at any commit or between: the disk and the log bring everything back', () => {
    let applied = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const disk = newDisk(seed);
      const options = engineName === 'bolt' ? ETCD_BOLT : {};
      const log: Value[] = [];
      for (let index = 1; index <= 400; index++) {
        const key = (index * 37) % 90;
        log.push(index % 7 === 0 ? remove(index, key) : put(index, key, 100 + ((index * 13) % 400)));
      }
      let machine = open(machineName, engineName, options, disk);
      for (let round = 0; round < 4; round++) {
        const until = Math.min(log.length, machine.appliedIndex + 60 + seed * 7);
        while (machine.appliedIndex < until) {
          const index = machine.appliedIndex + 1;
          machine.apply(index, 1, log[index - 1]!, NOBODY);
          if (index % 9 === 0) machine.flush();
          if (index % 50 === seed) {
            expect(machine.commit()).toBe('ok');
            disk.settle();
            applied = index;
          }
        }
        machine.commit();
        disk.crash();
        machine = open(machineName, engineName, options, disk);
        expect(machine.appliedIndex).toBeGreaterThanOrEqual(applied);
      }
      while (machine.appliedIndex < log.length)
        machine.apply(machine.appliedIndex + 1, 1, log[machine.appliedIndex]!, NOBODY);
      const other = open(machineName, engineName, options, newDisk(99));
      log.forEach((payload, i) => {
        other.apply(i + 1, 1, payload, NOBODY);
      });
      expect([machine.applyHash(), machine.contentHash(), machine.revision]).toEqual([
        other.applyHash(),
        other.contentHash(),
        other.revision,
      ]);
      applied = 0;
    }
  });
});

function remove(index: number, key: number): Value {
  return encodeRequest({
    kind: 'request',
    session: 1 + (index % 100),
    sequence: index,
    operation: DELETE,
    key: new TextEncoder().encode(`k${String(key).padStart(15, '0')}`),
    keyEnd: undefined,
    limit: 0,
    value: undefined,
    serializable: false,
  });
}
