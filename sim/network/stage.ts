import type { EventId } from '../loop.ts';
import type { AppliedToxic, ToxicHandle } from './applied-toxics.ts';
import type { Direction } from './connection.ts';
import type { Chunk, Toxic } from './toxics/toxic.ts';

/** One toxic in one direction of one connection. */
export class Stage {
  readonly slot: number;
  readonly direction: Direction;
  readonly handle: ToxicHandle;
  readonly name: string;
  readonly toxic: Toxic;
  /** The connection's luck: affected while it is below the toxicity. */
  readonly draw: number;
  isAffected: boolean;
  readonly queue: Chunk[] = [];
  /** The head waits for `headEvent`, or, stalled, for nothing. */
  isBusy = false;
  isPausing = false;
  hasDropped = false;
  passBytes = 0;
  pauseNs = 0;
  headEvent: EventId = 0;
  timerEvent: EventId = 0;

  constructor(slot: number, direction: Direction, applied: AppliedToxic, toxic: Toxic, draw: number) {
    this.slot = slot;
    this.direction = direction;
    this.handle = applied.handle;
    this.name = applied.name;
    this.toxic = toxic;
    this.draw = draw;
    this.isAffected = draw < applied.toxicity;
  }
}
