/** Sums since the start of the run. */
export interface NetworkCounters {
  messagesSent: number;
  bytesSent: number;
  messagesDelivered: number;
  bytesDelivered: number;
  /** Sent and never delivered: the connection ended first. */
  messagesLost: number;
  bytesLost: number;
  /** Caught by a partition, or sent behind something that was, and sent again. */
  messagesRetransmitted: number;
  bytesRetransmitted: number;
  /** Kept by a clog, or sent behind something that was. */
  messagesHeld: number;
  /** By a disturbance of the link: delivered twice, delivered late, spoilt. */
  messagesDuplicated: number;
  messagesReordered: number;
  messagesCorrupted: number;
  sendsRefused: number;
  dials: number;
  resets: number;
  unreachable: number;
}

export function networkCounters(): NetworkCounters {
  return {
    messagesSent: 0,
    bytesSent: 0,
    messagesDelivered: 0,
    bytesDelivered: 0,
    messagesLost: 0,
    bytesLost: 0,
    messagesRetransmitted: 0,
    bytesRetransmitted: 0,
    messagesHeld: 0,
    messagesDuplicated: 0,
    messagesReordered: 0,
    messagesCorrupted: 0,
    sendsRefused: 0,
    dials: 0,
    resets: 0,
    unreachable: 0,
  };
}
