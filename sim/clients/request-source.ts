/**
 * What the operations of a run are: the k-th is the same kind, key and size whatever the cluster does,
 * because each aspect is drawn from a stream of its own, in the order in which operations begin.
 */
import type { Rng } from '../rng.ts';
import { type ClientRequest, DELETE, GET, OPERATIONS, PUT, RANGE } from '../rpc.ts';
import type { WorkloadSpec } from '../run-spec.ts';
import { type KeyOrder, keyOrder } from './key-orders.ts';
import { encodeKey } from './keys.ts';
import { ValueSource } from './values.ts';

export class RequestSource {
  /** Of the request made last. */
  keyIndex = 0;
  readonly #spec: WorkloadSpec;
  readonly #mixRng: Rng;
  readonly #keys: KeyOrder;
  readonly #values: ValueSource;
  /** Element i: the sum of the weights of operations 0 … i. */
  readonly #mixLimits: readonly number[];

  constructor(spec: WorkloadSpec, rng: Rng) {
    this.#spec = spec;
    this.#mixRng = rng.fork('mix');
    this.#keys = keyOrder(spec.keys, spec.preloadKeys, rng.fork('keys'));
    this.#values = new ValueSource(spec.value, rng.fork('values'));
    let sum = 0;
    this.#mixLimits = OPERATIONS.map((name) => {
      sum += spec.mix[name];
      return sum;
    });
  }

  /** The next operation, for whoever has time for it. */
  next(session: number, sequence: number): ClientRequest {
    const spec = this.#spec;
    const operation = this.#drawOperation();
    const index = this.#keys.next(operation);
    this.keyIndex = index;
    const isRange = operation === RANGE;
    return {
      kind: 'request',
      session,
      sequence,
      operation,
      key: encodeKey(index, spec.keys.bytes),
      keyEnd: isRange ? encodeKey(index + spec.rangeKeys, spec.keys.bytes) : undefined,
      limit: isRange ? spec.rangeKeys : 0,
      value: operation === PUT ? this.#values.stamped(session, sequence, this.#values.nextLength()) : undefined,
      serializable: spec.serializableReads && (operation === GET || isRange),
    };
  }

  #drawOperation(): number {
    const limits = this.#mixLimits;
    const u = this.#mixRng.float() * limits[RANGE]!;
    if (u < limits[PUT]!) return PUT;
    if (u < limits[GET]!) return GET;
    return u < limits[DELETE]! ? DELETE : RANGE;
  }
}
