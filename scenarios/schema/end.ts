/** `end`: when the clients stop, and what is due then. */
import { LIVENESSES } from '../../sim/run-spec.ts';
import { choice, fields, quantity, wholeNumber } from '../fields.ts';
import { DAY, MILLISECOND, RUN_MAX } from './bounds.ts';

export const endSchema = () =>
  fields(
    {
      after: quantity(
        'duration',
        MILLISECOND,
        RUN_MAX,
        'The clients stop after this much virtual time; 10s if neither bound is given.',
      ).optional(),
      operations: wholeNumber(1, 1e12, 'The clients stop after so many operations.').optional(),
      settle: quantity(
        'duration',
        MILLISECOND,
        DAY,
        'Time for all replicas to agree once the clients have stopped and the faults are lifted.',
      ).prefault('5s'),
      liveness: choice(
        LIVENESSES,
        'Who is healed when the clients have stopped: all nodes, or a majority of them, with the others left as they are.',
      ).prefault('all'),
      events: wholeNumber(1, 8e9, 'A run that has not ended after so many events is stopped.').prefault(2_000_000_000),
    },
    'When the clients stop: at whichever bound comes first.',
  );
