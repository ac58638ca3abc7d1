/** The events of a run one by one, each with the trace hash after it: while it is simulated. */
import type { Time } from '../sim/clock.ts';
import { createRun, type Run } from '../sim/cluster.ts';
import type { EventObserver, Handler } from '../sim/loop.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import type { RecordedEvent } from './recording.ts';

/** Simulated ahead of whoever reads. */
const EVENTS_A_SLICE = 256;

/** Watches a run. An event is known once the next one begins, or the run is over: only then is its hash. */
export class EventTap implements EventObserver {
  readonly #run: Run;
  readonly #onEvent: (event: RecordedEvent) => void;
  #time: Time = 0;
  #text: string | undefined;

  constructor(run: Run, onEvent: (event: RecordedEvent) => void) {
    this.#run = run;
    this.#onEvent = onEvent;
    run.loop.observer = this;
  }

  onEvent(time: Time, _event: number, target: Handler, opcode: number, a: number, b: number): void {
    this.flush();
    this.#time = time;
    this.#text = target.describe?.(opcode, a, b) ?? `component ${target.traceId}: ${opcode} ${a} ${b}`;
  }

  /** The event at hand has been handled. */
  flush(): void {
    if (this.#text === undefined) return;
    this.#onEvent({ time: this.#time, hash: this.#run.trace.digest(), text: this.#text });
    this.#text = undefined;
  }
}

export function* simulatedEvents(spec: RunSpec): Generator<RecordedEvent, void> {
  const run = createRun(spec);
  let ready: RecordedEvent[] = [];
  const tap = new EventTap(run, (event) => ready.push(event));
  for (let goesOn = true; goesOn; ) {
    goesOn = run.advance(EVENTS_A_SLICE);
    tap.flush();
    yield* ready;
    ready = [];
  }
}
