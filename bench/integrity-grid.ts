/**
 * The grid of Alagappan et al. (FAST 2018): three nodes, four entries in the log of each, and each of the twelve copies
 * whole or damaged: 2^12 = 4096 cases. In 7^4 = 2401 of them every entry has a whole copy somewhere, and the cluster
 * can come back with all four; in the others it must not come back, as what it would lose was acknowledged.
 *
 * Each case writes the three logs (four puts of term 1, the commit index one behind, as a power failure leaves it),
 * has one bit flipped in the payload of each damaged copy, at every read until it is written again, and starts three
 * real nodes on them.
 *
 * What it does not try: damage to identifiers, to term and vote, to the frame of a record, or to stores.
 */
import { findEngine } from '../engines/index.ts';
import { SparseBuffer } from '../sim/bytes/sparse-buffer.ts';
import { Value } from '../sim/bytes/value.ts';
import { MILLISECOND, SECOND } from '../sim/clock.ts';
import { findCostProfile } from '../sim/cost-profiles.ts';
import { BlockStore } from '../sim/disk/block-store.ts';
import { Device } from '../sim/disk/device.ts';
import type { File } from '../sim/disk/disk.ts';
import type { DiskFault } from '../sim/disk/faults/index.ts';
import { findDeviceProfile } from '../sim/disk/profiles.ts';
import { SimulatedDisk } from '../sim/disk/simulated-disk.ts';
import { EventLoop } from '../sim/loop.ts';
import { Network } from '../sim/network/network.ts';
import { Cpu } from '../sim/nodes/cpu.ts';
import { Host } from '../sim/nodes/host.ts';
import { findStateMachine } from '../sim/nodes/kv/index.ts';
import { encodeRequest } from '../sim/nodes/kv/request-codec.ts';
import { Machine } from '../sim/nodes/machine.ts';
import type { NodeObserver } from '../sim/nodes/observer.ts';
import { Entry } from '../sim/nodes/raft/messages.ts';
import { createWriteAheadLog } from '../sim/nodes/wal/new-log.ts';
import { WriteAheadLog } from '../sim/nodes/wal/write-ahead-log.ts';
import { Rng } from '../sim/rng.ts';
import { PUT } from '../sim/rpc.ts';
import type { ClusterSpec, Integrity } from '../sim/run-spec.ts';
import { Trace } from '../sim/trace.ts';
import { Work } from '../sim/work.ts';
import { clusterSpec } from './cluster.ts';

const NODES = 3;
const ENTRIES = 4;
export const CASES = 1 << (NODES * ENTRIES);
const SEGMENT_BYTES = 1 << 16;
/** Several elections and repairs fit in. */
const PATIENCE = 12 * SECOND;
const EVENTS_MAX = 100_000;
const STEP = 100 * MILLISECOND;

/** `unsafe`: an acknowledged entry is lost or another stands in its place. `unavailable`: nothing new is committed. */
export type GridOutcome = 'recovered' | 'unsafe' | 'unavailable';

/** Bit `node · 4 + entry` of `damage`: that copy is damaged. */
export function isRecoverable(damage: number): boolean {
  for (let entry = 0; entry < ENTRIES; entry++) {
    let everywhere = true;
    for (let node = 0; node < NODES; node++) everywhere &&= (damage & (1 << (node * ENTRIES + entry))) !== 0;
    if (everywhere) return false;
  }
  return true;
}

const PUTS: readonly Entry[] = Array.from({ length: ENTRIES }, (_, i) => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const data = encodeRequest({
    kind: 'request',
    session: 1,
    sequence: i + 1,
    operation: PUT,
    key: bytes(`key-${i}`),
    keyEnd: undefined,
    limit: 0,
    value: Value.of(bytes(stampOf(i).repeat(10))),
    serializable: false,
  });
  return new Entry(1, i + 1, 0, data);
});

function stampOf(entry: number): string {
  return `value of ${entry};`;
}

/** One bit of each of some bytes of the log is wrong at every read, until they are written again. */
class FlippedBits implements DiskFault {
  readonly name = 'flipped bits';
  readonly #fileId: number;
  readonly #places: Set<number>;

  constructor(file: File, places: readonly number[]) {
    this.#fileId = file.id;
    this.#places = new Set(places);
  }

