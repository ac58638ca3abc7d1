/**
 * A few damages to each kind of file of each engine, and a few writes lost or gone astray: an answer every time, no exception, and no wrong value that nobody
 * notices where the format has checksums. `npm run bench corruption` tries many more and prints the table.
 */
import { describe, expect, it } from 'vitest';
import { corruptionStores, UNCHECKED } from '../../bench/corruption-stores.ts';
import { DAMAGES, DamagedStore, LAPSES, type Trial } from '../../bench/corruption-trials.ts';
import { ENGINES } from '../../engines/index.ts';

/** Of each damage on each kind of file. */
const TRIALS = 3;
/** Of each lapse on each store. */
const LAPSE_TRIALS = 6;

const SKETCHES = corruptionStores();

it('has a store of every engine', () => {
  const tried = new Set(SKETCHES.map(({ engine }) => engine.name));
  expect(ENGINES.filter(({ name }) => !tried.has(name)).map(({ name }) => name)).toEqual([]);
});

describe.each(SKETCHES.map((sketch) => [sketch.name, sketch] as const))('%s', (_name, sketch) => {
  const store = new DamagedStore(sketch, 2);
  const trials: Trial[] = [];
  for (const files of store.kinds.values()) {
    for (const damage of DAMAGES) for (let i = 0; i < TRIALS; i++) trials.push(store.trial(files, damage));
  }
  const lapses = LAPSES.flatMap((lapse) => Array.from({ length: LAPSE_TRIALS }, () => store.lapse(lapse)));

  it('meets every damage, and every write that went wrong, with an answer', () => {
    expect([...trials, ...lapses].filter(({ verdict }) => verdict === 'exception')).toEqual([]);
    expect(trials.length).toBe(store.kinds.size * DAMAGES.length * TRIALS);
  });

  it('notices some of it', () => {
    const isNoticed = ({ verdict }: Trial): boolean => verdict === 'open' || verdict === 'read' || verdict === 'check';
    expect(trials.some(isNoticed)).toBe(true);
    expect(lapses.some(isNoticed)).toBe(true);
  });

  it('shows no other content without a word', ({ skip }) => {
    skip(UNCHECKED.has(sketch.engine.name), 'the format has no checksum over its data');
    expect([...trials, ...lapses].filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
  });
});

it('sees a wrong value where one is to be had: a byte of a value in a log without checksums', () => {
  const sketch = SKETCHES.find(({ name }) => name === 'faster')!;
  const store = new DamagedStore(sketch, 3);
  const log = [...store.kinds].find(([kind]) => kind.startsWith('hlog'))![1];
  const verdicts = Array.from({ length: 20 }, () => store.trial(log, 'flip').verdict);
  expect(verdicts).toContain('wrong');
});
