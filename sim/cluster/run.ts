/** A run as those see it who drive it. */
import type { OperationObserver } from '../clients/observer.ts';
import type { Time } from '../clock.ts';
import type { DiskCounters } from '../disk/disk.ts';
import type { EventLoop } from '../loop.ts';
import type { MessageObserver } from '../network/observer.ts';
import type { RaftNode } from '../nodes/raft/ready.ts';
import type { RunResult } from '../result.ts';
import type { Trace } from '../trace.ts';
import type { StoreFiles } from './stores.ts';

export interface Run {
  /** Handles at most so many events; true while unfinished. */
  advance(eventsMax: number): boolean;
  readonly now: Time;
  readonly events: number;
  /** Acknowledged so far. */
  readonly operations: number;
  /** 0 to 1. */
  readonly fractionDone: number;
  readonly trace: Trace;
  readonly loop: EventLoop;
  /** May be set before the first event: is told of every operation, and must change nothing. */
  operationObserver: Pick<OperationObserver, 'onInvoke' | 'onReply'> | undefined;
  /** May be set before the first event: is told of every message, and must change nothing. */
  set messageObserver(observer: MessageObserver | undefined);
  /** What each node's disk has taken and synced so far. */
  readonly diskCounters: readonly DiskCounters[];
  /** Mark of what a key held before the run, as `checkers/fingerprint.ts` has it; 0: nothing. */
  preloadedMark(key: number): number;
  /** By node; undefined while its process is down. */
  protocols(): readonly (RaftNode | undefined)[];
  /** Ends the run where it stands. */
  interrupt(): void;
  finish(): RunResult;
  /** After `finish`: the files of a node's store, by the node's index; undefined if it has none. */
  closeStore(node: number): StoreFiles | undefined;
}
