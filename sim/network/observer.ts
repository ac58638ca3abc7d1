/** Who watches messages under way: a recorder of one run. Must change nothing in what is simulated. */
export interface MessageObserver {
  /** `slot` names the message until it is delivered or lost, and then another. Machines by number. */
  onSent(slot: number, from: number, to: number, message: unknown, bytes: number): void;
  onDelivered(slot: number): void;
  /** Nobody will get it: its connection ended first. */
  onLost(slot: number): void;
  /** Taken from its sender, and lost at once. */
  onSentInVain(from: number, to: number, message: unknown, bytes: number): void;
}
