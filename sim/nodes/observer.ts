/**
 * What a node lets its surroundings see: checkers, metrics and the timeline of faults. Calls change
 * nothing in the node.
 */
import type { Configuration, Entry } from './raft/messages.ts';

export interface NodeObserver {
  onLeader(node: number, term: number): void;
  /** The node led and does not lead any more. */
  onDeposed(node: number): void;
  onAppend(node: number, entry: Entry, previousTerm: number): void;
  onCommit(node: number, entry: Entry): void;
  onApply(node: number, index: number, hash: number): void;
  /** A client's request took effect on the node's state: it was not a retry of one that had. */
  onEffect(node: number, index: number, session: number, sequence: number): void;
  onRestore(node: number, index: number, hash: number): void;
  onRestart(node: number, appliedIndex: number): void;
  /** Of all that is applied, this configuration follows; `index`: of the change, or of the snapshot that brought it. */
  onConfiguration(node: number, index: number, configuration: Configuration): void;
  /** The node has learnt that it is no member any more, and ends. */
  onLeft(node: number): void;
  /** The node cannot go on: its disk holds something that no crash explains, or fails. */
  onFailure(node: number, reason: string): void;
}
