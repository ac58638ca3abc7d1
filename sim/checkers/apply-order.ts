/**
 * State-machine safety, second half: every replica applies the same entries in the same order,
 * none left out, none twice. Each replica rolls a hash over what it applies; at equal index the
 * hashes must be equal, also after a restart and after a snapshot.
 *
 * Does not check what applying did to the engine: the final comparison of replicas does. Hashes of
 * indices further than 2^17 behind the newest are forgotten and not compared; a replica that lags more usually gets a
 * snapshot, whose hash is.
 */
import type { Checker, Report } from './checker.ts';

/** As many as `entry-window.ts` keeps. */
const WINDOW = 1 << 17;

export class ApplyOrder implements Checker {
  readonly name = 'apply-order';
  readonly #report: Report;
  #hashes = new Float64Array(1024);
  #indices = new Float64Array(1024);
  readonly #applied: number[];

  constructor(report: Report, nodes: number) {
    this.#report = report;
    this.#applied = new Array(nodes).fill(0);
  }

  onApply(node: number, index: number, hash: number): void {
    if (index !== this.#applied[node]! + 1) {
      this.#report(this.name, `n${node + 1} applied entry ${index} after entry ${this.#applied[node]}`);
    }
    this.#applied[node] = index;
    this.#compare(node, index, hash);
  }

  onRestore(node: number, index: number, hash: number): void {
    this.#applied[node] = index;
    this.#compare(node, index, hash);
  }

  onRestart(node: number, appliedIndex: number): void {
    this.#applied[node] = appliedIndex;
  }

  #compare(node: number, index: number, hash: number): void {
    let slot = index & (this.#hashes.length - 1);
    const held = this.#indices[slot]!;
    if (held === index) {
      if (this.#hashes[slot] !== hash) {
        this.#report(
          this.name,
          `n${node + 1} has applied a different sequence up to entry ${index} than another replica`,
        );
      }
      return;
    }
    if (held > index) return; // fallen out of the window
    if (held !== 0 && this.#hashes.length < WINDOW && index - held <= this.#hashes.length * 2) {
      this.#double();
      slot = index & (this.#hashes.length - 1);
    }
    this.#indices[slot] = index;
    this.#hashes[slot] = hash;
  }

  #double(): void {
    const size = this.#hashes.length * 2;
    const hashes = new Float64Array(size);
    const indices = new Float64Array(size);
    for (let slot = 0; slot < this.#indices.length; slot++) {
      const index = this.#indices[slot]!;
      indices[index & (size - 1)] = index;
      hashes[index & (size - 1)] = this.#hashes[slot]!;
    }
    this.#hashes = hashes;
    this.#indices = indices;
  }
}
