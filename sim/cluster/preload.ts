/**
 * A store that exists before time 0: built once (`preload-build.ts`), then shared copy-on-write by all nodes, and by
 * all runs of this process whose stores are the same. Its bytes count for nobody, and its entries are in no Raft log.
 *
 * Stores are kept for further runs: the newest one, whatever its size, until a run needs another one or none; and of
 * the others as many as fit into `KEPT_BYTES_MAX`.
 */
import type { EngineDefinition } from '../../engines/engine.ts';
import { BlockStore } from '../disk/block-store.ts';
import type { DiskImage } from '../disk/disk-image.ts';
import type { StateMachineDefinition } from '../nodes/kv/state-machine.ts';
import type { Rng } from '../rng.ts';
import type { RunSpec } from '../run-spec.ts';
import { type BuiltStore, buildStore, PRELOAD_DIRECTORY, type PreloadProgress } from './preload-build.ts';

const KEPT_BYTES_MAX = 2 ** 28;

interface KeptStore {
  readonly name: string;
  readonly built: BuiltStore;
}

/** Last used last. */
let kept: KeptStore[] = [];

export class Preload {
  readonly directory = PRELOAD_DIRECTORY;
  /** Undefined: nothing is preloaded. */
  readonly image: DiskImage | undefined;
  /** For the content of the run's disks. */
  readonly store: BlockStore;
  /** The run's, on this store. */
  readonly machine: StateMachineDefinition;
  readonly #fingerprints: Uint32Array;

  constructor(
    spec: RunSpec,
    engine: EngineDefinition,
    machine: StateMachineDefinition,
    rng: Rng,
    onProgress?: PreloadProgress,
  ) {
    const built = storeFor(spec, () => buildStore(spec, engine, machine, rng, onProgress));
    this.image = built?.image;
    this.store = new BlockStore(undefined, built?.blocks);
    this.machine =
      built === undefined
        ? machine
        : { ...machine, create: (on, work, _shared, bugs) => machine.create(on, work, built.sharedIndex, bugs) };
    this.#fingerprints = built?.fingerprints ?? new Uint32Array(0);
  }

  fingerprint(key: number): number {
    return key < this.#fingerprints.length ? this.#fingerprints[key]! : 0;
  }
}

function storeFor(spec: RunSpec, build: () => BuiltStore): BuiltStore | undefined {
  const name = nameOf(spec);
  const known = kept.find((each) => each.name === name);
  // room first: the old ones and a new one need not be there together
  if (known === undefined) {
    while (kept.reduce((sum, { built }) => sum + bytesOf(built), 0) > KEPT_BYTES_MAX) kept.shift();
  }
  if (spec.workload.preloadKeys === 0) return undefined;
  kept = kept.filter((each) => each !== known);
  const used = known ?? { name, built: build() };
  kept.push(used);
  return used.built;
}

/** Everything that decides what is built. */
function nameOf({ cluster, workload, seed }: RunSpec): string {
  const value = workload.preloadValue ?? workload.value;
  return JSON.stringify([
    cluster.engine,
    cluster.stateMachine,
    workload.keys.bytes,
    workload.preloadKeys,
    value,
    workload.preloadHoles,
    // lengths are drawn from the seed
    value.kind === 'fixed' ? 0 : seed,
  ]);
}

function bytesOf({ blocks, image, fingerprints, sharedIndex }: BuiltStore): number {
  let bytes = blocks.reservedBytes + fingerprints.byteLength + (sharedIndex.index?.memoryBytes ?? 0);
  for (const table of image.blocks) bytes += table.byteLength;
  return bytes;
}
