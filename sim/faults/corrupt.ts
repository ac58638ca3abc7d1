import { disturbance } from './disturbance.ts';

/**
 * Messages come with other bytes than were sent. The reader notices, as under TLS, and resets the connection; what was
 * under way on it is lost. What nobody notices is not simulated: Raft has no defence against a lie.
 */
export const corrupt = disturbance('corrupt', 'Spoils messages: their reader resets the connection.', {
  usual: 0.01,
  drawnMax: 0.02,
});
