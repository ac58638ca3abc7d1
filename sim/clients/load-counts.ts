/** What became of the operations of a load, and of their attempts. */
export interface LoadCounts {
  /** Begun: ok + failed + unknown + outstanding − refused. */
  invoked: number;
  ok: number;
  /** Includes the refused. */
  failed: number;
  unknown: number;
  /** Arrivals that found the queue full. */
  refused: number;
  /** Arrivals that still waited when the load was stopped: never begun, in no other count. */
  abandoned: number;
  /** Attempts after the first. */
  retries: number;
  timeouts: number;
  redirections: number;
  connectionsLost: number;
  /** To an attempt or an operation that is over. */
  staleReplies: number;
  /** Replies whose waits are longer than the time since the operation began: a defect of the node. */
  waitsExceeded: number;
}

export function noCounts(): LoadCounts {
  return {
    invoked: 0,
    ok: 0,
    failed: 0,
    unknown: 0,
    refused: 0,
    abandoned: 0,
    retries: 0,
    timeouts: 0,
    redirections: 0,
    connectionsLost: 0,
    staleReplies: 0,
    waitsExceeded: 0,
  };
}
