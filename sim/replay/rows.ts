/**
 * Rows of numbers, the last so many: memory grows up to the bound, and then each new row takes the place of the oldest.
 * A row is named by its number since the beginning.
 */
const INITIAL_ROWS = 1024;

export class Rows {
  values: Float64Array;
  /** Number of the next row. */
  next = 0;
  readonly fields: number;
  readonly #rowsMax: number;
  #rows: number;

  constructor(fields: number, rowsMax: number) {
    this.fields = fields;
    this.#rowsMax = rowsMax;
    this.#rows = Math.min(INITIAL_ROWS, rowsMax);
    this.values = new Float64Array(this.#rows * fields);
  }

  /** Number of the oldest row that is still there. */
  get first(): number {
    return Math.max(0, this.next - this.#rowsMax);
  }

  /** Where its fields begin in `values`, all 0. */
  add(): number {
    if (this.next === this.#rows && this.#rows < this.#rowsMax) this.#grow();
    const at = this.at(this.next++);
    this.values.fill(0, at, at + this.fields);
    return at;
  }

  has(row: number): boolean {
    return row >= this.first && row < this.next;
  }

  at(row: number): number {
    return (row % this.#rows) * this.fields;
  }

  #grow(): void {
    this.#rows = Math.min(this.#rows * 2, this.#rowsMax);
    const values = new Float64Array(this.#rows * this.fields);
    values.set(this.values);
    this.values = values;
  }
}