  onWrite(file: File, offset: number, length: number): 'ok' {
    if (file.id !== this.#fileId) return 'ok';
    for (const at of this.#places) if (at >= offset && at < offset + length) this.#places.delete(at);
    return 'ok';
  }

  onContent(file: File, offset: number, content: SparseBuffer): boolean {
    if (file.id !== this.#fileId || this.#places.size === 0) return false;
    const bytes = content.toBytes();
    for (const place of this.#places) if (place >= offset && place - offset < bytes.length) bytes[place - offset]! ^= 1;
    content.reset().bytes(bytes);
    return true;
  }
}

/** Watches for what must not happen: that another entry is committed than the one that was. */
class Witness implements NodeObserver {
  onConfiguration(): void {}
  onLeft(): void {}
  differs = false;
  newest = 0;

  onCommit(_node: number, entry: Entry): void {
    const expected = PUTS[entry.index - 1];
    if (expected !== undefined && (expected.term !== entry.term || !expected.data.equals(entry.data)))
      this.differs = true;
    if (entry.index > this.newest) this.newest = entry.index;
  }
  onLeader(): void {}
  onDeposed(): void {}
  onAppend(): void {}
  onApply(): void {}
  onEffect(): void {}
  onRestore(): void {}
  onRestart(): void {}
  onFailure(): void {}
}

export function gridCase(integrity: Integrity, damage: number): GridOutcome {
  const loop = new EventLoop(new Trace());
  const rng = new Rng(damage + 1);
  const { cluster } = clusterSpec({ engine: 'bolt', clients: 1, operations: 1 });
  const spec: ClusterSpec = {
    ...cluster,
    wal: { segmentBytes: SEGMENT_BYTES, segmentsMax: 5 },
    storage: { integrity },
  };
  const network = new Network(loop, rng.fork('network'), { machines: NODES, link: spec.network, traceId: 1 });
  const store = new BlockStore();
  const witness = new Witness();
  const engine = findEngine('bolt')!;
  const stateMachine = findStateMachine('raw')!;
  const hosts = Array.from({ length: NODES }, (_, node) => {
    const stream = rng.fork(`node/${node}`);
    const disk = new SimulatedDisk({ store, rng: stream, pageCacheBytes: 1 << 22, capacityBytes: 1 << 30 });
    plant(disk, integrity, node, (damage >>> (node * ENTRIES)) & ((1 << ENTRIES) - 1));
    const device = new Device(findDeviceProfile('nvme')!, stream.fork('device'), disk.faults);
    const machine = new Machine(node, loop, new Cpu(2), disk, device, findCostProfile('etcd-2021')!);
    const blueprint = { group: 0, spec, engine, stateMachine, observer: witness, rng: stream.fork('raft') };
    return new Host(machine, network, witness, [blueprint]);
  });
  for (const host of hosts) host.start();
  // a new leader's first entry is the fifth; then everybody who is up follows
  const isBack = (): boolean =>
    witness.newest > ENTRIES && hosts.every(({ isUp, replicas }) => !isUp || replicas[0]!.raft.commit > ENTRIES);
  for (let until = STEP; until <= PATIENCE && loop.eventCount < EVENTS_MAX; until += STEP) {
    loop.run(until, EVENTS_MAX);
    if (witness.differs || isBack()) break;
  }
  if (witness.differs) return 'unsafe';
  return witness.newest > ENTRIES ? 'recovered' : 'unavailable';
}

/** The log of one node, and bit k of `damaged`: the payload of entry k is. */
function plant(disk: SimulatedDisk, integrity: Integrity, node: number, damaged: number): void {
  const options = { disk, directory: 'wal/', segmentBytes: SEGMENT_BYTES, segmentsMax: 5, work: new Work(), integrity };
  const log = createWriteAheadLog(options, Uint8Array.of(node + 1));
  if (!(log instanceof WriteAheadLog)) throw new Error(`grid: ${log}`);
  for (let i = 0; i < ENTRIES; i++) log.save({ term: 1, vote: 1, commit: i }, PUTS, i, i + 1);
  const { name } = log.segments[0]!;
  log.close();
  disk.settle();
  const file = disk.open(name)!;
  const content = new SparseBuffer();
  disk.read(file, 0, file.length, content);
  const text = new TextDecoder('latin1').decode(content.toBytes());
  const places: number[] = [];
  for (let i = 0; i < ENTRIES; i++) if ((damaged >>> i) & 1) places.push(text.indexOf(stampOf(i)) + 3);
  disk.settle();
  disk.faults.add(new FlippedBits(file, places));
}
