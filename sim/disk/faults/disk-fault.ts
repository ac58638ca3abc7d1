/**
 * The seam for disk faults.
 *
 * A fault is an overlay: it decides outcomes, times, and what a read shows, and never touches the
 * content that is stored; lifting it restores the disk as if it had never been, except for what the
 * programs above did about it. Each hook is optional. Faults are asked in the order in which they were
 * added; the first outcome that is not `ok` stands.
 *
 * To add one: a file in this folder that exports a `DiskFaultDefinition`, and one line in `index.ts`.
 * Draw only from the stream that `create` was given. Allowed for by this seam and not here yet: lost and
 * misdirected writes (`onContent`, remembering what places show), failing syncs whose pages count as clean
 * afterwards (one more `SyncFate`).
 */
import type { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import type { Duration } from '../../clock.ts';
import type { ParameterSpecs, ParameterValues } from '../../parameters.ts';
import type { Rng } from '../../rng.ts';
import type { DeviceRequest, DiskOutcome, File, ReadOutcome } from '../disk.ts';

/** `ok-volatile`: reported as done, but nothing became durable. `io-error`: nothing did, and the pages stay dirty. */
export type SyncFate = 'ok' | 'io-error' | 'ok-volatile';

export interface DiskFault {
  readonly name: string;
  /** Before a read. */
  onRead?(file: File, offset: number, length: number): ReadOutcome;
  /** After a read: may replace `content`, which is a copy, of the file from `offset` on. */
  onContent?(file: File, offset: number, content: SparseBuffer): void;
  /** Before a write; if it fails, nothing of it happens. */
  onWrite?(file: File, offset: number, length: number): DiskOutcome;
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
  create(parameters: ParameterValues, rng: Rng): DiskFault;
}

/** The faults in force on one disk and its device. Survives crashes: it is the hardware that is faulty. */
export class DiskFaults {
  readonly #active: DiskFault[] = [];

  get count(): number {
    return this.#active.length;
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

  content(file: File, offset: number, content: SparseBuffer): void {
    for (const fault of this.#active) if (fault.onContent !== undefined) fault.onContent(file, offset, content);
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
