/** Every toxic that a scenario can name. */
import { bandwidth } from './bandwidth.ts';
import { down } from './down.ts';
import { latency } from './latency.ts';
import { limitData } from './limit-data.ts';
import { packetLoss } from './packet-loss.ts';
import { resetPeer } from './reset-peer.ts';
import { slicer } from './slicer.ts';
import { slowClose } from './slow-close.ts';
import { timeout } from './timeout.ts';
import type { ToxicDefinition } from './toxic.ts';

export const TOXICS: readonly ToxicDefinition[] = [
  latency,
  bandwidth,
  slowClose,
  timeout,
  resetPeer,
  slicer,
  limitData,
  packetLoss,
  down,
];
