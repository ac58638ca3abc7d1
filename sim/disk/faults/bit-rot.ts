/**
 * A share of the sectors that are there shows one bit other than was written, at every read, until the sector is
 * written again. Shows at once, as if no page cache held the good bytes: the harshest case.
 */
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import { SECTOR_BYTES } from '../disk.ts';
import { AREA, isInArea } from './area.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';
import { Places } from './places.ts';

const BITS = SECTOR_BYTES * 8;

export const bitRot: DiskFaultDefinition = {
  name: 'bit-rot',
  summary: 'a share of the sectors shows one wrong bit until they are written again',
  parameters: {
    sectors: { kind: 'ratio', doc: 'share of all sectors of the disk', default: 0.0001, min: 0, max: 1 },
    area: AREA,
  },
  isDamage: true,
  // a store without checksums, as bolt's, cannot notice it; the log can
  drawn: {
    weight: 0.3,
    weightBeyond: 0.5,
    parameters: (rng, isBeyond) => ({ sectors: rng.int(1, 100) / 10_000, area: isBeyond ? 'all' : 'log' }),
  },
  create(parameters, rng) {
    const places = new Places(parameters.sectors as number, rng);
    const good = new SparseBuffer();
    return {
      name: 'bit-rot',
      onWrite(file, offset, length) {
        if (length > 0) places.heal(file, offset, length);
        return 'ok';
      },
      onContent(file, offset, content) {
        if (!isInArea(parameters.area, file)) return false;
        let isWrong = false;
        const end = offset + content.length;
        for (let sector = Math.floor(offset / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
          const place = places.struck(file, sector);
          if (place < 0) continue;
          const bit = place % BITS;
          const at = sector * SECTOR_BYTES + (bit >>> 3) - offset;
          if (at < 0 || at >= content.length) continue;
          flip(content, at, bit & 7, good);
          isWrong = true;
        }
        return isWrong;
      },
    };
  },
};

function flip(content: SparseBuffer, at: number, bit: number, good: SparseBuffer): void {
  good.reset();
  good.slice(content, 0, content.length);
  content.reset();
  content.slice(good, 0, at);
  content.u8(good.byteAt(at) ^ (1 << bit));
  content.slice(good, at + 1, good.length);
}
