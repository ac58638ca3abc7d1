/**
 * What clients saw: operations on named objects, each with the moment of its call and of its return.
 *
 * Moments are positions in the record, so that "returned before the other was called" is a comparison of two integers.
 */

/** The operation may take effect at any moment from its call on, or never. */
export const NEVER_RETURNED = Number.MAX_SAFE_INTEGER;

/** Nothing: a register that was never written, or the result of an operation that gives none. */
export type Datum = string | undefined;

export interface Operation {
  readonly process: string;
  /** The object: operations on different ones are checked apart. '' where there is but one. */
  readonly key: string;
  /** As the model names it: read, write, cas, get, put, append, delete. */
  readonly kind: string;
  /** What it was called with: the value written or appended; for cas the value expected. */
  readonly argument: Datum;
  /** Cas: the value to be set. */
  readonly replacement?: Datum;
  /** What it returned: the value read; for cas 'ok' or 'fail'. Only for operations that returned. */
  readonly result: Datum;
  readonly calledAt: number;
  /** `NEVER_RETURNED`: its outcome is unknown. */
  readonly returnedAt: number;
  /** Lines of the file for people; 0 where there is none. */
  readonly callLine: number;
  readonly returnLine: number;
}

/** In the order of their calls. Reads of unknown result and operations that had no effect are left out. */
export type History = readonly Operation[];

export function describeOperation(operation: Operation): string {
  const { process, kind, argument, replacement, result, returnedAt } = operation;
  const shown = (datum: Datum): string => (datum === undefined ? 'nil' : JSON.stringify(datum));
  const given = [argument, replacement].filter((datum) => datum !== undefined).map(shown);
  const call = `process ${process} ${[kind, ...given].join(' ')}`;
  if (returnedAt === NEVER_RETURNED) return `${call} (outcome unknown)`;
  const isRead = argument === undefined && kind !== 'delete' && kind !== 'write' && kind !== 'put';
  if (kind === 'cas') return `${call} → ${result}`;
  return isRead ? `${call} → ${shown(result)}` : call;
}
