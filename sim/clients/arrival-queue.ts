/** Numbers, none negative, first in, first out, in a ring that grows up to a limit. */
export class ArrivalQueue {
  readonly #limit: number;
  #ring: Float64Array<ArrayBuffer>;
  #first = 0;
  length = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#ring = new Float64Array(Math.min(limit, 16));
  }

  /** False if it is full. */
  push(item: number): boolean {
    if (this.length === this.#limit) return false;
    if (this.length === this.#ring.length) this.#grow();
    let at = this.#first + this.length;
    if (at >= this.#ring.length) at -= this.#ring.length;
    this.#ring[at] = item;
    this.length++;
    return true;
  }

  /** −1 if it is empty. */
  shift(): number {
    if (this.length === 0) return -1;
    const item = this.#ring[this.#first]!;
    this.#first++;
    if (this.#first === this.#ring.length) this.#first = 0;
    this.length--;
    return item;
  }

  clear(): void {
    this.length = 0;
  }

  #grow(): void {
    const ring = new Float64Array(Math.min(this.#limit, this.#ring.length * 2));
    for (let i = 0; i < this.length; i++) ring[i] = this.#ring[(this.#first + i) % this.#ring.length]!;
    this.#ring = ring;
    this.#first = 0;
  }
}
