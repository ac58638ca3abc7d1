/** Bounds that several parts of a scenario share, in base units. */
export const MILLISECOND = 1e6;
export const SECOND = 1e9;
export const HOUR = 3600 * SECOND;
export const DAY = 24 * HOUR;
/** No run lasts longer. */
export const RUN_MAX = 90 * DAY;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const TIB = 1024 * 1024 * MIB;
