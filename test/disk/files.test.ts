import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import type { File } from '../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';

/** The dumb twin: names to plain byte arrays. */
class PlainDisk {
  files = new Map<string, Uint8Array>();

  write(name: string, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const old = this.files.get(name)!;
    const grown = new Uint8Array(Math.max(old.length, offset + bytes.length));
    grown.set(old);
    grown.set(bytes, offset);
    this.files.set(name, grown);
  }
  truncate(name: string, length: number): void {
    const cut = new Uint8Array(length);
    cut.set(this.files.get(name)!.subarray(0, length));
    this.files.set(name, cut);
  }
}

const name = fc.constantFrom('a', 'b', 'log/1', 'log/2');
const offset = fc.oneof(
  fc.integer({ min: 0, max: 20_000 }),
  fc.integer({ min: 0, max: 5 }).map((block) => block * 4096),
);
/** Pieces that become literal bytes or runs. */
const data = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => ({ bytes, byte: 0, length: 0 })),
    fc
      .record({ byte: fc.constantFrom(0, 0xfb, 7), length: fc.integer({ min: 1, max: 9000 }) })
      .map(({ byte, length }) => ({ bytes: new Uint8Array(0), byte, length })),
  ),
  { maxLength: 6 },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), name, offset, data }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), name, data }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('truncate' as const), name, length: offset }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      name,
      offset,
      length: fc.integer({ min: 0, max: 9000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), name, to: name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sync' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('writeBack' as const) }) },
);

function fillBuffer(
  buffer: SparseBuffer,
  pieces: readonly { bytes: Uint8Array; byte: number; length: number }[],
): void {
  buffer.reset();
  for (const piece of pieces) {
    buffer.bytes(piece.bytes);
    buffer.run(piece.byte, piece.length);
  }
}

/** `toEqual` looks at every element by itself: far too slow here. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(actual).toEqual(expected);
}

describe('files', () => {
  it('behave as plain byte arrays do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const store = new BlockStore();
        const disk = new SimulatedDisk({ store, rng: new Rng(1), pageCacheBytes: 65536, capacityBytes: 1e9 });
        const twin = new PlainDisk();
        const buffer = new SparseBuffer();
        const into = new SparseBuffer();
        const handles = new Map<string, File>();
        for (const each of steps) {
          if (each.kind === 'settle') disk.settle();
          else if (each.kind === 'writeBack') disk.writeBack();
          else {
            if (each.kind === 'create' || !handles.has(each.name)) {
              const old = handles.get(each.name);
              handles.set(each.name, disk.create(each.name, 'other'));
              if (old !== undefined) disk.close(old);
              twin.files.set(each.name, new Uint8Array(0));
            }
            const file = handles.get(each.name)!;
            if (each.kind === 'write' || each.kind === 'append') {
              fillBuffer(buffer, each.data);
              const at = each.kind === 'write' ? each.offset : file.length;
              expect(disk.write(file, at, buffer)).toBe('ok');
              twin.write(each.name, at, buffer.toBytes());
            } else if (each.kind === 'truncate') {
              disk.truncate(file, each.length);
              twin.truncate(each.name, each.length);
            } else if (each.kind === 'read') {
              disk.read(file, each.offset, each.length, into);
              const expected = twin.files.get(each.name)!.slice(each.offset, each.offset + each.length);
              expectBytes(into.toBytes(), expected);
            } else if (each.kind === 'remove') {
              disk.remove(each.name);
              disk.close(file);
              handles.delete(each.name);
              twin.files.delete(each.name);
            } else if (each.kind === 'rename') {
              expect(disk.rename(each.name, each.to)).toBe('ok');
              if (each.to !== each.name) {
                const displaced = handles.get(each.to);
                if (displaced !== undefined) disk.close(displaced);
                handles.delete(each.name);
                handles.set(each.to, file);
                twin.files.set(each.to, twin.files.get(each.name)!);
                twin.files.delete(each.name);
              }
            } else if (each.kind === 'sync') disk.sync(file);
          }
        }
        expect(disk.list('')).toEqual([...twin.files.keys()].sort());
        let length = 0;
        for (const [each, bytes] of twin.files) {
          disk.read(handles.get(each)!, 0, bytes.length + 1, into);
          expectBytes(into.toBytes(), bytes);
          length += bytes.length;
        }
        expect(disk.usedBytes).toBe(length);
        for (const each of twin.files.keys()) {
          disk.remove(each);
          disk.close(handles.get(each)!);
        }
        disk.syncDirectory('');
        disk.syncDirectory('log/');
        disk.settle();
        expect(disk.usedBytes).toBe(0);
        expect(store.blockCount).toBe(0);
        expect(store.usedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('keep their tails apart when more of them grow than are kept unpacked', () => {
    const store = new BlockStore();
    const disk = new SimulatedDisk({ store, rng: new Rng(1), pageCacheBytes: 1e6, capacityBytes: 1e9 });
    const twin = new PlainDisk();
    const rng = new Rng(3);
    const files = Array.from({ length: 40 }, (_, i) => disk.create(`log/${i}`, 'wal'));
    for (const file of files) twin.files.set(file.name, new Uint8Array(0));
    const record = new SparseBuffer();
    for (let i = 0; i < 2000; i++) {
      const file = files[rng.int(0, files.length - 1)];
      record.reset();
      record.u32(i);
      record.run(0xfb, rng.int(0, 900));
      record.u8(i & 0xff);
      const at = rng.chance(0.9) ? file.length : rng.int(0, file.length);
      disk.write(file, at, record);
      twin.write(file.name, at, record.toBytes());
    }
    for (const file of files) expectBytes(disk.exportFile(file.name), twin.files.get(file.name)!);
  });
});
