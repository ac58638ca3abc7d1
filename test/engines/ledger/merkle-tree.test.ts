/** The accumulator's tree against the definition in RFC 6962, written down as it stands there. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Accumulator, Peaks } from '../../../engines/ledger/accumulator.ts';
import { Digester } from '../../../engines/ledger/digester.ts';
import { bufferOf } from '../../../engines/ledger/format.ts';
import { nodeNumber, nodesBefore, verifyPath } from '../../../engines/ledger/merkle-tree.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { Rng } from '../../../sim/rng.ts';
import { Work } from '../../../sim/work.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha256 = (...parts: Uint8Array[]): Uint8Array => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafOf = (data: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), data);

/** The dumb twin: MTH of RFC 6962, over leaf hashes. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

function treeOf(leaves: readonly Uint8Array[]): { accumulator: Accumulator; root: Uint8Array } {
  const rng = new Rng(1);
  const disk = new SimulatedDisk({ store: new BlockStore(), rng, pageCacheBytes: 1 << 20, capacityBytes: 1 << 30 });
  const file = disk.create('accumulator', 'ledger-commit');
  disk.write(file, 0, bufferOf(new Uint8Array(64)));
  const work = new Work();
  const accumulator = new Accumulator(disk, file, work, new Digester(work));
  for (const leaf of leaves) accumulator.peaks.append(leaf);
  expect(accumulator.sync()).toBe('ok');
  return { accumulator, root: accumulator.peaks.edge().at(-1) ?? accumulator.peaks.hashes[0]! };
}

const digester = new Digester(new Work());
const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => leafOf(Uint8Array.of(i, i >> 8)));

describe('the accumulator', () => {
  // the leaves and roots of Certificate Transparency's reference tests
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  it('has the published roots', () => {
    const leaves = inputs.map((input) => leafOf(Buffer.from(input, 'hex')));
    roots.forEach((root, i) => {
      expect(hex(treeOf(leaves.slice(0, i + 1)).root)).toBe(root);
    });
  });

  it('has the root of the definition, and a path for every leaf, at every size', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = leavesOf(size);
      const { accumulator, root } = treeOf(leaves);
      expect(hex(root)).toBe(hex(rootOf(leaves)));
      const edge = accumulator.peaks.edge();
      leaves.forEach((leaf, i) => {
        const path = accumulator.path(i, size, edge)!;
        expect(verifyPath(i, size, leaf, path, root, digester), `leaf ${i} of ${size}`).toBe(true);
      });
    }
  });

  it('goes back to any earlier size', () => {
    const leaves = leavesOf(37);
    const { accumulator } = treeOf(leaves);
    for (let size = 37; size >= 1; size -= 3) {
      expect(accumulator.restart(size, rootOf(leaves.slice(0, size)))).toBe(true);
      expect(accumulator.restart(size, rootOf(leaves.slice(0, size + 1)))).toBe(size === 37);
    }
  });

  it('numbers nodes as they are appended', () => {
    const digests = new Map<string, number>();
    const peaks = new Peaks(digester, { node: (hash) => digests.set(hex(hash), digests.size) });
    const leaves = leavesOf(64);
    for (const leaf of leaves) {
      expect(nodesBefore(peaks.size)).toBe(digests.size);
      peaks.append(leaf);
    }
    for (let height = 0; height <= 6; height++) {
      for (let leaf = 0; leaf < 64; leaf += 2 ** height) {
        const root = rootOf(leaves.slice(leaf, leaf + 2 ** height));
        expect(digests.get(hex(root))).toBe(nodeNumber(leaf, height));
      }
    }
  });

  it('accepts no path but the right one', () => {
    const leaves = leavesOf(50);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), fc.nat(), fc.nat(), fc.nat(), fc.nat(7), (size, i, j, at, bit) => {
        const known = leaves.slice(0, size);
        const { accumulator, root } = treeOf(known);
        const leaf = i % size;
        const other = j % size;
        const path = accumulator.path(leaf, size, accumulator.peaks.edge())!;
        const accepts = (which: number, of: number, hash: Uint8Array, siblings: readonly Uint8Array[]): boolean =>
          verifyPath(which, of, hash, siblings, root, digester);
        expect(accepts(leaf, size, known[leaf]!, path)).toBe(true);
        const flipped = path.map((sibling) => sibling.slice());
        flipped[at % path.length]![at % 32]! ^= 1 << bit;
        expect(accepts(leaf, size, known[leaf]!, flipped)).toBe(false);
        expect(accepts(leaf, size, known[leaf]!, path.slice(1))).toBe(false);
        expect(accepts(leaf, size, known[leaf]!, [...path, path[0]!])).toBe(false);
        if (other === leaf) return;
        expect(accepts(other, size, known[leaf]!, path)).toBe(false);
        expect(accepts(leaf, size, known[other]!, path)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
