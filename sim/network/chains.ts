/**
 * Toxics at work: the chain of stages that they form in each direction of each connection.
 *
 * A proxy stands at the sender's end of either direction: bytes go through the chain first and over the link afterwards. A message enters
 * as chunks of at most 32 KiB, as a proxy's reads would give them; a stage deals with one chunk at a
 * time, in order, and queues the others. Toxics act in the order in which they were added.
 *
 * Simplified: stages have unbounded queues between them (Toxiproxy's hold one chunk, `latency`'s
 * 1024), so back-pressure comes from the connection's send buffer, which counts every byte in the chain.
 */
import { assert } from '../assert.ts';
import type { Time } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import { type AppliedToxic, AppliedToxics, matches, type ToxicHandle, type ToxicSpec } from './applied-toxics.ts';
import type { Connection, Direction } from './connection.ts';
import { Stage } from './stage.ts';
import { type Chunk, CLOSE, DROP, Fate, PASS, RESET, STALL } from './toxics/toxic.ts';

const CHUNK_BYTES = 32 * 1024;
/** In `Chunk.message`: not data but the sender's close. */
const CLOSE_MARK = -2;

/** What the chain needs from the network around it. None of these calls an endpoint. */
export interface ChainOutput {
  put(direction: Direction, bytes: number, message: number): void;
  putClose(direction: Direction): void;
  resetBoth(connection: Connection): void;
  discard(direction: Direction, bytes: number, message: number): void;
}

export class ToxicChains {
  /** Chunks that `packet_loss` had sent again. */
  retransmissions = 0;
  readonly #loop: EventLoop;
  readonly #handler: Handler;
  readonly #headOpcode: number;
  readonly #timerOpcode: number;
  readonly #output: ChainOutput;
  readonly #applied: AppliedToxics;
  readonly #stages: (Stage | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #fate = new Fate();

  constructor(
    loop: EventLoop,
    rng: Rng,
    handler: Handler & ChainOutput,
    opcodes: { readonly head: number; readonly timer: number },
  ) {
    this.#loop = loop;
    this.#applied = new AppliedToxics(rng);
    this.#handler = handler;
    this.#output = handler;
    this.#headOpcode = opcodes.head;
    this.#timerOpcode = opcodes.timer;
  }

  // ——— toxics on proxies ———

  /** 0 if the proxy has a toxic of that name already, as Toxiproxy refuses it. */
  add(spec: ToxicSpec, connections: Iterable<Connection>): ToxicHandle {
    const applied = this.#applied.add(spec);
    if (applied === undefined) return 0;
    for (const connection of connections) {
      if (matches(applied, connection)) this.#attach(applied, connection);
    }
    return applied.handle;
  }

  /** New attributes and toxicity for all connections. The connections' draws stay what they were. */
  update(handle: ToxicHandle, attributes: ParameterValues, toxicity?: number): void {
    const applied = this.#applied.find(handle);
    if (applied === undefined) return;
    applied.attributes = attributes;
    applied.toxicity = toxicity ?? applied.toxicity;
    for (const stage of this.#stages) {
      if (stage !== undefined && stage.handle === handle) this.#updateStage(stage, applied);
    }
  }

  remove(handle: ToxicHandle): void {
    if (!this.#applied.remove(handle)) return;
    for (const stage of this.#stages) {
      if (stage !== undefined && stage.handle === handle) this.#removeStage(stage);
    }
  }

  refusesDials(connection: Connection): boolean {
    return this.#applied.all.some(
      (applied) => applied.definition.refusesDials === true && matches(applied, connection),
    );
  }

  // ——— connections ———

  /** The connection has reached its proxy. */
  open(connection: Connection): void {
    for (const applied of this.#applied.all) {
      if (matches(applied, connection)) this.#attach(applied, connection);
    }
  }

