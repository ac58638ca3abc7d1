/**
 * Exactly once: a request that is sent again, and stands in the log twice, takes effect once. On every replica a
 * request (session, sequence) takes effect at one and the same index, also when a restart applies the log again.
 *
 * Remembers the last 4 requests of each session: retries follow closely, a session has one request outstanding. Does
 * not check that a request takes effect at all, nor what its effect is.
 */
import type { Checker, Report } from './checker.ts';

const REMEMBERED = 4;
/** Sessions are clients, and one more for each request of unknown outcome. Those beyond are not checked. */
const SESSIONS_MAX = 1_000_000;

export class ExactlyOnce implements Checker {
  readonly name = 'exactly-once';
  readonly #report: Report;
  /** Its first place in the arrays. */
  readonly #sessions = new Map<number, number>();
  #sequences = new Float64Array(REMEMBERED * 64);
  #indices = new Float64Array(REMEMBERED * 64);

  constructor(report: Report) {
    this.#report = report;
  }

  onEffect(node: number, index: number, session: number, sequence: number): void {
    const at = this.#place(session) + (sequence % REMEMBERED);
    if (at < 0) return;
    if (this.#sequences[at] !== sequence) {
      // an older one, applied by a replica that lags behind, must not displace a newer one
      if (this.#sequences[at]! > sequence) return;
      this.#sequences[at] = sequence;
      this.#indices[at] = index;
    } else if (this.#indices[at] !== index) {
      const request = `request ${sequence} of session ${session}`;
      this.#report(
        this.name,
        `${request} took effect at entry ${this.#indices[at]} and again at entry ${index} (n${node + 1})`,
      );
    }
  }

  /** −REMEMBERED where it is full. */
  #place(session: number): number {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    if (this.#sessions.size === SESSIONS_MAX) return -REMEMBERED;
    const place = this.#sessions.size * REMEMBERED;
    this.#sessions.set(session, place);
    if (place === this.#sequences.length) {
      this.#sequences = doubled(this.#sequences);
      this.#indices = doubled(this.#indices);
    }
    return place;
  }
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
