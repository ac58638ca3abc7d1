/**
 * The seam for disk faults.
 *
 * A fault is an overlay: it decides outcomes, times, and what a read shows, and never touches the
 * content that is stored; lifting it restores the disk as if it had never been, except for what the
 * programs above did about it. Each hook is optional. Faults are asked in the order in which they were
 * added; the first outcome that is not `ok` stands.
 *
 * To add one: a file in this folder that exports a `DiskFaultDefinition`, and one line in `index.ts`.
 * Draw only from the stream that `create` was given. What a write or a sync loses is lost on the medium, and
 * does not come back when the fault is lifted.
 */
import type { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import type { Duration } from '../../clock.ts';
import type { ParameterSpecs, ParameterValues } from '../../parameters.ts';
import type { Rng } from '../../rng.ts';
import type { DeviceRequest, DiskOutcome, File, ReadOutcome } from '../disk.ts';
import { isLog } from './area.ts';

/**
 * `ok-volatile`: reported as done, but nothing became durable. `io-error`: nothing did, and the pages stay dirty.
 * `io-error-clean`: nothing did, and the pages count as clean: no later sync writes them.
 */
export type SyncFate = 'ok' | 'io-error' | 'ok-volatile' | 'io-error-clean';

/** What comes of a write that the file system took: a number from 0 to 1 says at which other place it lands. */
export type Arrival = 'arrives' | 'lost' | number;

export interface DiskFault {
  readonly name: string;
  /** Before a read. */
  onRead?(file: File, offset: number, length: number): ReadOutcome;
  /** After a read: may replace `content`, which is a copy, of the file from `offset` on; true if it did. */
  onContent?(file: File, offset: number, content: SparseBuffer): boolean;
  /** Before a write; if it fails, nothing of it happens. */
  onWrite?(file: File, offset: number, length: number): DiskOutcome;
  /** After `onWrite`, of a write that is made. */
  onArrival?(file: File, offset: number, length: number): Arrival;
  /** Of a file, or of a directory: then `file` is undefined. */
  onSync?(file: File | undefined): SyncFate;
  /** What the device's own time for a request becomes; whole ns. */
  onDeviceTime?(request: DeviceRequest, time: Duration): Duration;
}

/** One line in `index.ts`. */
export interface DiskFaultDefinition {
  readonly name: string;
  readonly summary: string;
  readonly parameters: ParameterSpecs;
  /** Content and outcomes stay as they are: only time passes. */
  readonly isHarmless?: boolean;
  /** What it has done to the medium stays when the other faults are lifted at the end. */
  readonly isDamage?: boolean;
  /** How a nemesis draws one; left out: with its default parameters, and only if it is named. */
  readonly drawn?: DrawnDiskFault;
  create(parameters: ParameterValues, rng: Rng): DiskFault;
}

export interface DrawnDiskFault {
  /** Relative frequency within what a cluster must survive, and beyond it. */
  readonly weight: number;
  readonly weightBeyond: number;
  /** After a restart, of the process only or of any kind, the node may lack what it had acknowledged, without knowing. */
  readonly forgets?: 'process' | 'any';
  parameters(rng: Rng, isBeyond: boolean): ParameterValues;
}

/** The faults in force on one disk and its device. Survives crashes: it is the hardware that is faulty. */
export class DiskFaults {
  readonly #active: DiskFault[] = [];
  /** Reads that showed something else than was written, of the Raft log and of all other files. */
  wrongLogReads = 0;
  wrongStoreReads = 0;

  /** For who looks at a disk from outside of the simulation. */
  areSuspended = false;

  /** In force. */
  get count(): number {
    return this.areSuspended ? 0 : this.#active.length;
  }

  add(fault: DiskFault): void {
    this.#active.push(fault);
  }

  /** Lifts it; one that is not in force is left alone. */
  remove(fault: DiskFault): void {
    const at = this.#active.indexOf(fault);
    if (at >= 0) this.#active.splice(at, 1);
  }

  readOutcome(file: File, offset: number, length: number): ReadOutcome {
    for (const fault of this.#active) {
      if (fault.onRead !== undefined && fault.onRead(file, offset, length) !== 'ok') return 'io-error';
    }
    return 'ok';
  }

  /** A process reads. */
  contentRead(file: File, offset: number, content: SparseBuffer): void {
    if (!this.content(file, offset, content)) return;
    if (isLog(file)) this.wrongLogReads++;
    else this.wrongStoreReads++;
  }

  /** True if it is not what was written. */
  content(file: File, offset: number, content: SparseBuffer): boolean {
    let isWrong = false;
    for (const fault of this.#active) if (fault.onContent?.(file, offset, content)) isWrong = true;
    return isWrong;
  }

  arrival(file: File, offset: number, length: number): Arrival {
    for (const fault of this.#active) {
      if (fault.onArrival === undefined) continue;
      const arrival = fault.onArrival(file, offset, length);
      if (arrival !== 'arrives') return arrival;
    }
    return 'arrives';
  }

  writeOutcome(file: File, offset: number, length: number): DiskOutcome {
    for (const fault of this.#active) {
      if (fault.onWrite === undefined) continue;
      const outcome = fault.onWrite(file, offset, length);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  syncFate(file: File | undefined): SyncFate {
    for (const fault of this.#active) {
      if (fault.onSync === undefined) continue;
      const fate = fault.onSync(file);
      if (fate !== 'ok') return fate;
    }
    return 'ok';
  }

  deviceTime(request: DeviceRequest, time: Duration): Duration {
    let result = time;
    for (const fault of this.#active) {
      if (fault.onDeviceTime !== undefined) result = fault.onDeviceTime(request, result);
    }
    return result;
  }
}
