import { describe, expect, test } from 'vitest';
import { MILLISECOND, SECOND } from '../../sim/clock.ts';
import { WAITS } from '../../sim/rpc.ts';
import { Bed, OK } from './bed.ts';

describe('a closed loop', () => {
  test('one client asks again when it is answered; the first question pays for the handshake', () => {
    const bed = new Bed({}, { operationsMax: 3 });
    bed.load.start();
    bed.runTo(100);
    expect(
      bed.ended.map(({ session, sequence, key, intendedMs, endMs }) => [session, sequence, key, intendedMs, endMs]),
    ).toEqual([
      [1, 1, 0, 0, 4],
      [1, 2, 1, 4, 6],
      [1, 3, 2, 6, 8],
    ]);
    expect(bed.load.counts).toMatchObject({ invoked: 3, ok: 3, failed: 0, retries: 0 });
    expect(bed.drainedMs).toBe(8);
    expect(bed.load.outstanding).toBe(0);
  });

  test('the rate limit holds over all clients', () => {
    const bed = new Bed({ clients: 10, load: { kind: 'closed', ratePerSMax: 100 } }, { operationsMax: 50 });
    bed.load.start();
    bed.runTo(2000);
    expect(bed.invoked.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, i) => i * 10));
  });

  test('stop: what is outstanding ends, nothing begins', () => {
    const bed = new Bed({ clients: 4 });
    bed.load.start();
    bed.runTo(5);
    expect(bed.load.outstanding).toBe(4);
    bed.load.stop();
    bed.runTo(100);
    expect(bed.load.outstanding).toBe(0);
    expect(bed.drainedMs).toBe(6);
    expect(bed.load.counts.invoked).toBe(8);
  });

  test('requests of one instant share a message, up to 16 KiB', () => {
    // 48 + 8 + 4040 bytes: four to a bundle.
    const bed = new Bed({ clients: 10, value: { kind: 'fixed', bytes: 4040 } }, { operationsMax: 10 }, 1);
    bed.load.start();
    bed.runTo(100);
    expect(bed.load.counts.ok).toBe(10);
    // One connection: three bundles there, three bundles of replies back.
    expect(bed.network.counters.messagesSent).toBe(6);
  });
});

describe('an open loop', () => {
  test('latency counts from the intended start, so a stall is seen by all who came in it', () => {
    // Uniform arrivals every 10 ms, two sessions, and a node that answers nothing for 100 ms.
    const bed = new Bed(
      { clients: 2, load: { kind: 'open', ratePerS: 100, arrivals: 'uniform' }, timeoutNs: 10 * SECOND },
      { operationsMax: 12 },
      1,
    );
    bed.script = (_request, _node, now) => ({ reply: {}, afterNs: Math.max(0, 100 * MILLISECOND - now) });
    bed.load.start();
    bed.runTo(1000);
    const latencies = bed.ended.map(({ intendedMs, endMs }) => endMs - intendedMs);
    // Arrivals at 10, 20 …; the first two are answered at 101; then each session takes 2 ms for one.
    expect(bed.ended.map(({ intendedMs }) => intendedMs)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
    expect(latencies).toEqual([91, 81, 73, 63, 55, 45, 37, 27, 19, 9, 2, 2]);
    const waits = bed.recorder.waits().put!;
    const queue = [0, 0, 71, 61, 53, 43, 35, 25, 17, 7, 0, 0].reduce((a, b) => a + b) / 12;
    expect(waits.clientQueue).toBeCloseTo(queue, 9);
  });

  test('arrivals beyond the bound of the queue fail', () => {
    const bed = new Bed(
      { clients: 1, load: { kind: 'open', ratePerS: 1e6, arrivals: 'uniform' }, timeoutNs: 10 * SECOND },
      {},
      1,
    );
    bed.script = () => undefined;
    bed.load.start();
    bed.runTo(200);
    expect(bed.load.counts.invoked).toBe(1);
    expect(bed.load.counts.refused).toBe(200_000 - 1 - 131_072);
    expect(bed.load.counts.failed).toBe(bed.load.counts.refused);
    expect(bed.load.outstanding).toBe(131_073);
    bed.load.stop();
    expect(bed.load.counts.abandoned).toBe(131_072);
    expect(bed.load.outstanding).toBe(1);
  });

  test('Poisson arrivals come at the rate, irregularly', () => {
    const bed = new Bed({ clients: 50, load: { kind: 'open', ratePerS: 1000, arrivals: 'poisson' } });
    bed.load.start();
    bed.runTo(10_000);
    const gaps = bed.invoked.slice(1).map(({ atMs }, i) => atMs - bed.invoked[i]!.atMs);
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(bed.invoked.length).toBeGreaterThan(9_600);
    expect(bed.invoked.length).toBeLessThan(10_400);
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.95);
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.05);
  });
});

