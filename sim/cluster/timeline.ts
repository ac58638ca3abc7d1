/**
 * The scenario's faults: injects each when its time or condition comes, lifts it when its time is
 * over, and remembers when it was in force. At the end of the clients they freeze: none comes any more, what
 * disturbs is lifted, what a disk has lost stays lost.
 *
 * Each fault draws from a stream of its own, named by its place in the scenario, so that taking one
 * away leaves the others' draws where they were.
 */
import { assert } from '../assert.ts';
import type { Time } from '../clock.ts';
import type { ActiveFault, FaultDefinition, FaultTarget } from '../faults/fault.ts';
import { findFault } from '../faults/index.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { ParameterValues } from '../parameters.ts';
import type { FaultWindow } from '../result.ts';
import type { Rng } from '../rng.ts';
import type { Condition, FaultSpec } from '../run-spec.ts';

const INJECT = 1;
const LIFT = 2;

interface Window {
  readonly fault: string;
  readonly label: string;
  readonly fromNs: Time;
  toNs: Time;
}

/** More would not be looked at. */
const NOTES_MAX = 1_000;

export class Timeline implements Handler {
  readonly traceId = 2;
  readonly #loop: EventLoop;
  readonly #faults: readonly FaultSpec[];
  readonly #target: FaultTarget;
  readonly #rng: Rng;
  readonly #active: (ActiveFault | undefined)[];
  /** The one node that a fault in force touches; −1: several. */
  readonly #nodes: number[];
  readonly #windows: (Window | undefined)[];
  readonly #notes: FaultWindow[] = [];
  /** Waiting for a condition. */
  readonly #armed: boolean[];
  /** Not yet lifted, or not yet injected. */
  #outstanding: number;
  /** Of their random streams. */
  readonly #names: readonly string[];
  #closed = false;
  onAllLifted: () => void = () => {};

  constructor(loop: EventLoop, faults: readonly FaultSpec[], target: FaultTarget, rng: Rng) {
    this.#loop = loop;
    this.#faults = faults;
    this.#target = target;
    this.#rng = rng;
    this.#names = streamNames(faults);
    this.#active = new Array(faults.length).fill(undefined);
    this.#nodes = new Array(faults.length).fill(-1);
    this.#windows = new Array(faults.length).fill(undefined);
    this.#armed = faults.map((fault) => fault.trigger.kind === 'condition');
    this.#outstanding = faults.length;
    for (const [i, { trigger }] of faults.entries()) {
      if (trigger.kind === 'time') loop.schedule(trigger.atNs, this, INJECT, i);
    }
  }

  /** Something happened that a fault may wait for. */
  happened(condition: Condition): void {
    const { now } = this.#loop;
    for (let i = 0; i < this.#faults.length; i++) {
      const { trigger } = this.#faults[i]!;
      if (!this.#armed[i] || trigger.kind !== 'condition' || trigger.when !== condition || now < trigger.notBeforeNs)
        continue;
      this.#armed[i] = false;
      this.#loop.schedule(now + trigger.delayNs, this, INJECT, i);
    }
  }

  /**
   * The clients have stopped: lifts in the order of injection what is no damage to a disk and touches any of the nodes
   * to be healed; nothing is injected any more.
   */
  freeze(isHealed: (node: number) => boolean): void {
    this.#closed = true;
    for (let i = 0; i < this.#active.length; i++) {
      if (this.#active[i] === undefined || this.#isDamage(i)) continue;
      const node = this.#nodes[i]!;
      if (node < 0 || isHealed(node)) this.#lift(i);
    }
  }

  /** A moment to be shown among the faults. */
  note(fault: string, label: string): void {
    if (this.#notes.length >= NOTES_MAX) return;
    const { now } = this.#loop;
    this.#notes.push({ fault, label, fromNs: now, toNs: now });
  }

  /** In the order of injection; those still in force end at `now`. Faults that found nothing to hit have no length. */
  windows(now: Time): FaultWindow[] {
    const windows: FaultWindow[] = [...this.#notes];
    for (const window of this.#windows) {
      if (window !== undefined) windows.push({ ...window, toNs: window.toNs < 0 ? now : window.toNs });
    }
    return windows.sort((a, b) => a.fromNs - b.fromNs || a.toNs - b.toNs || (a.label < b.label ? -1 : 1));
  }

  handle(opcode: number, i: number): void {
    if (opcode === INJECT) this.#inject(i);
    else if (!this.#closed) this.#lift(i);
  }

  describe(opcode: number, i: number): string {
    return `${opcode === INJECT ? 'inject' : 'lift'} fault ${i + 1}: ${this.#faults[i]!.fault}`;
  }

  #inject(i: number): void {
    if (this.#closed) return;
    const { fault, parameters, durationNs } = this.#faults[i]!;
    const { now } = this.#loop;
    const definition = findFault(fault);
    assert(definition !== undefined, 'timeline: a fault that is not registered');
    const node = nodeOf(definition, parameters, this.#target);
    const active = definition.inject(this.#target, parameters, this.#rng.fork(this.#names[i]!));
    if (active === undefined) {
      this.note(fault, `${fault}: nothing to hit`);
      this.#done();
      return;
    }
    this.#active[i] = active;
    this.#nodes[i] = node;
    this.#windows[i] = { fault, label: active.label, fromNs: now, toNs: -1 };
    if (durationNs > 0) this.#loop.schedule(now + durationNs, this, LIFT, i);
    // damage that stays disturbs nobody who can do without that disk: progress need not wait for its end
    else if (definition.isDamage === true) this.#done();
  }

  #lift(i: number): void {
    const active = this.#active[i];
    if (active === undefined) return;
    this.#active[i] = undefined;
    this.#windows[i]!.toNs = this.#loop.now;
    active.lift();
    this.#done();
  }

  #isDamage(i: number): boolean {
    return findFault(this.#faults[i]!.fault)?.isDamage === true;
  }

  #done(): void {
    this.#outstanding--;
    if (this.#outstanding === 0) this.onAllLifted();
  }
}

/** The node that a fault touches alone, as names stand now; −1: there is none, or it touches others too. */
function nodeOf(definition: FaultDefinition, parameters: ParameterValues, target: FaultTarget): number {
  const { node } = parameters;
  if (typeof node !== 'string' || definition.isOfOneNode?.(parameters) === false) return -1;
  return target.resolveNode(node);
}

/** By what a fault is and when it comes, not by its place in the list: taking one away leaves the others' draws as they are. */
function streamNames(faults: readonly FaultSpec[]): string[] {
  const seen = new Map<string, number>();
  return faults.map(({ fault, trigger }) => {
    const name = `${fault} ${JSON.stringify(trigger)}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name} ${before}`;
  });
}