  /** A message enters the chain. */
  enter(direction: Direction, message: number, bytes: number): void {
    const now = this.#loop.now;
    const first = direction.stages[0]!;
    for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
      const isLast = left <= CHUNK_BYTES;
      const chunk: Chunk = {
        bytes: isLast ? left : CHUNK_BYTES,
        message: isLast ? message : -1,
        timestamp: now,
        enteredAt: now,
      };
      first.queue.push(chunk);
    }
    this.#advance(first, now);
    this.#refresh(direction);
  }

  enterClose(direction: Direction): void {
    const now = this.#loop.now;
    const first = direction.stages[0]!;
    first.queue.push({ bytes: 0, message: CLOSE_MARK, timestamp: now, enteredAt: now });
    this.#advance(first, now);
    this.#refresh(direction);
  }

  /** Everything in the chain is gone; the toxics stay. */
  clear(direction: Direction): void {
    for (const stage of direction.stages) this.#clearStage(stage);
    this.#refresh(direction);
  }

  /** The connection is no more. */
  forget(direction: Direction): void {
    this.clear(direction);
    for (const stage of direction.stages) this.#releaseStage(stage);
    direction.stages.length = 0;
    this.#refresh(direction);
  }

  // ——— events ———

  onHead(slot: number): void {
    const stage = this.#stages[slot]!;
    const now = this.#loop.now;
    stage.headEvent = 0;
    stage.isBusy = false;
    if (stage.isPausing) stage.isPausing = false;
    else if (!this.#passHead(stage, now)) {
      this.#refresh(stage.direction);
      return;
    }
    this.#advance(stage, now);
    this.#refresh(stage.direction);
  }

  onTimer(slot: number): void {
    const stage = this.#stages[slot]!;
    const now = this.#loop.now;
    stage.timerEvent = 0;
    if (!stage.isAffected || stage.toxic.onTimer === undefined) return;
    this.#fate.clear();
    stage.toxic.onTimer(now, this.#fate);
    this.#end(stage, now);
    this.#refresh(stage.direction);
  }

  describe(slot: number): string {
    const stage = this.#stages[slot];
    return stage === undefined ? 'toxic' : `toxic ${stage.name} on connection ${stage.direction.connection.serial}`;
  }

  // ——— stages ———

  #attach(applied: AppliedToxic, connection: Connection): void {
    const direction = connection.directions[applied.sender];
    // The k-th connection of a pair draws the same whatever other pairs do.
    const rng = applied.rng.fork(`${connection.dialler}-${connection.acceptor}/${connection.ordinal}`);
    const draw = rng.float();
    const slot = this.#freeSlots.pop() ?? this.#stages.length;
    const stage = new Stage(slot, direction, applied, applied.definition.create(applied.attributes, rng), draw);
    this.#stages[slot] = stage;
    direction.stages.push(stage);
    if (stage.isAffected) this.#start(stage);
    this.#refresh(direction);
  }

  #start(stage: Stage): void {
    if (stage.toxic.onStart === undefined) return;
    const now = this.#loop.now;
    this.#fate.clear();
    stage.toxic.onStart(now, this.#fate);
    this.#setTimer(stage, now);
    this.#end(stage, now);
  }

  #updateStage(stage: Stage, applied: AppliedToxic): void {
    const now = this.#loop.now;
    const wasAffected = stage.isAffected;
    stage.toxic.update(applied.attributes);
    stage.isAffected = stage.draw < applied.toxicity;
    if (stage.isBusy) {
      // What was at hand goes at once; a close is asked about again.
      this.#loop.cancel(stage.headEvent);
      stage.headEvent = 0;
      stage.isBusy = false;
      stage.isPausing = false;
      const head = stage.queue[0];
      if (head !== undefined && head.message !== CLOSE_MARK) {
        stage.queue.shift();
        this.#forward(stage, head, now);
      }
    }
    if (stage.isAffected) this.#start(stage);
    else if (wasAffected) this.#leave(stage, now);
    this.#advance(stage, now);
    this.#refresh(stage.direction);
  }

  #removeStage(stage: Stage): void {
    const { direction } = stage;
    const now = this.#loop.now;
    if (stage.isAffected) this.#leave(stage, now);
    const chunks = stage.queue.splice(0);
    const at = direction.stages.indexOf(stage);
    direction.stages.splice(at, 1);
    const next = direction.stages[at];
    for (const chunk of chunks) {
      if (next === undefined) this.#out(direction, chunk);
      else next.queue.push(chunk);
    }
    if (next !== undefined) this.#advance(next, now);
    this.#clearStage(stage);
    this.#releaseStage(stage);
    this.#refresh(direction);
  }

  /** The toxic stops acting on the connection: the last chance to close what it has damaged. */
  #leave(stage: Stage, now: Time): void {
    this.#fate.clear();
    stage.toxic.onRemove?.(now, this.#fate);
    if (stage.hasDropped && this.#fate.verdict === PASS) this.#fate.close(0);
    this.#end(stage, now);
  }

  /** Deals with whatever is at the head until something has to wait. */
  #advance(stage: Stage, now: Time): void {
    const fate = this.#fate;
    while (stage.queue.length > 0 && !stage.isBusy) {
      const head = stage.queue[0]!;
      if (!stage.isAffected) {
        stage.queue.shift();
        this.#forward(stage, head, now);
        continue;
      }
      fate.clear();
      if (head.message !== CLOSE_MARK) stage.toxic.onChunk(head, now, fate);
      else if (stage.toxic.onClose !== undefined) stage.toxic.onClose(now, fate);
      this.#setTimer(stage, now);
      this.retransmissions += fate.retransmissions;
      switch (fate.verdict) {
        case PASS:
          assert(fate.bytes > 0 || head.message === CLOSE_MARK, 'network: a toxic passed nothing');
          stage.passBytes = fate.bytes;
          stage.pauseNs = fate.pauseNs;
          if (fate.delayNs > 0) {
            stage.isBusy = true;
            stage.headEvent = this.#loop.schedule(now + fate.delayNs, this.#handler, this.#headOpcode, stage.slot);
            return;
          }
          if (!this.#passHead(stage, now)) return;
          break;
        case DROP:
          stage.queue.shift();
          stage.hasDropped = true;
          stage.direction.isBroken = true;
          if (head.message !== CLOSE_MARK) this.#output.discard(stage.direction, head.bytes, head.message);
          break;
        case STALL:
          stage.isBusy = true;
          return;
        case CLOSE:
          if (fate.bytes > 0) {
            stage.passBytes = fate.bytes;
            stage.pauseNs = 0;
            this.#passHead(stage, now);
          }
          this.#closeFrom(stage, now);
          return;
        case RESET:
          this.#output.resetBoth(stage.direction.connection);
          return;
      }
    }
  }

  /** Sends on what the head was allowed to; false if the stage rests afterwards. */
  #passHead(stage: Stage, now: Time): boolean {
    const head = stage.queue[0]!;
    const { pauseNs } = stage;
    if (head.message === CLOSE_MARK || stage.passBytes >= head.bytes) {
      stage.queue.shift();
      this.#forward(stage, head, now);
    } else {
      head.bytes -= stage.passBytes;
      const piece: Chunk = { bytes: stage.passBytes, message: -1, timestamp: head.timestamp, enteredAt: now };
      this.#forward(stage, piece, now);
    }
    if (pauseNs === 0) return true;
    stage.isBusy = true;
    stage.isPausing = true;
    stage.headEvent = this.#loop.schedule(now + pauseNs, this.#handler, this.#headOpcode, stage.slot);
    return false;
  }

  #forward(stage: Stage, chunk: Chunk, now: Time): void {
    const { direction } = stage;
    const next = direction.stages[direction.stages.indexOf(stage) + 1];
    if (next === undefined) {
      this.#out(direction, chunk);
      return;
    }
    chunk.enteredAt = now;
    next.queue.push(chunk);
    this.#advance(next, now);
  }

  #out(direction: Direction, chunk: Chunk): void {
    if (chunk.message === CLOSE_MARK) this.#output.putClose(direction);
    else if (direction.isBroken) this.#output.discard(direction, chunk.bytes, chunk.message);
    else this.#output.put(direction, chunk.bytes, chunk.message);
  }

  /** What a verdict outside of `onChunk` asks for: close, reset, or nothing. */
  #end(stage: Stage, now: Time): void {
    if (this.#fate.verdict === CLOSE) this.#closeFrom(stage, now);
    else if (this.#fate.verdict === RESET) this.#output.resetBoth(stage.direction.connection);
  }

  /** The proxy closes: what has passed this stage still arrives, what has not is lost. */
  #closeFrom(stage: Stage, now: Time): void {
    const { direction } = stage;
    const at = direction.stages.indexOf(stage);
    for (let i = 0; i <= at; i++) this.#clearStage(direction.stages[i]!);
    direction.hasEnded = true;
    this.#forward(stage, { bytes: 0, message: CLOSE_MARK, timestamp: now, enteredAt: now }, now);
  }

  #setTimer(stage: Stage, now: Time): void {
    const { timerNs } = this.#fate;
    if (timerNs < 0) return;
    this.#loop.cancel(stage.timerEvent);
    stage.timerEvent = this.#loop.schedule(now + timerNs, this.#handler, this.#timerOpcode, stage.slot);
  }

  #clearStage(stage: Stage): void {
    this.#loop.cancel(stage.headEvent);
    this.#loop.cancel(stage.timerEvent);
    stage.headEvent = 0;
    stage.timerEvent = 0;
    stage.isBusy = false;
    stage.isPausing = false;
    for (const chunk of stage.queue.splice(0)) {
      if (chunk.message !== CLOSE_MARK) this.#output.discard(stage.direction, chunk.bytes, chunk.message);
    }
  }

  #releaseStage(stage: Stage): void {
    this.#stages[stage.slot] = undefined;
    this.#freeSlots.push(stage.slot);
  }

  #refresh(direction: Direction): void {
    let isChained = false;
    for (const stage of direction.stages) if (stage.isAffected || stage.queue.length > 0) isChained = true;
    direction.isChained = isChained;
    direction.refresh();
  }
}