describe('an answer that is no good', () => {
  test('not-leader with a hint: at once to the leader, and there from then on', () => {
    const bed = new Bed({}, { operationsMax: 2 });
    bed.script = (_request, node) => ({ reply: node === 2 ? { status: 'ok' } : { status: 'not-leader', leader: 2 } });
    bed.load.start();
    bed.runTo(1000);
    expect(bed.received.map(({ node, request }) => [node, request.sequence])).toEqual([
      [0, 1],
      [2, 1],
      [2, 2],
    ]);
    expect(bed.load.counts).toMatchObject({ ok: 2, retries: 1, redirections: 1 });
  });

  test('a retry is the same request under the same id, whatever made it necessary', () => {
    const bed = new Bed(
      { mix: { put: 1, get: 1, delete: 1, range: 1 } },
      { operationsMax: 200, giveUpNs: 1000 * SECOND },
    );
    let answers = 0;
    const statuses = ['unavailable', 'no-leader', 'too-many-requests', 'unknown', 'not-leader'] as const;
    bed.script = () => {
      answers++;
      if (answers % 3 === 0) return { reply: { status: 'ok' } };
      if (answers % 7 === 0) return undefined;
      return { reply: { status: statuses[answers % statuses.length]!, leader: -1 } };
    };
    bed.load.start();
    bed.runTo(400_000);
    expect(bed.load.counts).toMatchObject({ ok: 200, failed: 0, unknown: 0 });
    expect(bed.load.counts.retries).toBeGreaterThan(200);
    const byId = new Map<string, unknown>();
    for (const { request } of bed.received) {
      const id = `${request.session}/${request.sequence}`;
      const first = byId.get(id) ?? request;
      expect(request).toBe(first);
      byId.set(id, first);
    }
    expect(byId.size).toBe(200);
  });

  test('a time-out goes to the next node; the late answer to the first attempt still counts', () => {
    const bed = new Bed({}, { operationsMax: 1 });
    bed.script = (_request, node) => (node === 0 ? { reply: {}, afterNs: 1200 * MILLISECOND } : undefined);
    bed.load.start();
    bed.runTo(5000);
    // Dial 2 ms, sent at 2, at the node at 3, answered at 1203.
    expect(bed.ended).toMatchObject([{ outcome: 'ok', endMs: 1204 }]);
    expect(bed.load.counts).toMatchObject({ timeouts: 1, retries: 1 });
    expect(bed.received.map(({ node }) => node)).toEqual([0, 1]);
  });

  test('the waits of a late answer: what the node did not take counts as retry', () => {
    const bed = new Bed({}, { operationsMax: 1 });
    const waits = new Float64Array(WAITS.length);
    waits[WAITS.indexOf('walSync')] = 1150 * MILLISECOND;
    bed.script = (_request, node) => (node === 0 ? { reply: { waits }, afterNs: 1200 * MILLISECOND } : undefined);
    bed.load.start();
    bed.runTo(5000);
    const means = bed.recorder.waits().put!;
    expect([means.walSync, means.network, means.retry]).toEqual([1150, 0, 54]);
    expect(bed.load.counts.waitsExceeded).toBe(0);
  });

  test('a late refusal of an earlier attempt is ignored', () => {
    const bed = new Bed({}, { operationsMax: 1 });
    // The time-out is at 1000, the second attempt some 100 ms later, its answer at 1500, the refusal at 1301.
    bed.script = (_request, node, now) =>
      node === 0
        ? { reply: { status: 'not-leader', leader: 2 }, afterNs: 1300 * MILLISECOND - now }
        : { reply: {}, afterNs: 1500 * MILLISECOND - now };
    bed.load.start();
    bed.runTo(5000);
    expect(bed.received.map(({ node }) => node)).toEqual([0, 1]);
    expect(bed.ended).toMatchObject([{ outcome: 'ok', endMs: 1501 }]);
    expect(bed.load.counts).toMatchObject({ staleReplies: 1, redirections: 0, retries: 1 });
  });

  test('a write without an answer is unknown in the end, and the client goes on as somebody else', () => {
    const bed = new Bed({ clients: 2 }, { operationsMax: 4 });
    bed.script = (request) => (request.session === 1 ? undefined : { reply: {} });
    bed.load.start();
    bed.runTo(60_000);
    const one = bed.ended.filter(({ session }) => session % 2 === 1);
    expect(one.map(({ session, sequence, outcome }) => [session, sequence, outcome])).toEqual([[1, 1, 'unknown']]);
    expect(bed.load.counts).toMatchObject({ unknown: 1, ok: 3, failed: 0 });
    // No attempt begins after four time-outs, and the last one has its own.
    expect(one[0]!.endMs).toBeLessThanOrEqual(5000);
    const again = new Bed({ clients: 2 });
    again.script = bed.script;
    again.load.start();
    again.runTo(5500);
    expect(again.invoked.find(({ session }) => session === 3)).toMatchObject({ sequence: 1 });
  });

  test('a read without an answer failed; a write that every node refused failed', () => {
    const read = new Bed({ mix: { put: 0, get: 1, delete: 0, range: 0 } }, { operationsMax: 1 });
    read.script = () => undefined;
    const refused = new Bed({}, { operationsMax: 1 });
    refused.script = () => ({ reply: { status: 'no-leader', leader: -1 } });
    const full = new Bed({}, { operationsMax: 1 });
    full.script = () => ({ reply: { status: 'no-space' } });
    for (const bed of [read, refused, full]) {
      bed.load.start();
      bed.runTo(60_000);
      expect(bed.ended).toMatchObject([{ outcome: 'failed', sequence: 1 }]);
      expect(bed.drainedMs).toBeDefined();
    }
    expect(refused.received.length).toBeGreaterThan(4);
    expect(full.received.length).toBe(1);
  });

  test('back-off doubles up to its maximum, each half of it drawn', () => {
    const bed = new Bed(
      { backoff: { initialNs: 100 * MILLISECOND, maxNs: 400 * MILLISECOND } },
      { operationsMax: 1 },
      1,
    );
    bed.script = () => ({ reply: { status: 'too-many-requests' } });
    bed.load.start();
    bed.runTo(60_000);
    // Between two attempts: the answer's 1 ms, the back-off, the question's 1 ms.
    const gaps = bed.received.slice(1).map(({ atMs }, i) => atMs - bed.received[i]!.atMs - 2);
    const bounds = [100, 200, 400, 400, 400, 400];
    for (const [i, bound] of bounds.entries()) {
      expect(gaps[i]).toBeGreaterThanOrEqual(bound / 2);
      expect(gaps[i]).toBeLessThan(bound);
    }
    expect(new Set(gaps).size).toBe(gaps.length);
  });
});

