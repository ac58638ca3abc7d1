/**
 * One engine alone, in virtual time: a machine with one writer, the engine's background jobs on disk threads of their
 * own, and the operating system's write-back. The phases follow each other on one store; each is measured from its first
 * operation to the end of what the engine's definition says ends a phase.
 *
 * Limits: keys are those of the generator, in one table; the writer waits for nothing but the engine and the disk.
 */
import type { EngineDefinition, PhaseMeasurement } from '../../engines/engine.ts';
import { findEngine } from '../../engines/index.ts';
import { assert } from '../assert.ts';
import { SECOND, type Time } from '../clock.ts';
import { findCostProfile } from '../cost-profiles.ts';
import { BlockStore } from '../disk/block-store.ts';
import { Device } from '../disk/device.ts';
import { findDeviceProfile } from '../disk/profiles.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { EventLoop } from '../loop.ts';
import { Cpu } from '../nodes/cpu.ts';
import { Machine } from '../nodes/machine.ts';
import { Rng } from '../rng.ts';
import type { EngineStats, Fault } from '../storage-engine.ts';
import { Trace } from '../trace.ts';
import { columnsOf } from './columns.ts';
import { type KeyOrder, keyCheck, keyIndices } from './generator.ts';
import { latencyFigures } from './latency-figures.ts';
import { Maintenance } from './maintenance.ts';
import { Meter } from './meter.ts';
import type { PhaseResult } from './result.ts';
import { SeriesSampler } from './series.ts';
import { type BenchSpec, isKeyOperation, type PhaseSpec } from './spec.ts';
import { Store } from './store.ts';
import { WriteBack } from './write-back.ts';
import { Writer } from './writer.ts';

const WRITE_BACK_TRACE_ID = 4;
/** Virtual time without an operation after which background work is taken to run for ever. */
const REST_NS_MAX = 3600 * SECOND;
/** Share of a phase that its operations are, for the progress bar; the rest is what ends it. */
const OPERATIONS_SHARE = 0.97;

export class EngineBenchRun {
  readonly results: PhaseResult[] = [];
  /** Why the bench ended before its phases were through. */
  failure: string | undefined;
  readonly store: Store;
  readonly disk: SimulatedDisk;
  /** A batch is done: for tests that look at each. */
  onBatch: () => void = () => {};
  readonly #spec: BenchSpec;
  readonly #definition: EngineDefinition;
  readonly #loop = new EventLoop(new Trace());
  readonly #meter: Meter;
  readonly #series: SeriesSampler;
  readonly #writer: Writer;
  readonly #maintenance: Maintenance;
  #ordinal = 0;
  #isOver = false;

  // the phase at hand
  #keyCheck = 0;
  #startedAt: Time = 0;
  #writtenAt: Time = 0;
  #bytesBeforeEnd = 0;
  #bytesBeforeClose = 0;
  #before!: EngineStats;
  /** For the watch on background work that never ends. */
  #operationsSeen = 0;
  #progressAt: Time = 0;

