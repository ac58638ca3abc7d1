/**
 * Colours: one for each variant, category and wait, the same in every chart of a report.
 *
 * Hues follow Okabe & Ito's and Tol's palettes for colour-blind readers. Fourteen categories are more than
 * any palette can keep apart for everybody, so relatives share a hue and differ in lightness, neighbours in
 * a stack differ in both, and every chart has its table. Each colour has a partner for dark backgrounds.
 */
import { CATEGORIES } from '../sim/disk/disk.ts';
import { MESSAGE_KINDS } from '../sim/replay/message-log.ts';
import { NODE_ROLES } from '../sim/replay/node-log.ts';
import { WAITS } from '../sim/rpc.ts';

export interface Paint {
  readonly light: string;
  readonly dark: string;
}

const VARIANT_PAINTS: readonly Paint[] = [
  { light: '#1f6fb4', dark: '#5aa9e6' },
  { light: '#d4651a', dark: '#f0904d' },
  { light: '#0f8a6b', dark: '#3fc3a0' },
  { light: '#a8488f', dark: '#d987c4' },
  { light: '#8a7a12', dark: '#d3c04a' },
  { light: '#4aa3c7', dark: '#8fd3ee' },
  { light: '#b3261e', dark: '#f07f78' },
  { light: '#5c5c66', dark: '#b4b4be' },
];

const CATEGORY_PAINTS: Readonly<Record<(typeof CATEGORIES)[number], Paint>> = {
  wal: { light: '#33508f', dark: '#6d8fd6' },
  'engine-wal': { light: '#8fb4e3', dark: '#a9cbf5' },
  flush: { light: '#e6a532', dark: '#f0bd5f' },
  compaction: { light: '#bf5527', dark: '#dd7a4c' },
  page: { light: '#1f8a70', dark: '#35ab8d' },
  freelist: { light: '#8fcbb0', dark: '#a8e0c7' },
  meta: { light: '#5e6b2f', dark: '#98a85c' },
  manifest: { light: '#c9b37e', dark: '#dccb9d' },
  'value-log': { light: '#8a4f9e', dark: '#b37fc7' },
  gc: { light: '#d29ac0', dark: '#e3b6d5' },
  snapshot: { light: '#5b5b66', dark: '#9a9aa6' },
  checkpoint: { light: '#3d97ad', dark: '#67bdd2' },
  ledger: { light: '#9c2f45', dark: '#cf6579' },
  'ledger-index': { light: '#d8909d', dark: '#ebb3bd' },
  'ledger-commit': { light: '#5f1726', dark: '#a34a5c' },
  other: { light: '#b9b9b9', dark: '#6f6f78' },
  'wal-identifiers': { light: '#7a93c9', dark: '#3f5a9a' },
};

const WAIT_PAINTS: Readonly<Record<(typeof WAITS)[number], Paint>> = {
  clientQueue: { light: '#9a9aa3', dark: '#7f7f8a' },
  network: { light: '#56a5cc', dark: '#7cc3e6' },
  raftThread: { light: '#33508f', dark: '#6d8fd6' },
  walSync: { light: '#e6a532', dark: '#f0bd5f' },
  replication: { light: '#8a4f9e', dark: '#b37fc7' },
  applyQueue: { light: '#d29ac0', dark: '#e3b6d5' },
  engineCpu: { light: '#1f8a70', dark: '#35ab8d' },
  engineStall: { light: '#bf5527', dark: '#dd7a4c' },
  diskQueue: { light: '#8fcbb0', dark: '#a8e0c7' },
  retry: { light: '#5b5b66', dark: '#9a9aa6' },
};

/** Messages of a run that is explained, by what they are for; an answer is a lighter relative of what it answers. */
const MESSAGE_PAINTS: Readonly<Record<(typeof MESSAGE_KINDS)[number], Paint>> = {
  request: { light: '#0f8a6b', dark: '#3fc3a0' },
  reply: { light: '#5fb89e', dark: '#8fdcc6' },
  append: { light: '#1f6fb4', dark: '#5aa9e6' },
  ack: { light: '#7fb1dc', dark: '#9fcdf2' },
  heartbeat: { light: '#a3a3ad', dark: '#75757f' },
  vote: { light: '#d4651a', dark: '#f0904d' },
  snapshot: { light: '#8a4f9e', dark: '#b37fc7' },
  read: { light: '#8a7a12', dark: '#d3c04a' },
  other: { light: '#5c5c66', dark: '#b4b4be' },
};

