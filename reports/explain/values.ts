/** Short names for values: v1, v2 … by key, in the order in which the puts were called; v0 was there before the run. */
import { KEY, MARK, OPERATION, type OperationLog } from '../../sim/replay/operation-log.ts';
import { DELETE, PUT } from '../../sim/rpc.ts';

export class Values {
  readonly #log: OperationLog;
  readonly #preloaded: (key: number) => number;
  readonly #names = new Map<string, string>();

  constructor(log: OperationLog, preloaded: (key: number) => number) {
    this.#log = log;
    this.#preloaded = preloaded;
    const counts = new Map<number, number>();
    for (let row = 0; row < log.count; row++) {
      if (log.get(row, OPERATION) !== PUT) continue;
      const key = log.get(row, KEY);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      const name = `${key} ${log.get(row, MARK)}`;
      if (!this.#names.has(name)) this.#names.set(name, `v${count}`);
    }
  }

  /** What the operation wrote or saw. */
  nameOf(row: number): string {
    const mark = this.#log.get(row, MARK);
    const key = this.#log.get(row, KEY);
    if (key < 0) return '';
    if (mark === 0 || this.#log.get(row, OPERATION) === DELETE) return 'nothing';
    return this.#names.get(`${key} ${mark}`) ?? (mark === this.#preloaded(key) ? 'v0' : 'a value that nobody wrote');
  }
}
