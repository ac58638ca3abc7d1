/** Virtual time and its units: integer nanoseconds in a double, exact up to 2^53 ns = 104 days. */

/** A point in virtual time, ns since the start of the run. */
export type Time = number;
/** A length of virtual time, ns. */
export type Duration = number;

export const MICROSECOND: Duration = 1_000;
export const MILLISECOND: Duration = 1_000_000;
export const SECOND: Duration = 1_000_000_000;
/** What a component that may not move time sees of it. */
export interface Clock {
  readonly now: Time;
}
/** For builds and tests in which nothing waits for a time. */
export const STOPPED_CLOCK: Clock = { now: 0 };

/** The largest time that is still an exact integer; later than anything a run can reach. */
export const NEVER: Time = Number.MAX_SAFE_INTEGER;
