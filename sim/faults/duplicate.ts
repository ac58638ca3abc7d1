import { disturbance } from './disturbance.ts';

/**
 * Messages come twice: at once, and again after a while. What a sender does that repeats itself over another connection
 * because it has not been answered. Raft must bear it, and sessions must see to it that a write takes effect once.
 */
export const duplicate = disturbance('duplicate', 'Delivers messages twice.', { usual: 0.1, drawnMax: 0.5 });
