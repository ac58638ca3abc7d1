/**
 * `npm run bench integrity`: what each storage integrity makes of the grid's 4096 cases, and what it costs, as the
 * tables of docs/durable-storage.md.
 */
import { createRun } from '../sim/cluster.ts';
import { INTEGRITIES, type Integrity } from '../sim/run-spec.ts';
import { clusterSpec } from './cluster.ts';
import { CASES, gridCase, isRecoverable } from './integrity-grid.ts';
import { type Row, secondsOf } from './measure.ts';

const OPERATIONS = 20_000;
const CLIENTS = 100;

export function integrityBench(): Row[] {
  console.log('| integrity | right | lost or wrong | needlessly unavailable |');
  console.log('| --------- | ----: | ------------: | ---------------------: |');
  for (const integrity of INTEGRITIES) {
    let [right, unsafe, unavailable] = [0, 0, 0];
    for (let damage = 0; damage < CASES; damage++) {
      const outcome = gridCase(integrity, damage);
      if (outcome === 'unsafe' || (outcome === 'recovered' && !isRecoverable(damage))) unsafe++;
      else if (outcome === 'unavailable' && isRecoverable(damage)) unavailable++;
      else right++;
    }
    console.log(`| \`${integrity}\` | ${right} | ${unsafe} | ${unavailable} |`);
  }
  return INTEGRITIES.flatMap(costRows);
}

/** Puts of 1 KiB through a cluster of three. */
function costRows(integrity: Integrity): Row[] {
  const spec = clusterSpec({ engine: 'bolt', clients: CLIENTS, operations: OPERATIONS });
  const run = createRun({ ...spec, cluster: { ...spec.cluster, storage: { integrity } } });
  const seconds = secondsOf(() => {
    while (run.advance(1_000_000));
  });
  const { metrics } = run.finish();
  const { byCategory } = metrics.writeAmplification;
  const of = (what: string): string => `${integrity}: ${what}`;
  const perEntry = (category: string): number => ((byCategory[category] ?? 0) * metrics.bytes.client) / OPERATIONS / 3;
  return [
    { what: of('log records written'), value: perEntry('wal'), unit: 'B/put' },
    { what: of('identifiers written'), value: perEntry('wal-identifiers'), unit: 'B/put' },
    { what: of('write amplification'), value: metrics.writeAmplification.total, unit: '' },
    { what: of('put, median'), value: metrics.latencyMs.put!.p50, unit: 'ms' },
    { what: of('put, 99 %'), value: metrics.latencyMs.put!.p99, unit: 'ms' },
    { what: of('simulated'), value: OPERATIONS / seconds, unit: 'puts/CPU s' },
  ];
}
