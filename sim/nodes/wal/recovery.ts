/**
 * Opens a write-ahead log that a stop or a crash left behind.
 *
 * Reads every segment once, oldest first; what the records say is put together in `contents.ts`. A torn tail is cut
 * off and synced; behind a clean end the rest of the file is zeroed, because a crash may have left later sectors of
 * an unsynced write there and an append must not run into them. Then appending goes on in the same file.
 *
 * With storage integrity `redundant` damage is told from a torn tail by the identifiers (`identified-reader.ts`): a
 * damaged entry is given as `makeEntry` makes it without payload, and listed in `damaged`; a damaged state record is
 * made up for by the copies of term and vote, its commit index by that of the snapshots that the log names.
 *
 * What it does not do: repair anything but a torn tail (a damaged record elsewhere is `corrupt`, named by file and
 * offset), keep etcd's `.broken` copy of a repaired segment, or notice a log whose end was lost as a whole.
 */
import { NO_BUGS } from '../../bugs.ts';
import type { Value } from '../../bytes/value.ts';
import type { File } from '../../disk/disk.ts';
import type { Fault } from '../../storage-engine.ts';
import { SYSTEM_CALLS } from '../../work.ts';
import { Contents } from './contents.ts';
import { IdentifiedReader } from './identified-reader.ts';
import { regionBytes } from './identifiers.ts';
import { PromiseCopies } from './promise-copies.ts';
import { parseSegment, type Segment } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';
import type { HardState, SnapshotMark, WalEntry } from './wal-entry.ts';
import type { WalOptions } from './wal-options.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

export interface RecoveredLog<E extends WalEntry> {
  readonly outcome: 'ok';
  readonly log: WriteAheadLog;
  readonly metadata: Uint8Array;
  readonly state: HardState;
  /** Of those offered, or {0, 0}: the empty state. */
  readonly snapshot: SnapshotMark;
  /** From `snapshot.index + 1` on, without gaps. */
  readonly entries: E[];
  /** Where a torn record was cut off, for people; undefined: the log ended cleanly. */
  readonly torn: Fault | undefined;
  /** Indices, ascending, of those of `entries` whose payload is damaged; empty unless `redundant`. */
  readonly damaged: readonly number[];
}

export type WalOpening<E extends WalEntry> =
  | RecoveredLog<E>
  /** No segment is there: make a new log. */
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'corrupt'; readonly corruption: Fault }
  | { readonly outcome: 'io-error' | 'no-space' };

/** `makeEntry` builds the protocol's own entry; `data` owns its bytes. */
export function openWriteAheadLog<E extends WalEntry>(
  options: WalOptions,
  snapshots: readonly SnapshotMark[],
  makeEntry: (term: number, index: number, type: number, data: Value) => E,
): WalOpening<E> {
  const { disk, work } = options;
  const segments = findSegments(options);
  if (segments.length === 0) return { outcome: 'missing' };

  const { integrity = 'checksum' } = options;
  const isRedundant = integrity === 'redundant';
  const bugs = options.bugs ?? NO_BUGS;
  const reader = new SegmentReader(disk, work, options.tornRule === 'first-damage', bugs, integrity);
  const region = regionBytes(options.segmentBytes);
  const identified = new IdentifiedReader(reader, disk, work, region, options.isAlone ?? false);
  const contents = new Contents<E>(segments[0]!, snapshots);
  const identify = (): readonly [number, number, number] => contents.identify(reader);
  let tail: File | undefined;
  let torn: Fault | undefined;
  for (let i = 0; i < segments.length; i++) {
    const { name } = segments[i]!;
    const file = disk.open(name);
    if (file === undefined) return { outcome: 'io-error' };
    const isNewest = i === segments.length - 1;
    if (isRedundant) identified.turnTo(file, isNewest);
    else reader.turnTo(file, isNewest);
    for (;;) {
      const step = isRedundant ? identified.next(identify) : reader.next();
      if (step === 'end') break;
      if (step === 'io-error') return { outcome: 'io-error' };
      const where = (): string => `${name} offset ${reader.offset}`;
      if (step === 'corrupt') return corrupt(where(), reader.reason);
      if (step === 'torn') {
        torn = { where: where(), what: 'wal: torn record cut off' };
        break;
      }
      const wrong =
        step === 'damaged'
          ? contents.miss(identified.lost!, identified.crcBefore, name, makeEntry)
          : contents.take(reader, makeEntry);
      if (wrong !== '') return corrupt(`${name} before offset ${reader.offset}`, wrong);
    }
    if (isRedundant) {
      const healed = identified.heal(file);
      if (healed !== 'ok') return { outcome: healed };
    }
    if (isNewest) tail = file;
    else disk.close(file);
  }
  if (isRedundant && !contents.completeState(new PromiseCopies(disk, work, options.directory).read())) {
    return corrupt(options.directory, 'the hard state and both copies of term and vote are damaged');
  }

  const chosen = contents.choose();
  const directory = options.directory;
  if (chosen === undefined) return corrupt(directory, 'no snapshot that the log can go on from');
  if (contents.metadata === undefined && !isRedundant) return corrupt(directory, 'no metadata record');

  const offset = reader.offset;
  const length = tail!.length;
  work.counts[SYSTEM_CALLS] = work.counts[SYSTEM_CALLS]! + 3;
  const cut = disk.truncate(tail!, offset);
  if (cut !== 'ok') return { outcome: cut };
  const outcome = torn === undefined ? disk.truncate(tail!, length) : disk.sync(tail!);
  if (outcome !== 'ok') return { outcome };

  const metadata = contents.metadata ?? new Uint8Array(0);
  const log = new WriteAheadLog(options, {
    metadata,
    state: contents.state,
    crc: reader.crc,
    lastIndex: Math.max(contents.lastIndex, chosen.index),
    segments,
    tail: tail!,
    offset,
    records: identified.count,
    damaged: contents.damaged,
  });
  return {
    outcome: 'ok',
    log,
    metadata,
    state: contents.state,
    snapshot: chosen,
    entries: contents.entriesAfter(chosen.index),
    torn,
    damaged: contents.damaged.filter(({ index }) => index > chosen.index).map(({ index }) => index),
  };
}

function corrupt(where: string, what: string): { readonly outcome: 'corrupt'; readonly corruption: Fault } {
  return { outcome: 'corrupt', corruption: { where, what: `wal: ${what}` } };
}

/** Segments in ascending order; only the newest ones without a gap in the sequence. */
function findSegments(options: WalOptions): Segment[] {
  const all: Segment[] = [];
  for (const name of options.disk.list(options.directory)) {
    const segment = parseSegment(name, options.directory);
    if (segment !== undefined) all.push(segment);
  }
  let first = all.length - 1;
  while (first > 0 && all[first - 1]!.sequence === all[first]!.sequence - 1) first--;
  return all.slice(Math.max(first, 0));
}
