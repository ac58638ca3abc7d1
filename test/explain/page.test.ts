/** The page about known bugs: the operation that fits nowhere, the reason, and that it needs nothing else. */
import { describe, expect, it } from 'vitest';
import { type Explanation, evidenceOfRun, explanationOf } from '../../reports/explain/explanation.ts';
import { ILLEGAL, INVOLVED, NAMED } from '../../reports/explain/operations.ts';
import { renderExplanation } from '../../reports/explain/page.ts';
import { SCRIPT } from '../../reports/explain/script/index.ts';
import { STATE_SCRIPT } from '../../reports/explain/script/state.ts';
import { CHECKS_EXPLAINED } from '../../reports/explain/words.ts';
import { CHECKERS } from '../../sim/checkers/index.ts';
import { Recorder } from '../../sim/replay/recorder.ts';
import { museumSpec } from './museum.ts';

function explained(name: string, seed: number): Explanation {
  const recorder = new Recorder(museumSpec(name, seed));
  while (recorder.run.advance(100_000));
  const result = recorder.run.finish();
  recorder.close();
  return explanationOf(recorder, result, evidenceOfRun(recorder, result), {
    version: '1.2.3',
    scenario: name,
    why: 'To test </script>.',
    lines: (from, to) => ({
      run: 'raftlab run x',
      replay: `raftlab replay x ${from} ${to}`,
      explain: 'raftlab explain x',
    }),
    window: undefined,
  });
}

const STALE = explained('read-index-context-reused', 2);
const FIGURE_8 = explained('figure-8', 1);

describe('a stale read', () => {
  it('is marked, with the write that it should have seen', () => {
    const { operations, reason, focus, complaint } = STALE;
    expect(complaint?.check).toBe('linearizability');
    const at = operations.part.indexOf(ILLEGAL);
    expect(operations.part.filter((part) => part === ILLEGAL)).toHaveLength(1);
    expect({ session: operations.session[at], key: operations.key[at], value: operations.value[at] }).toEqual({
      session: 8,
      key: 0,
      value: 'v51',
    });
    expect(operations.order[at]).toBe(0);
    expect(reason.slice(0, 3)).toEqual([
      'The get of session 8 (2924.362–3513.961 ms) saw v51.',
      'That was written by the put of session 14 (2724.676–2727.046 ms).',
      'But the put of session 16 (2905.342–2906.892 ms) wrote v53 after that, and had returned before the get was called: the get had to see v53, or something newer.',
    ]);
    expect(focus).toEqual([2905341501, 3513961499]);
    expect(STALE.pick).toBe(at);
  });

  it('stands behind an order that keeps to calls and returns', () => {
    const { operations } = STALE;
    const placed = operations.order.flatMap((order, i) => (order > 0 ? [{ order, i }] : []));
    placed.sort((a, b) => a.order - b.order);
    expect(placed).toHaveLength(128);
    let latestCall = 0;
    for (const { i } of placed) {
      latestCall = Math.max(latestCall, operations.called[i]!);
      if (operations.ended[i]! >= 0 && operations.outcome[i] === 1)
        expect(operations.ended[i]).toBeGreaterThanOrEqual(latestCall);
    }
  });
});

describe('a leader without a committed entry', () => {
  it('is told as the life of that entry', () => {
    const entry = FIGURE_8.story.filter(({ kind }) => kind === 'entry').map(({ text }) => text);
    expect(entry).toEqual([
      'n3 has entry 25 of term 17',
      'n1 has entry 25 of term 18',
      'n3 has entry 25 of term 17',
      'n2 has entry 25 of term 17',
      'n3 knows entry 25 to be committed',
      'n1 has entry 25 of term 18',
      'n3 has entry 25 of term 17',
      'n2 votes for n1 in term 25',
    ]);
    expect(FIGURE_8.reason).toContain('n3 was the first to know entry 25 to be committed, at 6.128705 s.');
    expect(FIGURE_8.story.at(-1)).toMatchObject({ kind: 'violation', at: FIGURE_8.complaint!.at });
    expect(FIGURE_8.reason.at(-1)).toContain('Clients could not see it so far');
  });
});

it('counts the votes of a term with two leaders', () => {
  expect(explained('vote-not-synced', 2).reason[0]).toBe(
    "Votes in term 4, beside the candidates' own: n3 for n1 (heard at 2.747518 s), n2 for n3 (heard at 3.329385 s).",
  );
});

it('says who gave the stale answer, and who was farther', () => {
  expect(STALE.reason).toContain(
    'n3 answered it as follower of term 1, having applied entries up to 148; n1 had applied up to 187.',
  );
});

