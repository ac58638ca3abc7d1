/** What the recorder keeps: that it changes nothing, forgets the oldest, and remembers what happened. */
import { describe, expect, it } from 'vitest';
import { createRun } from '../../sim/cluster.ts';
import { Bins } from '../../sim/replay/bins.ts';
import { DELIVERED, ENDED_AT, FATE, FROM, LOST, SENT_AT, TO } from '../../sim/replay/message-log.ts';
import { CHANGED_AT, CHANGED_NODE, CHANGED_ROLE, DOWN } from '../../sim/replay/node-log.ts';
import { Recorder } from '../../sim/replay/recorder.ts';
import { Rows } from '../../sim/replay/rows.ts';
import { subjectOf } from '../../sim/replay/subject.ts';
import type { RunResult } from '../../sim/result.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { museumSpec } from './museum.ts';

function recorded(spec: RunSpec, window?: { from: number; to: number }): { recorder: Recorder; result: RunResult } {
  const recorder = new Recorder(spec, window);
  while (recorder.run.advance(100_000));
  const result = recorder.run.finish();
  recorder.close();
  return { recorder, result };
}

describe('rows', () => {
  it('grow to their bound, then the newest take the place of the oldest', () => {
    const rows = new Rows(2, 3000);
    for (let row = 0; row < 5000; row++) {
      const at = rows.add();
      rows.values[at] = row;
      rows.values[at + 1] = -row;
    }
    expect([rows.first, rows.next, rows.values.length]).toEqual([2000, 5000, 6000]);
    expect([rows.has(1999), rows.has(2000), rows.has(4999), rows.has(5000)]).toEqual([false, true, true, false]);
    for (const row of [2000, 3456, 4999]) {
      expect(rows.values[rows.at(row)]).toBe(row);
      expect(rows.values[rows.at(row) + 1]).toBe(-row);
    }
  });
});

describe('bins', () => {
  it('keep the sum while they get wider', () => {
    const bins = new Bins(1);
    for (let second = 0; second < 100; second++) bins.add(second * 1e9, 0, second);
    expect(bins.count).toBeLessThanOrEqual(600);
    expect(bins.widthNs).toBe(256e6);
    expect(bins.lanes[0]!.reduce((sum, each) => sum + each, 0)).toBe(4950);
    expect(bins.lanes[0]![Math.floor(42e9 / 256e6)]).toBe(42);
  });
});

describe('a recorder', () => {
  const spec = museumSpec('figure-8', 1);

  it('leaves the run as it is, and sees the same twice', () => {
    const plain = createRun(spec);
    while (plain.advance(100_000));
    const { traceHash } = plain.finish();
    const first = recorded(spec);
    const second = recorded(spec);
    expect(first.result.traceHash).toBe(traceHash);
    expect(first.recorder.messages.rows.next).toBeGreaterThan(500);
    expect(second.recorder.messages.rows.values).toEqual(first.recorder.messages.rows.values);
    expect(second.recorder.nodes.changes.values).toEqual(first.recorder.nodes.changes.values);
    expect(second.recorder.disks.writes.values).toEqual(first.recorder.disks.writes.values);
  });

  it('tells what arrived from what was lost, and when nodes were down', () => {
    const { recorder, result } = recorded(spec);
    const { rows } = recorder.messages;
    const fates = new Map<number, number>();
    for (let row = 0; row < rows.next; row++) {
      const [sent, ended, fate, from, to] = [SENT_AT, ENDED_AT, FATE, FROM, TO].map(
        (field) => rows.values[rows.at(row) + field]!,
      );
      fates.set(fate!, (fates.get(fate!) ?? 0) + 1);
      expect(from).not.toBe(to);
      if (fate === DELIVERED) expect(ended).toBeGreaterThan(sent!);
    }
    expect(fates.get(DELIVERED)).toBeGreaterThan(500);
    expect(fates.get(LOST)).toBeGreaterThan(5);
    const { changes } = recorder.nodes;
    const downs: string[] = [];
    for (let row = 0; row < changes.next; row++) {
      const at = changes.at(row);
      if (changes.values[at + CHANGED_ROLE] === DOWN && changes.values[at + CHANGED_AT]! > 0)
        downs.push(`n${changes.values[at + CHANGED_NODE]! + 1} ${changes.values[at + CHANGED_AT]}`);
    }
    const crashes = result.faultWindows
      .filter(({ label }) => /^crash: n\d/.test(label))
      .map(({ label, fromNs }) => `${label.slice(7)} ${fromNs}`);
    expect(downs).toEqual(crashes);
  });

  it('counts the bytes that the disks count', () => {
    const { recorder, result } = recorded(spec);
    const sum = recorder.disks.bytes.lanes.flatMap((lane) => [...lane]).reduce((total, bytes) => total + bytes, 0);
    expect(sum).toBe(result.metrics.bytes.written);
  });

  it('keeps the messages of its window only', () => {
    const window = { from: 2e9, to: 3e9 };
    const { recorder } = recorded(spec, window);
    const { rows } = recorder.messages;
    expect(rows.next).toBeGreaterThan(50);
    for (let row = 0; row < rows.next; row++) {
      const sent = rows.values[rows.at(row) + SENT_AT]!;
      expect(sent >= window.from && sent < window.to).toBe(true);
    }
  });
});

describe('what a check names', () => {
  it.each([
    ['n1 and n3 both became leader of term 4', { nodes: [0, 2], term: 4 }],
    [
      'n1 became leader of term 25 without entry 25 of term 17, which is committed',
      { nodes: [0], entry: 25, term: 25 },
    ],
    ['n1 stopped at applied index 319, others reached 1794', { nodes: [0], applied: 319 }],
    [
      'request 27 of session 14 took effect at entry 396 and again at entry 472 (n3)',
      { nodes: [2], entry: 396, session: 14, sequence: 27 },
    ],
    ['session 47 was told revision 341 (request 11) after revision 342', { nodes: [], session: 47, sequence: 11 }],
    [
      'n1 holds another value for key 30 instead of the acknowledged write (applied at 4291)',
      { nodes: [0], key: 30, entry: 4291 },
    ],
    ['the get of session 12 (2.1–3.4 ms) cannot be placed: 1 of 2 operations on key 1', { key: 1, session: 12 }],
  ])('%s', (what, named) => {
    expect(subjectOf(what)).toMatchObject(named);
  });
});
