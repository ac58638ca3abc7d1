import { disturbance } from './disturbance.ts';

/**
 * Messages come after others that were sent behind them, as between etcd's stream and its pipeline, two connections to
 * one peer. One whose connection ends, or whose link is cut, while it is late does not come at all.
 */
export const reorder = disturbance('reorder', 'Delivers messages late, behind others.', { usual: 0.1, drawnMax: 0.5 });