const ROLE_PAINTS: Readonly<Record<(typeof NODE_ROLES)[number], Paint>> = {
  follower: { light: '#b9c6d6', dark: '#46566b' },
  candidate: { light: '#e6a532', dark: '#f0bd5f' },
  leader: { light: '#1f8a70', dark: '#35ab8d' },
  'pre-candidate': { light: '#f0cf8e', dark: '#a8853f' },
  down: { light: '#b3261e', dark: '#f07f78' },
};

/** For names that neither list has; a name of a later version still gets a colour. */
const FALLBACK: Paint = { light: '#8c8c8c', dark: '#8c8c94' };

export const CATEGORY_ORDER: readonly string[] = CATEGORIES;
export const WAIT_ORDER: readonly string[] = WAITS;

/** For parts that have no fixed list, by their rank; neighbours differ in hue and lightness. */
const PART_PAINTS: readonly Paint[] = [
  { light: '#33508f', dark: '#6d8fd6' },
  { light: '#e6a532', dark: '#f0bd5f' },
  { light: '#1f8a70', dark: '#35ab8d' },
  { light: '#d29ac0', dark: '#e3b6d5' },
  { light: '#8a4f9e', dark: '#b37fc7' },
  { light: '#8fb4e3', dark: '#a9cbf5' },
  { light: '#bf5527', dark: '#dd7a4c' },
  { light: '#8fcbb0', dark: '#a8e0c7' },
  { light: '#5e6b2f', dark: '#98a85c' },
  { light: '#c9b37e', dark: '#dccb9d' },
  { light: '#5b5b66', dark: '#9a9aa6' },
];

/** How waits are called in print. */
const WAIT_TITLES: Readonly<Record<string, string>> = {
  clientQueue: 'client queue',
  network: 'network',
  raftThread: 'raft thread',
  walSync: 'WAL sync',
  replication: 'replication',
  applyQueue: 'apply queue',
  engineCpu: 'engine CPU',
  engineStall: 'engine stall',
  diskQueue: 'disk queue',
  retry: 'retry',
};

/** In the order of their numbers. */
export const messagePaints = (): readonly Paint[] => MESSAGE_KINDS.map((kind) => MESSAGE_PAINTS[kind]);
export const rolePaints = (): readonly Paint[] => NODE_ROLES.map((role) => ROLE_PAINTS[role]);
/** Puts, gets, deletes, ranges. */
export const operationPaints = (): readonly Paint[] => [
  MESSAGE_PAINTS.append,
  MESSAGE_PAINTS.request,
  MESSAGE_PAINTS.vote,
  MESSAGE_PAINTS.read,
];
/** Bytes for the Raft log, the store, snapshots: as the categories that stand for them. */
export const diskPaints = (): readonly Paint[] => [CATEGORY_PAINTS.wal, CATEGORY_PAINTS.page, CATEGORY_PAINTS.snapshot];

export const waitTitle = (wait: string): string => WAIT_TITLES[wait] ?? wait;
export const variantColour = (index: number): string => VARIANT_PAINTS[index % VARIANT_PAINTS.length]!.light;
/** The ninth variant has the first one's colour, and another dash. */
export const variantDash = (index: number): number[] =>
  DASHES[Math.floor(index / VARIANT_PAINTS.length) % DASHES.length]!;
export const categoryColour = (category: string): string => paintOf(CATEGORY_PAINTS, category).light;
export const partColour = (rank: number): string => PART_PAINTS[rank % PART_PAINTS.length]!.light;
export const waitColour = (wait: string): string => paintOf(WAIT_PAINTS, wait).light;

const DASHES: number[][] = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
];

/** Light colour → its partner on a dark background. */
export function darkPartners(): Readonly<Record<string, string>> {
  const partners: Record<string, string> = { [FALLBACK.light]: FALLBACK.dark };
  for (const paints of [VARIANT_PAINTS, Object.values(CATEGORY_PAINTS), Object.values(WAIT_PAINTS), PART_PAINTS]) {
    for (const paint of paints) partners[paint.light] = paint.dark;
  }
  return partners;
}

function paintOf(paints: Readonly<Record<string, Paint>>, name: string): Paint {
  return Object.hasOwn(paints, name) ? paints[name]! : FALLBACK;
}
