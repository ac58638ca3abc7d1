/**
 * Assertions are for our own bugs. What the simulated world may do (a failed
 * write, a corrupt file, a lost message) is a return value, never an assertion.
 */

/** Thrown by `assert`: a defect in raftlab itself. The command line exits 3 on it. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Pass a constant message: an interpolated one would be built on every call of a hot path. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
