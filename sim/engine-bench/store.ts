/** The engine on its disk: opened and closed in virtual time, with its background jobs beside the writer. */
import type { EngineDefinition } from '../../engines/engine.ts';
import { assert } from '../assert.ts';
import { BackgroundWork, type JobSource } from '../nodes/background-work.ts';
import type { Machine } from '../nodes/machine.ts';
import { Process } from '../nodes/process.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import type { EngineStats, Job, StorageEngine } from '../storage-engine.ts';
import { Work } from '../work.ts';
import { FOREGROUND_THREAD, Foreground } from './foreground.ts';

export const STORE_DIRECTORY = 'store/';
const FOREGROUND_TRACE_ID = 2;
const BACKGROUND_TRACE_ID = 3;
/** The one table, as a bucket of bolt is called. */
const TABLE_NAME = 'bucket';

export class Store implements JobSource {
  readonly work = new Work();
  readonly machine: Machine;
  readonly foreground: Foreground;
  readonly background: BackgroundWork;
  engine!: StorageEngine;
  /** Somebody waits for background work. */
  onProgress: () => void = () => {};
  #isOpen = false;
  readonly #definition: EngineDefinition;
  readonly #options: ParameterValues;
  readonly #rng: Rng;

  constructor(machine: Machine, definition: EngineDefinition, options: ParameterValues, rng: Rng) {
    this.machine = machine;
    this.#definition = definition;
    this.#options = options;
    this.#rng = rng;
    this.foreground = new Foreground(machine, this.work, FOREGROUND_TRACE_ID);
    this.background = new BackgroundWork(machine, new Process(), this.work, BACKGROUND_TRACE_ID, FOREGROUND_THREAD + 1);
    this.background.source = this;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A new process on what the disk holds; false and `failed` if that cannot be read. */
  open(then: () => void, failed: (what: string) => void): void {
    assert(!this.#isOpen, 'bench: the store is open');
    const { disk, loop: clock } = this.machine;
    const { work } = this;
    this.foreground.enter();
    const rng = this.#rng.fork(`${clock.now}`);
    const context = { disk, directory: STORE_DIRECTORY, tables: [TABLE_NAME], work, clock, rng };
    this.engine = this.#definition.create(context, this.#options);
    const outcome = this.engine.open();
    if (outcome === 'corrupt' || outcome === 'io-error') {
      const fault = this.engine.corruption;
      failed(`the store does not open: ${outcome}${fault === undefined ? '' : ` at ${fault.where}: ${fault.what}`}`);
      return;
    }
    this.#isOpen = true;
    this.foreground.leave(then);
  }

  /** Background work must be at rest. */
  close(then: () => void, failed: (what: string) => void): void {
    assert(this.#isOpen && this.isAtRest(), 'bench: a close while background work runs');
    this.foreground.enter();
    const outcome = this.engine.close();
    this.#isOpen = false;
    if (outcome === 'ok') this.foreground.leave(then);
    else failed(`the store does not close: ${outcome}`);
  }

  stats(): EngineStats {
    return this.engine.stats();
  }

  nextJob(): Job | undefined {
    return this.#isOpen ? this.engine.background() : undefined;
  }

  /** No background work runs or is due; what is due is started. */
  isAtRest(): boolean {
    return !this.background.isBusy();
  }
}
