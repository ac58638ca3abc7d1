import { MILLISECOND, SECOND } from '../clock.ts';
import type { OptionValues, ParameterValues } from '../parameters.ts';
import type { FaultDefinition, FaultTarget } from './fault.ts';

const POLL_NS = 20 * MILLISECOND;

/**
 * An operator restarts the members one after the other, n1 first, perhaps with other options for their engine. He takes
 * none down while another is down or nobody leads, and goes on when the last has applied what was committed at the time
 * when it was back.
 *
 * Lifted, whoever is down is started and the others are left alone; the options that were set stay.
 *
 * Simplified: sees what leader and nodes have in force without asking them; leadership is not handed over before, nor the
 * store closed.
 */
export const rollingRestart: FaultDefinition = {
  name: 'rolling-restart',
  summary: 'Restarts the members one after the other, perhaps with other engine options.',
  parameters: {
    down: { kind: 'duration', default: 100 * MILLISECOND, min: MILLISECOND, max: 3600 * SECOND, doc: 'Of each.' },
    by: {
      kind: 'choice',
      choices: ['kill', 'crash'],
      default: 'kill',
      doc: 'kill: only the process ends; crash: the power of its machine.',
    },
    options: {
      kind: 'engine-options',
      optional: true,
      doc: "Options of the cluster's engine that are others after the restart; not such as hold for new stores only.",
    },
  },
  drawn: {
    hits: 'each',
    restarts: 'process',
    weight: 0.5,
    parameters: (rng) => ({ down: rng.int(1, 200) * MILLISECOND, by: rng.chance(0.7) ? 'kill' : 'crash' }),
  },
  inject(cluster, parameters) {
    const operator = new Operator(cluster, parameters);
    operator.look();
    const { options } = parameters;
    const what = options === undefined ? '' : `: ${written(options as OptionValues)}`;
    return { label: `rolling-restart${what}`, lift: () => operator.stop() };
  },
};

class Operator {
  readonly #cluster: FaultTarget;
  readonly #parameters: ParameterValues;
  /** Whose turn it is. */
  #node = 0;
  /** It waits for its turn, is down, or has been started. */
  #phase: 'waiting' | 'down' | 'started' = 'waiting';
  /** What it must have applied to be back; −1: not known yet. */
  #target = -1;
  #stopTimer = (): void => {};

  constructor(cluster: FaultTarget, parameters: ParameterValues) {
    this.#cluster = cluster;
    this.#parameters = parameters;
  }

  look(): void {
    this.#goOn();
    if (this.#node >= this.#cluster.nodeCount) return;
    const delayNs = this.#phase === 'down' ? (this.#parameters.down as number) : POLL_NS;
    this.#stopTimer = this.#cluster.later(delayNs, () => this.look());
  }

  stop(): void {
    this.#stopTimer();
    if (this.#phase === 'down') this.#cluster.restart(this.#node);
  }

  #goOn(): void {
    const node = this.#node;
    if (this.#phase === 'down') {
      this.#phase = 'started';
      this.#cluster.restart(node);
    } else if (!this.#cluster.isMember(node) || (this.#phase === 'started' && this.#isBack(node))) {
      this.#node++;
      this.#phase = 'waiting';
      this.#target = -1;
    } else if (this.#phase === 'waiting' && this.#isHealthy()) this.#takeDown(node);
  }

  #takeDown(node: number): void {
    const { by, options } = this.#parameters;
    if (by === 'kill') this.#cluster.kill(node);
    else this.#cluster.crash(node);
    if (options !== undefined) this.#cluster.setEngineOptions(node, options as OptionValues);
    this.#phase = 'down';
  }

  #isBack(node: number): boolean {
    const applied = this.#cluster.appliedIndex(node);
    if (applied >= 0 && this.#target < 0) this.#target = this.#cluster.committedIndex();
    return this.#target >= 0 && applied >= this.#target;
  }

  #isHealthy(): boolean {
    const { nodeCount } = this.#cluster;
    for (let node = 0; node < nodeCount; node++) {
      if (this.#cluster.isMember(node) && this.#cluster.appliedIndex(node) < 0) return false;
    }
    return this.#cluster.committedIndex() >= 0;
  }
}

function written(options: OptionValues): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