  constructor(spec: BenchSpec) {
    const definition = findEngine(spec.engine);
    const device = findDeviceProfile(spec.disk.profile);
    const costs = findCostProfile(spec.cpu.profile);
    assert(definition !== undefined, 'bench: engine not registered');
    assert(device !== undefined && costs !== undefined, 'bench: profile not registered');
    const root = new Rng(spec.seed);
    this.#spec = spec;
    this.#definition = definition;
    this.disk = new SimulatedDisk({
      store: new BlockStore(),
      rng: root.fork('disk'),
      pageCacheBytes: spec.disk.pageCacheBytes,
      capacityBytes: device.capacityBytes,
    });
    const played = new Device(device, root.fork('device'), this.disk.faults);
    const machine = new Machine(0, this.#loop, new Cpu(spec.cpu.cores), this.disk, played, costs);
    this.store = new Store(machine, definition, spec.options, root.fork('engine'));
    this.#meter = new Meter(this.disk.counters);
    this.#series = new SeriesSampler(this.#meter);
    this.#maintenance = new Maintenance(this.store);
    this.#writer = new Writer(this.store, {
      sync: spec.sync || definition.bench?.alwaysSyncs === true,
      paced: spec.paced,
      batchFigures: definition.bench?.batchFigures ?? [],
      onBatch: () => {
        this.#series.note(this.#writer.done, this.#loop.now - this.#startedAt);
        this.onBatch();
      },
    });
    new WriteBack(machine, WRITE_BACK_TRACE_ID);
    this.#nextPhase();
  }

  get now(): Time {
    return this.#loop.now;
  }

  get events(): number {
    return this.#loop.eventCount;
  }

  /** Phases that are through. */
  get phasesDone(): number {
    return this.results.length;
  }

  /** 0 to 1, of all phases: an operation counts the same in each. */
  get fractionDone(): number {
    if (this.#isOver) return 1;
    const weights = this.#spec.phases.map((phase) => Math.max(1, phase.operations));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const before = weights.slice(0, this.results.length).reduce((sum, weight) => sum + weight, 0);
    return Math.min(0.999, (before + this.#writer.done * OPERATIONS_SHARE) / total);
  }

  /** Handles at most so many events; true while unfinished. */
  advance(eventsMax: number): boolean {
    const budget = this.#loop.eventCount + eventsMax;
    while (!this.#isOver && this.#loop.eventCount < budget) {
      this.#loop.run(this.#loop.now + REST_NS_MAX, budget - this.#loop.eventCount);
      this.#watch();
    }
    return !this.#isOver;
  }

  /** The engine's own check of its files. */
  check(): Fault[] {
    this.#reopen();
    const faults = this.store.engine.check();
    this.disk.settle();
    return faults;
  }

  /** For an export: a clean stop, after which the disk holds all of the store, below `STORE_DIRECTORY`. */
  closeStore(): void {
    assert(this.#isOver, 'bench: closed while it runs');
    this.disk.settle();
    if (this.store.isOpen) this.store.close(() => {}, this.#fail);
    this.disk.settle();
  }

  /** For looking at it after the end: a closed store is opened once more; what was asked of the disk is done. */
  #reopen(): void {
    assert(this.#isOver, 'bench: looked into while it runs');
    this.disk.settle();
    if (!this.store.isOpen) this.store.open(() => {}, this.#fail);
    this.disk.settle();
  }

  // ——— phases ———

  #nextPhase = (): void => {
    if (this.#ordinal === this.#spec.phases.length) {
      this.#end();
      return;
    }
    // closing is part of a phase, hence opening too; where a store stays open, a phase begins with the open store
    this.#meter.reset();
    if (this.store.isOpen) this.#startPhase();
    else {
      this.store.open(() => {
        if (this.#definition.bench?.phaseEnd !== 'close') this.#meter.reset();
        this.#startPhase();
      }, this.#fail);
    }
  };

  #startPhase(): void {
    const phase = this.#phase;
    const { loop } = this.store.machine;
    this.#startedAt = loop.now;
    this.#progressAt = loop.now;
    this.#before = this.store.stats();
    if (isKeyOperation(phase.operation)) {
      const { order, operations, keyspace, seed } = phase;
      const indices = keyIndices(order as KeyOrder, operations, keyspace, seed);
      this.#keyCheck = keyCheck(indices);
      this.#series.start(operations);
      this.#writer.start(phase, this.#ordinal, indices, this.#operationsDone, this.#fail);
    } else {
      this.#keyCheck = 0;
      this.#series.start(0);
      this.#writer.start(phase, this.#ordinal, new Uint32Array(0), () => {}, this.#fail);
      const task = this.#definition.maintenance?.find(({ name }) => name === phase.operation);
      this.#maintenance.start(phase, task?.repeats === true, this.#operationsDone);
    }
  }

  get #phase(): PhaseSpec {
    return this.#spec.phases[this.#ordinal]!;
  }

  #operationsDone = (): void => {
    const { store } = this;
    this.#writtenAt = this.#loop.now;
    this.#bytesBeforeEnd = this.#meter.writtenBytes();
    if (this.#definition.bench?.phaseEnd !== 'flush') {
      this.#waitForRest();
      return;
    }
    store.foreground.enter();
    const job = store.engine.maintain?.('flush', 0);
    store.foreground.leave(() => {
      if (job !== undefined) store.background.start(job);
      this.#waitForRest();
    });
  };

  #waitForRest = (): void => {
    const { store } = this;
    if (!store.isAtRest()) {
      store.onProgress = this.#waitForRest;
      return;
    }
    store.onProgress = () => {};
    this.#bytesBeforeClose = this.#meter.writtenBytes();
    if (this.#definition.bench?.phaseEnd === 'close') store.close(this.#finishPhase, this.#fail);
    else this.#finishPhase();
  };

  #finishPhase = (): void => {
    const writer = this.#writer;
    const { now } = this.#loop;
    this.#series.sample(writer.done, now - this.#startedAt);
    const growth = this.#meter.growth();
    const writingNs = this.#writtenAt - this.#startedAt;
    const measurement: PhaseMeasurement = {
      operations: writer.done,
      batches: writer.batches,
      logicalBytes: writer.logicalBytes,
      writtenBytes: growth.writtenBytes,
      writeCalls: growth.writeCalls,
      syncs: growth.syncs,
      directorySyncs: growth.directorySyncs,
      bytesBeforeEnd: this.#bytesBeforeEnd,
      bytesBeforeClose: this.#bytesBeforeClose,
      before: this.#before,
      after: this.store.stats(),
      batchMax: writer.batchMax,
      stallShare: writingNs === 0 ? 0 : (writer.stoppedNs + writer.slowedNs) / writingNs,
    };
    this.results.push({
      phase: this.#phase,
      columns: columnsOf(this.#spec, this.#definition, this.#phase, this.#keyCheck, measurement),
      measurement,
      batchLatency: latencyFigures(writer.latency),
      writingNs,
      totalNs: now - this.#startedAt,
      stoppedNs: writer.stoppedNs,
      slowedNs: writer.slowedNs,
      found: writer.found,
      deviceWrittenBytes: growth.deviceWrittenBytes,
      deviceReadBytes: growth.deviceReadBytes,
      series: this.#series.result(),
    });
    this.#ordinal++;
    this.#nextPhase();
  };

  // ——— the end ———

  #fail = (what: string): void => {
    const phase = this.#spec.phases[this.#ordinal];
    this.failure = phase === undefined ? what : `phase ${phase.name}: ${what}`;
    this.#end();
  };

  #end(): void {
    this.#isOver = true;
    this.#loop.stop();
  }

  #watch(): void {
    const { now } = this.#loop;
    const operations = this.results.length + this.#writer.done + this.#maintenance.rounds;
    if (operations !== this.#operationsSeen) {
      this.#operationsSeen = operations;
      this.#progressAt = now;
    } else if (now - this.#progressAt > REST_NS_MAX) {
      this.#fail('background work has not come to rest in an hour of virtual time');
    }
  }
}
