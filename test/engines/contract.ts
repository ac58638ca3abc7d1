/** What every storage engine must do: one suite, run for each engine and each set of options. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineDefinition } from '../../engines/engine.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { bytesOf, DIRECTORY, del, EngineBed, put, TABLES, text } from './bed.ts';
import { type Operation, SortedArray } from './sorted-array.ts';

/** A stamp, then fill. */
function filled(stamp: string, bytes: number): Value {
  return Value.filled(bytesOf(stamp), bytes - stamp.length);
}

/** Bytes that nothing can compress into a run. */
function scattered(seed: number, length: number): Value {
  const bytes = new Uint8Array(length);
  let x = seed * 2654435761 + 1;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    bytes[i] = x >>> 24;
  }
  return Value.of(bytes);
}

const numbered = (count: number, bytes: number): Operation[] =>
  Array.from({ length: count }, (_, i) => put(`key${String(i).padStart(6, '0')}`, filled(`v${i}`, bytes)));

/** Few keys, so that operations meet; some longer than a page's quarter; values of every shape. */
const arbitraryKey = fc.oneof(
  fc.nat(40).map((n) => bytesOf(`k${n}`)),
  fc.nat(400).map((n) => bytesOf(`key-with-a-long-prefix-${n}`)),
  fc.uint8Array({ minLength: 1, maxLength: 3 }),
);
const arbitraryValue = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Value.of(bytes)),
  fc.tuple(fc.nat(9999), fc.integer({ min: 5, max: 1500 })).map(([n, length]) => filled(`${n}`, length)),
  fc.tuple(fc.nat(9999), fc.integer({ min: 5, max: 9000 })).map(([n, length]) => scattered(n, length)),
  fc.nat(300).map((length) => Value.of(new Uint8Array(length))),
);
const arbitraryOperation: fc.Arbitrary<Operation> = fc.record({
  table: fc.nat(TABLES.length - 1),
  key: arbitraryKey,
  value: fc.oneof({ weight: 3, arbitrary: arbitraryValue }, { weight: 1, arbitrary: fc.constant(undefined) }),
});
type Step =
  | { readonly kind: 'write'; readonly operations: Operation[] }
  | { readonly kind: 'sync' | 'restart' | 'crash' };
