import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Freelist, type FreePages } from '../../../engines/bolt/freelist.ts';
import { ArrayFreePages } from '../../../engines/bolt/freelist-array.ts';
import { HashmapFreePages } from '../../../engines/bolt/freelist-hashmap.ts';
import { FREELIST_IDS_SCANNED, FREELIST_SPANS_WALKED, Work } from '../../../sim/work.ts';

/** The dumb twin: a set of ids, and bbolt's array scan spelled out. */
class DumbFreePages {
  ids: number[] = [];
  scanned = 0;

  /** The first run of `pages`, from the front, id by id. */
  firstFit(pages: number): number {
    let start = 0;
    for (let i = 0; i < this.ids.length; i++) {
      this.scanned++;
      if (i === 0 || this.ids[i] !== this.ids[i - 1]! + 1) start = i;
      if (i - start + 1 === pages) return this.ids[start]!;
    }
    return 0;
  }

  take(first: number, pages: number): void {
    for (let id = first; id < first + pages; id++) {
      expect(this.ids).toContain(id);
      this.ids = this.ids.filter((other) => other !== id);
    }
  }

  add(ids: readonly number[]): void {
    this.ids = [...this.ids, ...ids].sort((a, b) => a - b);
  }

  longestRun(): number {
    let longest = 0;
    let run = 0;
    this.ids.forEach((id, i) => {
      run = i > 0 && id === this.ids[i - 1]! + 1 ? run + 1 : 1;
      longest = Math.max(longest, run);
    });
    return longest;
  }
}

/** Allocations, and releases of some of the pages that are in use. */
const arbitrarySteps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ allocate: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 1, arbitrary: fc.record({ release: fc.array(fc.integer({ min: 2, max: 160 }), { maxLength: 60 }) }) },
  ),
  { maxLength: 60 },
);

function ascending(ids: readonly number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

function listed(pages: FreePages): number[] {
  const ids = new Int32Array(pages.count);
  pages.copyTo(ids);
  return [...ids];
}

describe('free pages as an array', () => {
  it('finds what a scan from the front finds, and charges for that scan', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const work = new Work();
        const pages = new ArrayFreePages(work);
        const dumb = new DumbFreePages();
        for (const step of steps) {
          if ('allocate' in step) {
            const expected = dumb.firstFit(step.allocate);
            expect(pages.allocate(step.allocate)).toBe(expected);
            if (expected !== 0) dumb.take(expected, step.allocate);
          } else {
            const ids = ascending(step.release).filter((id) => !dumb.ids.includes(id));
            dumb.add(ids);
            pages.add(Int32Array.from(ids), ids.length);
          }
          expect(listed(pages)).toEqual(dumb.ids);
          expect(work.counts[FREELIST_IDS_SCANNED]).toBe(dumb.scanned);
        }
      }),
    );
  });

  it('remembers bounds for runs longer than it has slots for', () => {
    const pages = new ArrayFreePages(new Work());
    const ids = Array.from({ length: 300 }, (_, i) => (i < 90 ? 2 + i : 100 + i));
    pages.add(Int32Array.from(ids), ids.length);
    expect(pages.allocate(100)).toBe(190);
    expect(pages.allocate(80)).toBe(2);
    expect(pages.allocate(100)).toBe(290);
    expect(pages.allocate(64)).toBe(0);
  });
});

describe('free pages as spans', () => {
  it('gives free pages only, an exact fit where there is one, and finds room whenever there is some', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const pages = new HashmapFreePages(new Work());
        const dumb = new DumbFreePages();
        for (const step of steps) {
          if ('allocate' in step) {
            const hasRoom = dumb.longestRun() >= step.allocate;
            const first = pages.allocate(step.allocate);
            expect(first !== 0).toBe(hasRoom);
            if (first !== 0) dumb.take(first, step.allocate);
          } else {
            const ids = ascending(step.release).filter((id) => !dumb.ids.includes(id));
            dumb.add(ids);
            pages.add(Int32Array.from(ids), ids.length);
          }
          expect(listed(pages)).toEqual(dumb.ids);
          expect(pages.count).toBe(dumb.ids.length);
        }
      }),
    );
  });

  it('prefers the exact length', () => {
    const pages = new HashmapFreePages(new Work());
    pages.add(Int32Array.of(10, 11, 12, 13, 20, 21, 30), 7);
    expect(pages.allocate(2)).toBe(20);
    expect(pages.allocate(1)).toBe(30);
    expect(pages.allocate(3)).toBe(10);
    expect(listed(pages)).toEqual([13]);
  });

  it('charges one visit for each span whenever the pages are counted', () => {
    const work = new Work();
    const pages = new HashmapFreePages(work);
    pages.add(Int32Array.of(10, 12, 14, 16), 4);
    expect(work.counts[FREELIST_SPANS_WALKED]!).toBe(0);
    pages.chargeCount();
    expect(work.counts[FREELIST_SPANS_WALKED]!).toBe(4);
  });
});

describe.each(['array', 'hashmap'])('the freelist on %s', (kind) => {
  const make = (): Freelist => {
    const work = new Work();
    return new Freelist(kind === 'array' ? new ArrayFreePages(work) : new HashmapFreePages(work), work);
  };

  it('keeps freed pages from being used until they are released', () => {
    const list = make();
    list.load(Int32Array.of(5), 1);
    expect(list.free(7, 8, 2)).toBe(true);
    expect(list.allocate(7, 1)).toBe(5);
    expect(list.allocate(7, 1)).toBe(0);
    list.release(7);
    expect(list.allocate(8, 2)).toBe(8);
    expect(list.count).toBe(0);
  });

  it('refuses to free a page twice, free or pending', () => {
    const list = make();
    list.load(Int32Array.of(5, 6), 2);
    expect(list.free(7, 6, 1)).toBe(false);
    expect(list.free(7, 7, 3)).toBe(true);
    expect(list.free(7, 9, 1)).toBe(false);
    expect(list.count).toBe(5);
  });

  it('lists free and pending pages together, ascending', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 2, max: 500 })), fc.nat(100), (ids, cut) => {
        const list = make();
        const free = ascending(ids.slice(0, cut));
        list.load(Int32Array.from(free), free.length);
        for (const id of ids.slice(cut)) expect(list.free(7, id, 1)).toBe(true);
        expect([...list.collect().subarray(0, list.count)]).toEqual(ascending(ids));
        expect(list.ids()).toEqual(ascending(ids));
      }),
    );
  });

  it.each([
    [0, 16],
    [1, 24],
    [65_534, 16 + 8 * 65_534],
    [65_535, 16 + 8 * 65_536],
    [65_536, 16 + 8 * 65_537],
  ])('of %i ids takes %i bytes', (count, bytes) => {
    const list = make();
    list.load(
      Int32Array.from({ length: count }, (_, i) => 2 + i),
      count,
    );
    expect(list.serializedBytes()).toBe(bytes);
  });
});
