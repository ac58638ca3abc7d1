/** Histories in each form, and what is said of texts that are none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHistory } from '../../sim/linearizability/formats/index.ts';
import { describeOperation, NEVER_RETURNED, type Operation } from '../../sim/linearizability/history.ts';

function writeJsonLine(operation: Operation): string {
  const { process, key, kind, argument, replacement, result, calledAt, returnedAt } = operation;
  const returned = returnedAt === NEVER_RETURNED ? undefined : returnedAt;
  return JSON.stringify({ process, key, kind, argument, replacement, result, called: calledAt, returned });
}

function shown(text: string): string[] {
  const reading = readHistory(text);
  if ('problem' in reading) return [`line ${reading.problem.line}: ${reading.problem.text}`];
  return reading.history.map((operation) => {
    const key = operation.key === '' ? '' : `${operation.key}: `;
    return `${key}${describeOperation(operation)} @${operation.callLine}–${operation.returnLine}`;
  });
}

const log = (...events: string[]): string =>
  events.map((event) => `INFO  jepsen.util - ${event.split(' ').join('\t')}`).join('\n');

describe('histories', () => {
  it('in a log of Jepsen', () => {
    const text = `${log('0 :invoke :read nil', '1 :invoke :cas [3 0]')}
INFO  jepsen.core - something else
${log('0 :ok :read 3', '1 :fail :cas [3 0]', '2 :invoke :write 4', '2 :info :write :timed-out', '3 :invoke :read nil', '3 :fail :read :timed-out')}`.replaceAll(
      '[3\t0]',
      '[3 0]',
    );
    expect(shown(text)).toEqual([
      'process 0 read → "3" @1–4',
      'process 1 cas "3" "0" → fail @2–5',
      'process 2 write "4" (outcome unknown) @6–7',
    ]);
  });

  it('in EDN, line by line, keys beside the values', () => {
    const text = `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}
{:process 1, :type :invoke, :f :get, :key "0", :value nil}
{:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}
{:process 1, :type :ok, :f :get, :key "0", :value ""} ; a comment`;
    expect(shown(text)).toEqual(['0: process 0 append "x 0 0 y" @1–3', '0: process 1 get → "" @2–4']);
  });

  it('in EDN, one vector, keys within the values, a nemesis in between', () => {
    const text = `[{:type :invoke, :f :write, :value [7 1], :process 0, :time 12}
 {:type :info, :f :start, :value nil, :process :nemesis}
 #jepsen.history.Op{:type :invoke, :f :cas, :value [7 [1 2]], :process 1}
 {:type :ok, :f :write, :value [7 1], :process 0}
 {:type :ok, :f :cas, :value [7 [1 2]], :process 1}]`;
    expect(shown(text)).toEqual(['7: process 0 write "1" @1–4', '7: process 1 cas "1" "2" → ok @3–5']);
  });

  it('in our own form', () => {
    const text = `{"process":1,"key":"k","kind":"write","argument":"x","called":5,"returned":9}
{"process":2,"key":"k","kind":"write","argument":"y","called":6}

{"process":3,"key":"k","kind":"read","result":"x","called":7,"returned":8}
{"process":4,"key":"k","kind":"read","called":7}`;
    expect(shown(text)).toEqual([
      'k: process 1 write "x" @1–1',
      'k: process 2 write "y" (outcome unknown) @2–2',
      'k: process 3 read → "x" @4–4',
    ]);
  });

  it('in our own form, written and read again', () => {
    const arbitrary = fc.array(
      fc.record({ key: fc.string(), argument: fc.string(), calledAt: fc.nat(), duration: fc.option(fc.nat()) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const operations: Operation[] = drawn
          .map(({ duration, ...fields }, i) => ({
            ...fields,
            process: `${i}`,
            kind: 'write',
            replacement: undefined,
            result: undefined,
            returnedAt: duration === null ? NEVER_RETURNED : fields.calledAt + duration,
            callLine: 0,
            returnLine: 0,
          }))
          .sort((a, b) => a.calledAt - b.calledAt);
        const reading = readHistory(operations.map(writeJsonLine).join('\n'));
        expect(
          'history' in reading && reading.history.map((each) => ({ ...each, callLine: 0, returnLine: 0 })),
        ).toEqual(operations);
      }),
      { numRuns: 200 },
    );
  });
});

describe('texts that are no history', () => {
  const cas = '{:process 1, :type :invoke, :f :cas, :value 3}';
  it.each([
    ['', /^line 1: is no history in a known form: jepsen-log .*json-lines.*jepsen-edn/],
    ['hello\nworld', /^line 1: is no history/],
    ['{"process":1', /^line 1: is not JSON/],
    ['{"process":1,"called":2}', /^line 1: "kind" is missing/],
    ['{"kind":"read","called":2}', /^line 1: "process" is missing/],
    ['{"process":1,"kind":"read"}', /^line 1: "called" is missing/],
    ['{"process":1,"kind":"write","called":5,"returned":4}', /^line 1: returned before it was called/],
    ['{"process":1,"kind":"cas","called":5,"returned":6}', /^line 1: the "result" of a cas/],
    [
      '{"process":1,"kind":"write","called":5,"returned":9}\n{"process":1,"kind":"write","called":8,"returned":9}',
      /^line 2: process 1 is called before it returned from line 1/,
    ],
    ['{"process":1,"kind":"read","called":5}', /^line 1: has no operations/],
    [log('0 :ok :read 3'), /^line 1: process 0 ends read, which it has not begun/],
    [log('0 :invoke :read nil', '0 :invoke :read nil'), /^line 2: process 0 begins read before the end of .* line 1/],
    [log('0 :invoke :read nil', '0 :ok :write 3'), /^line 2: process 0 ends write, but began read on line 1/],
    [log('0 :invoke :read nil', '0 :maybe :read 3'), /^line 2: "maybe" is no type of event/],
    [log('0 :invoke :cas 3'), /^line 1: a cas takes a vector of two values/],
    [cas, /^line 1: a cas takes a vector of two values/],
    ['{:process 0, :type :invoke}', /^line 1: an event without :f/],
    ['{:process 0, :type :invoke, :f', /^line 1: "}" is missing/],
    ['{:process 0, :type :invoke, :f :read, :value "abc}', /^line 1: a text without its closing quote/],
    ['{:process 0 :type}', /^line 1: a map with a key that has no value/],
    ['{:process 0, :type :invoke, :f :read}\n]', /^line 2: "]" closes nothing/],
    ['[{:process 0, :type :invoke, :f :read}\n 17]', /^line 2: an event is a map/],
  ])('%j', (text, expected) => {
    expect(shown(text)).toHaveLength(1);
    expect(shown(text)[0]).toMatch(expected);
  });

  it('whatever they are, get an answer and no exception', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':type',
      ':invoke',
      ' ',
      '\n',
      '#',
      '#_',
      ';',
      '\\',
      '1',
      'nil',
      ':f',
      '{"kind":',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(shown(`{:process 0 ${pieces.join('')}`).length).toBeGreaterThan(0);
        shown(pieces.join(''));
      }),
      { numRuns: 2000 },
    );
  });
});