const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      operations: fc.array(arbitraryOperation, { minLength: 1, maxLength: 40 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

export function engineContract(definition: EngineDefinition, options: ParameterValues): void {
  describe(`${definition.name} ${JSON.stringify(options)}`, () => {
    let bed: EngineBed | undefined;
    const open = (): EngineBed => {
      bed = EngineBed.opened(definition, options);
      return bed;
    };
    /** The whole-store check runs after every test that left an engine open. */
    afterEach(() => {
      if (bed !== undefined) expect(bed.engine.check()).toEqual([]);
      bed = undefined;
    });

    it('starts empty and sound', () => {
      const { engine } = open();
      expect(engine.get(0, bytesOf('a'), new Value())).toBe(false);
      const seen: string[] = [];
      engine.scan(0, new Uint8Array(0), undefined, (bytes, from, to) => seen.push(text(bytes.subarray(from, to))) > 0);
      expect(seen).toEqual([]);
      expect(engine.pressure()).toBe('none');
    });

    it('puts, overwrites, deletes, and shows each at once', () => {
      const store = open();
      store.write([put('a', 'one'), put('b', 'two')]);
      store.verify();
      store.write([put('a', 'three'), del('b'), del('never there')]);
      store.verify();
      expect(store.engine.get(0, bytesOf('b'), new Value())).toBe(false);
      store.sync();
      store.verify();
    });

    it('lets the later operation of a batch win', () => {
      const store = open();
      store.write([put('a', 'one'), del('a'), put('a', 'two'), put('b', 'one'), del('b')]);
      store.verify();
      store.sync();
      store.verify();
      const into = new Value();
      expect(store.engine.get(0, bytesOf('a'), into)).toBe(true);
      expect(text(into.toBytes())).toBe('two');
    });

    it('keeps tables apart', () => {
      const store = open();
      store.write([put('a', 'in the first', 0), put('a', 'in the second', 1), put('b', 'only here', 1)]);
      store.sync();
      store.write([del('a', 0)]);
      store.verify();
      expect(store.engine.get(0, bytesOf('b'), new Value())).toBe(false);
    });

    it('scans ranges', () => {
      const store = open();
      store.write(numbered(500, 100));
      store.sync();
      store.write([del('key000010'), put('key000011x', 'between'), put('key000499x', 'behind')]);
      const ranges: [string, string | undefined][] = [
        ['', undefined],
        ['key000009', 'key000013'],
        ['key0000105', 'key0000106'],
        ['key000499', undefined],
        ['z', undefined],
        ['', 'key000001'],
        ['key000020', 'key000020'],
        ['key000030', 'key000020'],
      ];
      for (const [from, to] of ranges) {
        const limit = to === undefined ? undefined : bytesOf(to);
        const seen: string[] = [];
        store.engine.scan(0, bytesOf(from), limit, (bytes, keyFrom, keyTo) => {
          seen.push(text(bytes.subarray(keyFrom, keyTo)));
          return true;
        });
        const expected = store.twin.scan(0, bytesOf(from), limit).map(({ key }) => text(key));
        expect(seen, `${from} … ${to}`).toEqual(expected);
      }
    });

    it('ends a scan when the visitor has seen enough', () => {
      const store = open();
      store.write(numbered(300, 100));
      for (const phase of ['in memory', 'on disk']) {
        let seen = 0;
        store.engine.scan(0, new Uint8Array(0), undefined, () => ++seen < 7);
        expect(seen, phase).toBe(7);
        store.sync();
      }
    });

    it('keeps values of every shape', () => {
      const store = open();
      const tail = bytesOf('after');
      store.write([
        put('empty', ''),
        put('zeros', Value.of(new Uint8Array(5000))),
        put('fill only', Value.filled(new Uint8Array(0), 3000)),
        put('fill as bytes', Value.of(new Uint8Array(100).fill(0xfb))),
        put('fill inside', new Value().set(bytesOf('beforeafter'), 0, 11, 6, 700)),
        put('fill first', new Value().set(tail, 0, tail.length, 0, 40)),
        put('several pages', scattered(1, 20_000)),
        put('several pages of fill', filled('big', 100_000)),
        put(`long key ${'x'.repeat(2000)}`, 'value'),
      ]);
      store.verify();
      store.sync();
      store.verify();
      store.restart();
      store.verify();
    });

    it('finds everything again after a clean restart', () => {
      const store = open();
      for (let round = 0; round < 4; round++) {
        store.write(numbered(400, 150 + round * 50));
        store.write([del(`key00000${round}`), put(`extra ${round}`, 'x', 1)]);
        store.sync();
        store.restart();
        store.verify();
      }
    });

    it('shrinks to nothing and grows again', () => {
      const store = open();
      store.write(numbered(1200, 100));
      store.sync();
      const keys = store.twin.tables[0]!.map(({ key }): Operation => ({ table: 0, key, value: undefined }));
      for (let from = 0; from < keys.length; from += 130) {
        store.write(keys.slice(from, from + 130));
        store.sync();
        expect(store.engine.check()).toEqual([]);
      }
      expect(store.twin.tables[0]).toEqual([]);
      store.verify();
      store.write(numbered(300, 100));
      store.sync();
      store.restart();
      store.verify();
    });

    it('survives a crash with all that was synced', () => {
      const store = open();
      store.write(numbered(200, 300));
      store.sync();
      store.write([put('key000001', 'not synced'), put('new', 'not synced', 1)]);
      expect(store.crash()).toBe('recovered');
      store.adoptSurvivor();
      store.verify();
      store.write([put('after', 'the crash')]);
      store.sync();
      store.verify();
    });

    it('is at a batch boundary wherever the power fails', () => {
      const batches = Array.from({ length: 9 }, (_, i) => [
        ...numbered(6, 200).map(({ key, table }) => ({ table, key, value: filled(`round ${i}`, 150 + 40 * i) })),
        put(`batch ${i}`, `${i}`, 1),
        ...(i > 1 ? [del(`batch ${i - 2}`, 1)] : []),
      ]);
      const SYNC_EVERY = 2;
      const states: SortedArray[] = [new SortedArray(TABLES.length)];
      for (const batch of batches) {
        const next = states.at(-1)!.copy();
        next.apply(batch);
        states.push(next);
      }
      /** Requests that had to finish for each sync, and how many batches it covers. */
      const syncs: { requests: number; batches: number }[] = [];
      const run = (seed: number, onSync: (requests: number, batches: number) => void): EngineBed => {
        const store = EngineBed.opened(definition, options, seed);
        batches.forEach((batch, i) => {
          store.write(batch);
          if (i % SYNC_EVERY !== SYNC_EVERY - 1) return;
          expect(store.engine.sync()).toBe('ok');
          onSync(store.disk.waitingRequests(0), i + 1);
        });
        return store;
      };
      const total = run(1, (requests, count) => syncs.push({ requests, batches: count })).disk.waitingRequests(0);
      // no background work came in between: every sync waits behind the one before
      for (const [i, { requests }] of syncs.entries()) {
        expect(requests).toBeGreaterThan(syncs[i - 1]?.requests ?? 0);
      }
      for (let finished = 0; finished <= total; finished++) {
        const store = run(finished + 2, () => undefined);
        store.complete(finished);
        expect(store.crash(), `after ${finished} requests`).toBe('recovered');
        const durable = syncs.findLast(({ requests }) => requests <= finished)?.batches ?? 0;
        const begun = syncs.find(({ requests }) => requests > finished)?.batches ?? batches.length;
        store.adoptSurvivor(states.slice(durable, begun + 1));
        store.verify();
        store.write([put('afterwards', 'works')]);
        store.sync();
        store.verify();
      }
    });

    it('opens whatever a crash during its creation leaves', () => {
      const first = new EngineBed(definition, options);
      expect(first.engine.open()).toBe('fresh');
      const total = first.disk.waitingRequests(0);
      for (let finished = 0; finished <= total; finished++) {
        for (let seed = 1; seed <= 4; seed++) {
          const store = new EngineBed(definition, options, seed);
          expect(store.engine.open()).toBe('fresh');
          store.complete(finished);
          expect(store.crash()).toMatch(/fresh|recovered/);
          store.write([put('a', 'one')]);
          store.sync();
          store.verify();
        }
      }
    });

    it('agrees with the twin on arbitrary histories', () => {
      fc.assert(
        fc.property(fc.array(arbitraryStep, { maxLength: 25 }), fc.nat(1_000_000), (steps, seed) => {
          const store = EngineBed.opened(definition, options, seed);
          for (const step of steps) {
            if (step.kind === 'write') store.write(step.operations);
            else if (step.kind === 'sync') store.sync();
            else if (step.kind === 'restart') {
              store.sync();
              store.restart();
            } else {
              expect(store.crash()).toBe('recovered');
              store.adoptSurvivor();
            }
            expect(store.differences(store.twin)).toEqual([]);
          }
          store.verify();
        }),
        { numRuns: 40 },
      );
    });

    it('names what is wrong with a store full of rubbish', () => {
      const store = open();
      store.write(numbered(300, 200));
      store.sync();
      for (const name of store.disk.list(DIRECTORY)) {
        const { length } = store.disk.open(name)!;
        store.damage(name, 0, new Uint8Array(length).fill(0xee));
      }
      expect(store.reopen()).toBe('corrupt');
      expect(store.engine.corruption?.where).toMatch(/./);
      expect(store.engine.corruption?.what).toMatch(/./);
      bed = undefined; // nothing sound left to check
    });

    it('meets damage anywhere with an answer, not an exception', () => {
      fc.assert(
        fc.property(
          fc.nat(),
          fc.nat(),
          fc.uint8Array({ minLength: 1, maxLength: 40 }),
          fc.integer({ min: 20, max: 300 }),
          (which, where, bytes, count) => {
            const store = EngineBed.opened(definition, options);
            store.write(numbered(count, 300));
            store.sync();
            store.write(numbered(count >> 1, 200));
            store.sync();
            expect(store.engine.close()).toBe('ok');
            const names = store.disk.list(DIRECTORY);
            const name = names[which % names.length]!;
            const { length } = store.disk.open(name)!;
            store.damage(name, where % Math.max(1, length - bytes.length), bytes);
            const outcome = store.reopen();
            if (outcome === 'corrupt') {
              expect(store.engine.corruption).toBeDefined();
              return;
            }
            const into = new Value();
            for (let i = 0; i < count; i += 7) store.engine.get(0, numbered(i + 1, 1)[i]!.key, into);
            store.engine.scan(0, new Uint8Array(0), undefined, () => true);
            const batch = numbered(30, 100);
            const written = store.tryWrite(batch);
            if (written !== 'ok') expect(store.engine.corruption).toBeDefined();
            expect(Array.isArray(store.engine.check())).toBe(true);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('says what it is made of', () => {
      const store = open();
      store.write(numbered(300, 200));
      store.sync();
      const stats = store.engine.stats();
      const onDisk = store.disk.list(DIRECTORY).reduce((sum, name) => sum + store.disk.open(name)!.length, 0);
      expect(stats.fileBytes).toBe(onDisk);
      for (const bytes of Object.values(stats.memoryBytes)) expect(bytes).toBeGreaterThanOrEqual(0);
      expect(Object.keys(stats.figures).length).toBeGreaterThan(0);
      for (const name of store.engine.checkpoint()) expect(store.disk.open(name), name).toBeDefined();
    });
  });
}