it('looks at where a node came to a halt, not at the end where that was seen', () => {
  const { focus, complaint, reason, view } = explained('inflight-bytes-never-reset', 1);
  expect(reason[0]).toBe('n1 applies entries up to 319, and none after that, at 4.320979 s.');
  expect(complaint!.at).toBeGreaterThan(8e9);
  expect(focus[0]).toBe(focus[1]);
  expect(view[0] < focus[0] && focus[1] < view[1] && view[1] < 5e9).toBe(true);
});

it('shows what a session was told before, and by whom', () => {
  const { operations, reason } = explained('read-index-before-commit', 1);
  expect(operations.part.filter((part) => part === INVOLVED)).toHaveLength(1);
  expect(reason.slice(1, 3)).toEqual([
    'Its client had been told the newer one by the put of session 47 (2913.945–2995.129 ms): revision 342, then revision 341.',
    'n1 answered it as leader of term 4, having applied entries up to 341; n2 had applied up to 344.',
  ]);
});

it('marks the request that took effect twice', () => {
  const { operations, reason } = explained('retry-applied-twice', 1);
  const at = operations.part.indexOf(NAMED);
  expect([operations.session[at], operations.sequence[at]]).toEqual([14, 27]);
  expect(reason[0]).toContain('took effect at entry 396 and again at 472');
});

it('has a demand in words for every check', () => {
  const settings = { nodes: 3, keys: { count: 1, indexOf: () => 0, preloaded: () => 0 }, progressBoundNs: 1 };
  const names = CHECKERS.map((make) => make(() => undefined, settings).name);
  expect(CHECKS_EXPLAINED).toEqual(expect.arrayContaining(names));
});

describe('the page', () => {
  const html = renderExplanation(STALE);

  it('is the same for the same run', () => {
    expect(renderExplanation(explained('read-index-context-reused', 2))).toBe(html);
  });

  it('loads nothing', () => {
    expect(html.match(/https?:/g)).toBeNull();
    expect(html).not.toMatch(/<(?:link|img|iframe)\b|\bsrc=|\bimport\(|\bfetch\(|url\(/);
    expect(html).toContain('default-src &#39;none&#39;');
  });

  it('keeps what it was given from ending the script', () => {
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).toContain('To test &lt;/script&gt;.');
  });

  it('says what was violated and how to see it again', () => {
    expect(html).toContain('128 of 181 operations on key 0 can be put in order');
    expect(html).toContain('<pre class="command" id="line-run">raftlab run x</pre>');
  });

  it('has a script that parses', () => {
    expect(() => new Function(SCRIPT)).not.toThrow();
  });
});

describe('the address', () => {
  interface State {
    view: number[];
    hide: Set<string>;
    off: Set<string>;
    pick: string;
    allKeys: boolean;
  }
  const page = {
    view: [2e9, 3e9],
    window: [1e9, 4e9],
    kinds: ['append', 'vote'],
    lanes: ['n1', 'n2', 'clients'],
    messages: 10,
    operations: 5,
    theKey: 7,
    pick: -1,
  };
  const { parse, format } = new Function(`${STATE_SCRIPT}; return { parse: parseState, format: formatState };`)() as {
    parse: (hash: string, page: object) => State;
    format: (state: State, page: object) => string;
  };

  it('comes back as it was', () => {
    const hash = '#from=1.500000000&to=1.750000001&hide=vote&off=n2,clients&pick=m9&keys=all';
    const state = parse(hash, page);
    expect(state.view).toEqual([1500000000, 1750000001]);
    expect(format(state, page)).toBe(hash);
  });

  it.each([
    ['', 'nothing'],
    ['#from=abc&to=2', 'not a number'],
    ['#from=3&to=2', 'the wrong way round'],
    ['#from=7&to=9', 'outside'],
    ['#hide=unheard,of&off=n9&pick=m10&keys=no&=&&', 'unknown names'],
    ['#pick=o5', 'an operation that is not there'],
    ['#off=n1,n2,clients', 'no lane left'],
  ])('%s (%s) is as if it were not there', (hash) => {
    const state = parse(hash, page);
    expect(state).toEqual({ view: [2e9, 3e9], hide: new Set(), off: new Set(), pick: '', allKeys: false });
  });

  it('stays within what is there, and picks what is in question unless told otherwise', () => {
    expect(parse('#from=0.5&to=1.5', page).view).toEqual([1e9, 2e9]);
    expect(parse('', { ...page, pick: 3 }).pick).toBe('o3');
    expect(parse('#pick=', { ...page, pick: 3 }).pick).toBe('');
  });
});
