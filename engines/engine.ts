/** What every engine's folder exports, and what the host gives an engine to live on. */
import type { Disk } from '../sim/disk/disk.ts';
import type { ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import type { StorageEngine } from '../sim/storage-engine.ts';
import type { Work } from '../sim/work.ts';

/** What an engine is made with. `directory` ends in '/'; every file of the engine lives below it. */
export interface EngineContext {
  readonly disk: Disk;
  readonly directory: string;
  readonly tables: readonly string[];
  readonly work: Work;
}

/** One line in `engines/index.ts`. */
export interface EngineDefinition {
  readonly name: string;
  readonly summary: string;
  /** By the real system's option names. */
  readonly options: ParameterSpecs;
  create(context: EngineContext, options: ParameterValues): StorageEngine;
}
