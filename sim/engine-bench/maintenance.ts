/** A phase that asks the engine for one of its maintenance tasks, once or until there is nothing left to do. */
import type { PhaseSpec } from './spec.ts';
import type { Store } from './store.ts';

/** Rounds of a task that is repeated until it has nothing to do. */
const ROUNDS_MAX = 100_000;

export class Maintenance {
  rounds = 0;
  readonly #store: Store;
  #phase!: PhaseSpec;
  #then: () => void = () => {};
  #stateBefore = '';
  #roundsMax = 1;

  constructor(store: Store) {
    this.#store = store;
  }

  start(phase: PhaseSpec, repeats: boolean, then: () => void): void {
    this.#phase = phase;
    this.#roundsMax = phase.operations > 0 ? phase.operations : repeats ? ROUNDS_MAX : 1;
    this.#then = then;
    this.rounds = 0;
    this.#store.onProgress = this.#onProgress;
    this.#round();
  }

  #round(): void {
    const { operation, argument } = this.#phase;
    const { foreground, engine, background } = this.#store;
    const state = this.#state();
    const changedNothing = this.rounds > 0 && state === this.#stateBefore;
    this.#stateBefore = state;
    const isOver = changedNothing || this.rounds >= this.#roundsMax;
    foreground.enter();
    const job = isOver ? undefined : engine.maintain?.(operation, argument);
    if (job === undefined) this.#store.onProgress = () => {};
    else this.rounds++;
    foreground.leave(job === undefined ? this.#then : () => background.start(job));
  }

  /** Equal before and after a round: it has changed no file. */
  #state(): string {
    const { writeCalls } = this.#store.machine.disk.counters;
    return `${writeCalls.join()} ${this.#store.stats().fileBytes}`;
  }

  #onProgress = (): void => {
    if (this.#store.isAtRest()) this.#round();
  };
}