describe('a node that goes away', () => {
  test('a crash: its clients go elsewhere, and come back when the others fail', () => {
    const bed = new Bed({ clients: 3 });
    bed.load.start();
    bed.runTo(100);
    bed.network.resetMachine(1);
    bed.runTo(2000);
    expect(bed.load.counts.connectionsLost).toBe(1);
    expect(bed.load.counts).toMatchObject({ failed: 0, unknown: 0 });
    const late = bed.received.filter(({ atMs }) => atMs > 1000);
    expect(new Set(late.map(({ node }) => node))).toEqual(new Set([0, 2]));
  });

  test('all nodes gone: operations end, and go on when one is back', () => {
    const bed = new Bed({ clients: 3 });
    bed.load.start();
    bed.runTo(100);
    for (const node of [0, 1, 2]) bed.network.resetMachine(node);
    bed.runTo(10_000);
    expect(bed.load.counts.failed + bed.load.counts.unknown).toBeGreaterThanOrEqual(3);
    // Three nodes, a back-off of 100 ms that doubles up to 1 s: some 13 dials each in 10 s.
    expect(bed.network.counters.dials).toBeLessThan(3 * 16);
    expect(bed.network.counters.dials).toBeGreaterThan(3 * 5);
    const before = bed.load.counts.ok;
    bed.listen(1);
    bed.runTo(15_000);
    expect(bed.load.counts.ok).toBeGreaterThan(before + 1000);
  });

  test('target all: each client stays at its own node', () => {
    const bed = new Bed({ clients: 6, target: 'all' });
    bed.load.start();
    bed.runTo(100);
    for (const { node, request } of bed.received) expect(node).toBe((request.session - 1) % 3);
  });
});

