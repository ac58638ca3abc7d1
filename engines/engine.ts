/** What every engine's folder exports, and what the host gives an engine to live on. */
import type { Clock } from '../sim/clock.ts';
import type { Category, Disk } from '../sim/disk/disk.ts';
import type { ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import type { EngineStats, StorageEngine } from '../sim/storage-engine.ts';
import type { Work } from '../sim/work.ts';

/** What an engine is made with. `directory` ends in '/'; every file of the engine lives below it. */
export interface EngineContext {
  readonly disk: Disk;
  readonly directory: string;
  readonly tables: readonly string[];
  readonly work: Work;
  /** Virtual time, for what the real engine does by timer; an engine never waits. */
  readonly clock: Clock;
}

/** Something an operator starts by hand; see `StorageEngine.maintain`. */
export interface MaintenanceTask {
  readonly name: string;
  readonly summary: string;
}

/** What one phase of a benchmark did to the engine's files, and the engine before and after it. Figures are growths unless said otherwise. */
export interface PhaseMeasurement {
  readonly operations: number;
  readonly batches: number;
  /** Bytes of keys and values put, of keys deleted. */
  readonly logicalBytes: number;
  readonly writtenBytes: Readonly<Record<Category, number>>;
  readonly writeCalls: Readonly<Record<Category, number>>;
  readonly syncs: Readonly<Record<Category, number>>;
  readonly directorySyncs: number;
  /** Bytes written up to the end of the last operation, before what ends a phase. */
  readonly bytesBeforeEnd: number;
  readonly before: EngineStats;
  readonly after: EngineStats;
  /** Share of the phase's virtual time for which the writer was held up. */
  readonly stallShare: number;
}

/** How `raftlab engine bench` runs an engine, so that its figures compare with measurements of the real one. */
export interface EngineBench {
  /** What ends a phase once all background work is done. `close` reopens the store for the next phase. */
  readonly phaseEnd: 'nothing' | 'flush' | 'close';
  /** The columns of the real engine's measurements, by their names, beside those that every engine has. */
  columns(phase: PhaseMeasurement): Readonly<Record<string, number | string>>;
}

/** One line in `engines/index.ts`. */
export interface EngineDefinition {
  readonly name: string;
  readonly summary: string;
  /** By the real system's option names. */
  readonly options: ParameterSpecs;
  readonly maintenance?: readonly MaintenanceTask[];
  readonly bench?: EngineBench;
  create(context: EngineContext, options: ParameterValues): StorageEngine;
}
