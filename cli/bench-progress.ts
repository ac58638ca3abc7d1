/** Progress of a bench on the error stream: a bar on a terminal, in a pipe a line for each phase and one every few seconds. */
import type { EngineBenchRun } from '../sim/engine-bench/bench.ts';
import type { BenchSpec } from '../sim/engine-bench/spec.ts';
import type { Host } from './host.ts';
import { shortTime } from './progress.ts';

const BAR_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5000;

export interface BenchProgress {
  /** To be called between slices, as often as one likes. */
  look(run: EngineBenchRun): void;
  stop(): void;
}

export async function startBenchProgress(host: Host, spec: BenchSpec): Promise<BenchProgress> {
  return host.isTerminal ? bar(spec) : lines(host, spec);
}

async function bar(spec: BenchSpec): Promise<BenchProgress> {
  const { default: cliProgress } = await import('cli-progress');
  const drawn = new cliProgress.SingleBar({
    format: `${spec.engine} [{bar}] {percentage}% | {phase} | {virtual} virtual | {left} left`,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    fps: 1000 / BAR_INTERVAL_MS,
  });
  const startedAt = performance.now();
  let drawnAt = startedAt;
  drawn.start(1000, 0, { phase: spec.phases[0]!.name, virtual: '0.0 s', left: '…' });
  return {
    look(run) {
      const now = performance.now();
      if (now - drawnAt < BAR_INTERVAL_MS) return;
      drawnAt = now;
      const done = run.fractionDone;
      const seconds = (now - startedAt) / 1000;
      drawn.update(Math.floor(done * 1000), {
        phase: phaseLabel(run, spec),
        virtual: shortTime(run.now / 1e9),
        left: done > 0.01 ? shortTime((seconds * (1 - done)) / done) : '…',
      });
    },
    stop: () => drawn.stop(),
  };
}

function lines(host: Host, spec: BenchSpec): BenchProgress {
  let finished = 0;
  let saidAt = performance.now();
  return {
    look(run) {
      for (; finished < run.phasesDone; finished++) {
        host.error(
          `${spec.engine}: phase ${spec.phases[finished]!.name} done, ${finished + 1} of ${spec.phases.length}\n`,
        );
      }
      const now = performance.now();
      if (now - saidAt < LINE_INTERVAL_MS) return;
      saidAt = now;
      host.error(`${spec.engine}: ${Math.floor(run.fractionDone * 100)} %, ${phaseLabel(run, spec)}\n`);
    },
    stop() {},
  };
}

function phaseLabel(run: EngineBenchRun, spec: BenchSpec): string {
  const phase = spec.phases[Math.min(run.phasesDone, spec.phases.length - 1)]!;
  return `phase ${phase.name}, ${Math.min(run.phasesDone + 1, spec.phases.length)} of ${spec.phases.length}`;
}
