/** The registry of state machines: adding one is its file and one line here. */
import { MvccStateMachine } from './mvcc.ts';
import { RawStateMachine } from './raw.ts';
import type { StateMachineDefinition } from './state-machine.ts';

export const STATE_MACHINES: readonly StateMachineDefinition[] = [
  {
    name: 'raw',
    tables: ['key', 'meta'],
    create: (engine, work, _shared, bugs) => new RawStateMachine(engine, work, bugs),
  },
  {
    name: 'mvcc',
    // etcd's buckets; those after the second stay empty so far
    tables: [
      'key',
      'meta',
      'lease',
      'alarm',
      'cluster',
      'members',
      'members_removed',
      'auth',
      'authUsers',
      'authRoles',
    ],
    create: (engine, work, shared, bugs) => new MvccStateMachine(engine, work, shared, bugs),
  },
];

export function findStateMachine(name: string): StateMachineDefinition | undefined {
  return STATE_MACHINES.find((machine) => machine.name === name);
}
