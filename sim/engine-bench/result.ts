/** What a phase came to: plain data, so that it may cross threads and be written as it is. */
import type { PhaseMeasurement } from '../../engines/engine.ts';
import type { Duration } from '../clock.ts';
import type { PhaseSpec } from './spec.ts';

export interface LatencyFigures {
  readonly count: number;
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
}

/** Sampled at equal steps of operations; the last sample is the end of the phase, with what ends it. */
export interface PhaseSeries {
  readonly operations: readonly number[];
  /** By category, only those that wrote: bytes since the start of the phase. */
  readonly writtenBytes: Readonly<Record<string, readonly number[]>>;
  /** Virtual time since the start of the phase. */
  readonly timeNs: readonly number[];
}

export type Columns = Readonly<Record<string, number | string | null>>;

export interface PhaseResult {
  readonly phase: PhaseSpec;
  /** By the names of the measurements of the real engines; a null is a figure that is not defined. */
  readonly columns: Columns;
  readonly measurement: PhaseMeasurement;
  /** From the moment that the writer was ready for a batch to its end, stalls included, waits of a paced run not. */
  readonly batchLatency: LatencyFigures;
  /** Up to the end of the last operation; with what ends the phase. */
  readonly writingNs: Duration;
  readonly totalNs: Duration;
  /** For which the writer was held up: stopped, and slowed down. */
  readonly stoppedNs: Duration;
  readonly slowedNs: Duration;
  /** Of gets: those that found their key. */
  readonly found: number;
  readonly deviceWrittenBytes: number;
  readonly deviceReadBytes: number;
  readonly series: PhaseSeries;
}
