/** Random schedules of time-outs, deliveries, losses, crashes and membership changes; nothing unsafe may come of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ADD_LEARNER, ADD_NODE, REMOVE_NODE } from '../../sim/nodes/raft/conf-change.ts';
import { Network, type NetworkOptions } from './network.ts';

const NODES_MAX = 5;

/** [what, who, which]. Deliveries and host work are the bulk, as in life. */
const choice = fc.noBias(fc.tuple(fc.nat(999), fc.nat(NODES_MAX - 1), fc.nat(1000)));

function act(network: Network, [what, who, which]: [number, number, number], changes: boolean): void {
  const id = (who % network.machines.length) + 1;
  if (what < 420) for (let i = 0; i <= which % 3; i++) network.deliver(which * (i + 1), false);
  else if (what < 440) network.deliver(which, true);
  else if (what < 460) network.drop(which);
  else if (what < 800) network.work(id);
  else if (what < 880) network.propose(id);
  else if (what < 900) network.timeout(id, 'election');
  else if (what < 940) network.timeout(id, 'heartbeat');
  else if (what < 945) network.timeout(id, 'quorum');
  else if (what < 957) network.crash(id);
  else if (what < 980) network.compact(id);
  else if (what < 985) network.machine(id).node.transferLeader((which % network.machines.length) + 1);
  else if (changes) {
    const nodeId = (which % network.machines.length) + 1;
    // node 1 stays a voter: removing the last one ends the process, as it does in etcd
    const type = nodeId === 1 ? ADD_NODE : [ADD_NODE, REMOVE_NODE, ADD_LEARNER][Math.floor(which / 7) % 3]!;
    const other = ((which + 1) % network.machines.length) + 1;
    const single = { type, nodeId };
    if (which % 7 === 0) network.proposeConfChange(id, { version: 2, transition: 0, changes: [] });
    else if (which % 2 === 0) network.proposeConfChange(id, { version: 1, transition: 0, changes: [single] });
    else {
      const changes = [single, { type: ADD_NODE, nodeId: other }];
      network.proposeConfChange(id, { version: 2, transition: which % 3, changes });
    }
  }
}

const variants: [string, number, number, boolean, NetworkOptions][] = [
  ['3 nodes, plain', 3, 0, false, {}],
  ['3 nodes, PreVote and CheckQuorum, lazy', 3, 0, false, { preVote: true, checkQuorum: true, replication: 'lazy' }],
  ['5 nodes, small limits', 5, 0, false, { maxInflightMessages: 2, maxSizePerMsg: 20, maxUncommittedSize: 30 }],
  ['3 of 5 nodes, membership changes', 3, 2, true, { stepDownOnRemoval: true }],
  ['3 of 5 nodes, membership changes, lazy', 3, 2, true, { preVote: true, checkQuorum: true, replication: 'lazy' }],
];

describe.each(variants)('%s', (_, voters, others, changes, options) => {
  test('stays safe', () => {
    let committed = 0;
    let terms = 0;
    let snapshots = 0;
    fc.assert(
      fc.property(fc.array(choice, { minLength: 600, maxLength: 1500, size: 'max' }), (choices) => {
        const network = new Network(voters, others, options);
        network.timeout(1, 'election');
        network.settle();
        for (const one of choices) {
          act(network, one, changes);
          expect(network.violation).toBe('');
        }
        network.checkLogs();
        expect(network.violation).toBe('');
        committed += network.committed.length;
        terms += Math.max(...network.machines.map(({ node }) => node.term));
        snapshots += network.machines.filter(({ node }) => node.state.log.offset > 0).length;
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000 },
    );
    // a schedule in which nothing happens proves nothing
    expect(committed / 60).toBeGreaterThan(3);
    expect(terms / 60).toBeGreaterThan(1.5);
    expect(snapshots).toBeGreaterThan(20);
  });
});

test('after the storm, with a working network, everybody gets everything', () => {
  fc.assert(
    fc.property(
      fc.array(choice, { minLength: 100, maxLength: 500, size: 'max' }),
      fc.constantFrom('eager' as const, 'lazy' as const),
      (choices, replication) => {
        const network = new Network(3, 0, { preVote: true, checkQuorum: true, replication, maxInflightMessages: 4 });
        for (const one of choices) act(network, one, false);
        network.settle();
        // followers may still be in a lease of nobody: time-outs in turn, heartbeats for whoever leads
        for (let round = 0; round < 12; round++) {
          for (const { id, node } of network.machines) {
            if (node.isLeader) network.timeout(id, 'heartbeat');
            else if (round % 3 === id - 1 && !network.machines.some((one) => one.node.isLeader))
              network.timeout(id, 'election');
            if (round === 5) network.timeout(id, 'quorum');
            network.settle();
          }
        }
        const leader = network.machines.find(({ node }) => node.isLeader);
        expect(leader).toBeDefined();
        network.propose(leader!.id);
        network.settle();
        const mark = `p${network.proposals}`;
        for (const { applied } of network.machines) expect(applied[applied.length - 1]).toContain(mark);
        expect(network.violation).toBe('');
      },
    ),
    { numRuns: 100, interruptAfterTimeLimit: 20_000 },
  );
});