test('the waits add up to the latency, through time-outs and retries', () => {
  const bed = new Bed({ clients: 5, mix: { put: 1, get: 1, delete: 0, range: 0 } }, { operationsMax: 500 });
  let answers = 0;
  bed.script = () => {
    answers++;
    if (answers % 11 === 0) return undefined;
    if (answers % 5 === 0) return { reply: { status: 'unavailable' } };
    const waits = new Float64Array(WAITS.length);
    waits[WAITS.indexOf('walSync')] = 3 * MILLISECOND;
    waits[WAITS.indexOf('applyQueue')] = MILLISECOND;
    return { reply: { waits }, afterNs: (answers % 13 === 0 ? 1500 : 4) * MILLISECOND };
  };
  bed.load.start();
  bed.runTo(1_000_000);
  const summaries = bed.recorder.summaries();
  for (const [operation, waits] of Object.entries(bed.recorder.waits())) {
    const sum = WAITS.reduce((total, wait) => total + waits[wait]!, 0);
    expect(sum).toBeCloseTo(summaries[operation]!.mean, 6);
    expect(waits.walSync).toBeCloseTo(3, 9);
    expect(waits.retry).toBeGreaterThan(1);
    expect(waits.network).toBeGreaterThan(2);
  }
  expect(Object.keys(summaries)).toEqual(['put', 'get']);
  expect(bed.load.counts.waitsExceeded).toBe(0);
});

test('the k-th operation is the same whatever the nodes do', () => {
  const spec = {
    clients: 4,
    mix: { put: 2, get: 1, delete: 1, range: 1 },
    keys: { order: 'zipfian', count: 1000, bytes: 8, zipfianExponent: 0.99 },
  } as const;
  const fast = new Bed(spec, { operationsMax: 300 });
  const slow = new Bed(spec, { operationsMax: 300 });
  let answers = 0;
  slow.script = (request, node, now) => {
    answers++;
    return answers % 4 === 0
      ? { reply: { status: 'unavailable' } }
      : { ...OK(request, node, now)!, afterNs: answers * 1000 };
  };
  for (const bed of [fast, slow]) {
    bed.load.start();
    bed.runTo(1_000_000);
  }
  const ops = (bed: Bed): unknown[] => bed.invoked.map(({ operation, key }) => [operation, key]);
  expect(ops(slow)).toEqual(ops(fast));
  expect(fast.invoked.length).toBe(300);
});
