/** What a model's file exports: how an object behaves when nothing happens at the same time. */
import type { Operation } from '../history.ts';

/** One object with the operations of its history, compiled to small integers. */
export interface Machine {
  readonly initial: number;
  /** 1: never changes the state, whatever the state. By operation. */
  readonly isRead: Uint8Array;
  /** The state after the operation, with the result that it had; −1 if it cannot have had that result there. */
  step(state: number, operation: number): number;
  describe(state: number): string;
}

export interface Model {
  readonly name: string;
  readonly summary: string;
  readonly kinds: readonly string[];
  compile(operations: readonly Operation[]): Machine;
}
