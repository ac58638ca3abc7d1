/**
 * The store of one replica: an engine and the state machine on it, in the directory that is in use. A snapshot of the
 * leader's takes its place by a switch to another.
 */
import type { Bugs } from '../bugs.ts';
import type { StorageEngine } from '../storage-engine.ts';
import type { Work } from '../work.ts';
import type { StateMachine } from './kv/state-machine.ts';
import type { Machine } from './machine.ts';
import type { ReplicaBlueprint } from './replica.ts';
import type { StoreSwitch } from './snapshot-keeper.ts';
import { chooseStore, emptyStoreDirectory, removeStore } from './store-directories.ts';

export class Store implements StoreSwitch {
  engine!: StorageEngine;
  stateMachine!: StateMachine;
  directory = '';
  /** Why it could not be opened; '' if it could. */
  failure = '';
  readonly #machine: Machine;
  readonly #blueprint: ReplicaBlueprint;
  readonly #root: string;
  readonly #work: Work;
  readonly #bugs: Bugs;
  readonly #onSwitch: () => void;

  /** `onSwitch`: engine and state machine are others now. */
  constructor(
    machine: Machine,
    blueprint: ReplicaBlueprint,
    root: string,
    work: Work,
    bugs: Bugs,
    onSwitch: () => void,
  ) {
    this.#machine = machine;
    this.#blueprint = blueprint;
    this.#root = root;
    this.#work = work;
    this.#bugs = bugs;
    this.#onSwitch = onSwitch;
  }

  /** The one that belongs to what the log begins after. False: see `failure`. */
  open(snapshotIndex: number): boolean {
    if (!this.switchTo(chooseStore(this.#machine.disk, this.#root, snapshotIndex))) return false;
    const { appliedIndex } = this.stateMachine;
    if (appliedIndex >= snapshotIndex) return true;
    this.failure = `storage engine: holds entries up to ${appliedIndex}, the log begins after ${snapshotIndex}`;
    return false;
  }

  /**
   * With redundant storage a store that cannot be opened is no reason to stay down: the node follows without one
   * until the leader sends its own. The damaged one stays until then, so that a restart finds it as it was.
   */
  startEmpty(): boolean {
    const { spec } = this.#blueprint;
    if (spec.storage?.integrity !== 'redundant' || spec.nodes === 1) return false;
    const directory = emptyStoreDirectory(this.#root);
    removeStore(this.#machine.disk, directory);
    this.failure = '';
    return this.switchTo(directory);
  }

  checkpoint(): readonly string[] {
    return this.engine.checkpoint();
  }

  switchTo(directory: string): boolean {
    const { engine: definition, stateMachine: machine, spec } = this.#blueprint;
    const { disk, loop: clock } = this.#machine;
    const work = this.#work;
    const bugs = this.#bugs;
    const rng = this.#blueprint.rng.fork(`engine/${clock.now}`);
    const context = { disk, directory, tables: machine.tables, work, clock, rng, bugs };
    const engine = definition.create(context, spec.engine.options);
    const stateMachine = machine.create(engine, work, undefined, bugs);
    const outcome = stateMachine.open();
    // an engine may open and only then find, read for the index of mvcc, what it cannot read
    const fault = stateMachine.corruption;
    if (outcome === 'corrupt' || outcome === 'io-error' || fault !== undefined) {
      const what = outcome === 'recovered' ? 'unreadable' : outcome;
      this.failure = `storage engine: ${what}${fault === undefined ? '' : ` at ${fault.where}: ${fault.what}`}`;
      return false;
    }
    this.engine = engine;
    this.stateMachine = stateMachine;
    this.directory = directory;
    this.#onSwitch();
    return true;
  }
}
