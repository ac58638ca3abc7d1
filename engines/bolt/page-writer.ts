/** Writes finished pages of a bulk load, many contiguous ones with one call. */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { serialise } from './node-page.ts';
import type { Nodes } from './nodes.ts';
import type { Store } from './store.ts';

const WRITE_BYTES = 262_144;

export class PageWriter {
  outcome: WriteOutcome = 'ok';
  readonly #store: Store;
  readonly #txid: number;
  readonly #out: SparseBuffer;
  /** Page at which `#out` begins, and the one behind it. */
  #from = 0;
  #next = 0;

  constructor(store: Store, txid: number, out: SparseBuffer) {
    this.#store = store;
    this.#txid = txid;
    this.#out = out.reset();
  }

  /** Gives a node its pages; returns the first, 0 if the file is full. */
  write(nodes: Nodes, node: number, bytes: number): number {
    const { space, pageSize, census, stats } = this.#store;
    const pages = Math.ceil(bytes / pageSize);
    const id = space.allocate(this.#txid, pages);
    if (id === 0) {
      this.outcome = 'no-space';
      return 0;
    }
    if (id !== this.#next) {
      this.flush();
      this.#from = id;
    }
    const out = this.#out;
    const end = out.length + pages * pageSize;
    serialise(nodes, node, id, pages - 1, out);
    out.run(0, end - out.length);
    this.#next = id + pages;
    census.change(false, nodes.isLeaf(node), pages, bytes, 1);
    stats.pageCount += pages;
    stats.dataPages += pages;
    if (out.length >= WRITE_BYTES) this.flush();
    return id;
  }

  flush(): void {
    const out = this.#out;
    const { disk, file, pageSize, stats } = this.#store;
    if (out.length > 0 && this.outcome === 'ok') {
      this.outcome = disk.write(file, this.#from * pageSize, out, 0, out.length, 'page');
      stats.writes++;
    }
    out.reset();
    this.#from = this.#next;
  }
}
