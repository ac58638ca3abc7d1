/**
 * A run looked at while it happens: within a window of time, every event as a line, and every step of the protocol as
 * what it changes and sends.
 *
 * Looking changes nothing: the same specification gives the same trace hash with and without. A step is run on a draft
 * first (`explain.ts`), which takes tens of microseconds; outside the window an event costs one comparison more.
 */
import type { Time } from './clock.ts';
import type { PreloadProgress } from './cluster/preload-build.ts';
import { createRun, type Run } from './cluster.ts';
import type { EventObserver, Handler } from './loop.ts';
import { describeMessage } from './nodes/raft/describe.ts';
import { type Explanation, explain, explainMessage } from './nodes/raft/explain.ts';
import type { RaftNode } from './nodes/raft/ready.ts';
import { checkQuorumTimeout, electionTimeout, heartbeatTimeout } from './nodes/raft/timers.ts';
import type { RunSpec } from './run-spec.ts';

/** From `from` on and before `to`. */
export interface ReplayWindow {
  readonly from: Time;
  readonly to: Time;
}

export interface ReplayObserver {
  /** `text` begins with what the event happens to: `n2 raft: …`. Return false to see no more. */
  onEvent(time: Time, event: number, text: string): boolean;
  /** A step of a node's protocol that is about to happen, with its input: a message or a time-out. */
  onStep?(time: Time, event: number, node: number, input: string, explanation: Explanation): void;
}

const TIMEOUTS = { electionTimeout, heartbeatTimeout, checkQuorumTimeout };

export class Replay implements EventObserver {
  readonly run: Run;
  readonly #window: ReplayWindow;
  readonly #observer: ReplayObserver;
  /** Protocol objects whose steps are explained. */
  readonly #watched = new WeakSet<RaftNode>();
  #event = 0;
  #isInside = false;

  constructor(spec: RunSpec, window: ReplayWindow, observer: ReplayObserver, onPreload?: PreloadProgress) {
    this.run = createRun(spec, onPreload);
    this.run.loop.observer = this;
    this.#window = window;
    this.#observer = observer;
  }

  onEvent(time: Time, event: number, target: Handler, opcode: number, a: number, b: number): void {
    this.#isInside = time >= this.#window.from && time < this.#window.to;
    if (!this.#isInside) {
      if (time >= this.#window.to) this.run.loop.observer = undefined;
      return;
    }
    this.#event = event;
    const text = target.describe?.(opcode, a, b) ?? `component ${target.traceId}: ${opcode} ${a} ${b}`;
    if (!this.#observer.onEvent(time, event, text)) {
      this.#isInside = false;
      this.run.loop.observer = undefined;
    } else if (this.#observer.onStep !== undefined) this.#watchProtocols();
  }

  /** Puts itself in front of the inputs of protocol objects that have come since: a restart makes a new one. */
  #watchProtocols(): void {
    for (const [node, raft] of this.run.protocols().entries()) {
      if (raft === undefined || this.#watched.has(raft)) continue;
      this.#watched.add(raft);
      const step = raft.step.bind(raft);
      raft.step = (message) => {
        if (this.#isInside) this.#tell(node, describeMessage(message), explainMessage(raft, message));
        return step(message);
      };
      for (const [name, input] of Object.entries(TIMEOUTS)) {
        const method = name as keyof typeof TIMEOUTS;
        const original = raft[method].bind(raft);
        raft[method] = () => {
          if (this.#isInside) this.#tell(node, name, explain(raft, input));
          original();
        };
      }
    }
  }

  #tell(node: number, input: string, explanation: Explanation): void {
    this.#observer.onStep!(this.run.loop.now, this.#event, node, input, explanation);
  }
}
