/** What every engine's folder exports, and what the host gives an engine to live on. */
import type { Bugs } from '../sim/bugs.ts';
import type { Clock } from '../sim/clock.ts';
import type { Category, Disk } from '../sim/disk/disk.ts';
import type { ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import type { Rng } from '../sim/rng.ts';
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
  /** For what the real engine draws at random, from the start of this process on; absent: draws are equal in every run. */
  readonly rng?: Rng;
  /** Mistakes that are planted; absent: none. */
  readonly bugs?: Bugs;
}

/** Something an operator starts by hand; see `StorageEngine.maintain`. */
export interface MaintenanceTask {
  readonly name: string;
  readonly summary: string;
  /** Done again, unless a number is given, until it finds nothing to do or changes no file: value-log GC. Otherwise once. */
  readonly repeats?: boolean;
  /** What `maintain` is given, 0 without it. `name` is how a benchmark's phase or option sets it. */
  readonly argument?: {
    readonly name: string;
    readonly doc: string;
    readonly default: number;
    readonly min: number;
    readonly max: number;
  };
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
  /** Where a phase ends with a close: bytes written before it, once all background work was done. Otherwise all of them. */
  readonly bytesBeforeClose: number;
  /** At the start of the phase, and at its end; where phases end with a close, of the instance that was closed. */
  readonly before: EngineStats;
  readonly after: EngineStats;
  /** The greatest growth of each figure of `EngineBench.batchFigures` from one batch. */
  readonly batchMax: Readonly<Record<string, number>>;
  /** Share of the phase's virtual time for which the writer was held up. */
  readonly stallShare: number;
}

/** How `raftlab engine bench` runs an engine, so that its figures compare with measurements of the real one. */
export interface EngineBench {
  /**
   * What ends a phase. `flush`: the maintenance task of that name, then all background work; `close`: all background
   * work, then a close, and the next phase opens the store anew. An engine that says `close` answers `stats` after it.
   */
  readonly phaseEnd: 'nothing' | 'flush' | 'close';
  /** A batch is a transaction whose commit syncs, asked for or not. */
  readonly alwaysSyncs?: boolean;
  /** Figures of `EngineStats` to be looked at after each batch. */
  readonly batchFigures?: readonly string[];
  /** The figures as the real engine prints them, for those who know that output. */
  statsText?(stats: EngineStats): string;
  /** The columns of the real engine's measurements, by their names, beside those that every engine has. */
  columns(phase: PhaseMeasurement): Readonly<Record<string, number | string>>;
}

/** One line in `engines/index.ts`. */
export interface EngineDefinition {
  readonly name: string;
  readonly summary: string;
  /** Whether all that it reads is checked, so that it notices when a disk shows other bytes than were written. */
  readonly hasChecksums: boolean;
  /** By the real system's option names. */
  readonly options: ParameterSpecs;
  readonly maintenance?: readonly MaintenanceTask[];
  readonly bench?: EngineBench;
  /**
   * Why the real engine refuses to write a batch of so many such records; undefined if it takes it. Who asks tells the
   * user; `write` may assert it.
   */
  refusal?(options: ParameterValues, keyBytes: number, valueBytes: number, batch: number): string | undefined;
  create(context: EngineContext, options: ParameterValues): StorageEngine;
}
