/** The row of a phase: the columns that every engine has, then the engine's own. */
import type { EngineDefinition, PhaseMeasurement } from '../../engines/engine.ts';
import { CATEGORIES } from '../disk/disk.ts';
import type { Columns } from './result.ts';
import type { BenchSpec, PhaseSpec } from './spec.ts';

export function columnsOf(
  spec: BenchSpec,
  definition: EngineDefinition,
  phase: PhaseSpec,
  keyCheck: number,
  measurement: PhaseMeasurement,
): Columns {
  const { logicalBytes, writtenBytes } = measurement;
  let total = 0;
  for (const category of CATEGORIES) total += writtenBytes[category];
  const row: Record<string, number | string | null> = {
    engine: spec.engine,
    phase: phase.name,
    op: phase.operation,
    order: phase.order,
    ops: phase.operations,
    keyspace: phase.keyspace,
    seed: phase.seed,
    key_check: keyCheck,
    value_bytes: phase.valueBytes,
    batch: phase.batch,
    logical_bytes: logicalBytes,
    total_write_bytes: total,
    wa_total: null,
  };
  Object.assign(row, definition.bench?.columns(measurement) ?? byCategory(measurement));
  row.wa_total = logicalBytes === 0 ? null : Number(row.total_write_bytes) / logicalBytes;
  row.stall_share = measurement.stallShare;
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'number' && !Number.isFinite(value)) row[name] = null;
  }
  return row;
}

/** For an engine whose real counterpart was not measured. */
function byCategory({ logicalBytes, writtenBytes }: PhaseMeasurement): Record<string, number> {
  const columns: Record<string, number> = {};
  for (const category of CATEGORIES) {
    if (writtenBytes[category] === 0) continue;
    const name = category.replaceAll('-', '_');
    columns[`${name}_bytes`] = writtenBytes[category];
    columns[`wa_${name}`] = writtenBytes[category] / logicalBytes;
  }
  return columns;
}
