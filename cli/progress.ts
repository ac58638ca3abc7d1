/**
 * Progress of a scenario's runs, on the error stream: a bar on a terminal; in a pipe one line for
 * each finished run (or each tenth, if they are many), in a fixed order and with nothing in it that
 * depends on the clock, and while a run is long a line every few seconds.
 */
import type { SingleBar } from 'cli-progress';
import type { RunSpec } from '../sim/run-spec.ts';
import type { Host } from './host.ts';
import type { ProgressBoard } from './progress-board.ts';

const BAR_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5000;
const LINES_MAX = 10;

export interface Progress {
  /** The next run in order has ended. */
  finished(): void;
  /** Draws if it is time: for when the timer can't, because the main thread is busy. */
  draw(): void;
  stop(): void;
}

export const SILENT: Progress = { finished: () => undefined, draw: () => undefined, stop: () => undefined };

export async function startProgress(
  host: Host,
  name: string,
  specs: readonly RunSpec[],
  board: ProgressBoard,
): Promise<Progress> {
  return host.isTerminal ? bar(name, specs, board) : lines(host, name, specs, board);
}

async function bar(name: string, specs: readonly RunSpec[], board: ProgressBoard): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const startedAt = performance.now();
  const drawn: SingleBar = new cliProgress.SingleBar({
    format: `${name} [{bar}] {percentage}% | {finished}/${specs.length} runs | {doing} | {left} left`,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    fps: 1000 / BAR_INTERVAL_MS,
  });
  const figures = (): Record<string, string | number> => {
    const seconds = (performance.now() - startedAt) / 1000;
    const done = board.fractionDone;
    const rate = shortNumber(board.events / Math.max(seconds, 0.001));
    return {
      finished: board.finished,
      doing: preloadingOf(board)?.text ?? `${rate} events/s | ${shortTime(board.virtualNs / 1e9)} virtual`,
      left: done > 0.01 ? shortTime((seconds * (1 - done)) / done) : '…',
    };
  };
  drawn.start(1000, 0, figures());
  const draw = (): void => drawn.update(Math.floor(board.fractionDone * 1000), figures());
  const timer = setInterval(draw, BAR_INTERVAL_MS);
  const paced = everyMs(BAR_INTERVAL_MS, () => {
    draw();
    drawn.render(); // its own timer is as blocked as ours
  });
  return {
    finished: draw,
    draw: paced,
    stop() {
      clearInterval(timer);
      drawn.stop();
    },
  };
}

function lines(host: Host, name: string, specs: readonly RunSpec[], board: ProgressBoard): Progress {
  const step = Math.max(1, Math.ceil(specs.length / LINES_MAX));
  const startedAt = performance.now();
  let finished = 0;
  const tick = (): void => {
    const spec = specs[finished];
    if (spec === undefined) return;
    const preloading = preloadingOf(board);
    if (preloading !== undefined) {
      host.error(`${name}: ${preloading.text} (${label(specs[preloading.run]!)})\n`);
      return;
    }
    const rate = shortNumber(board.events / ((performance.now() - startedAt) / 1000));
    const percent = Math.floor(board.fractionDone * 100);
    host.error(
      `${name}: ${percent} %, ${finished} of ${specs.length} runs, at ${shortTime(board.nowNs(finished) / 1e9)} of ${label(spec)}, ${rate} events/s\n`,
    );
  };
  const timer = setInterval(tick, LINE_INTERVAL_MS);
  return {
    finished() {
      const spec = specs[finished]!;
      finished++;
      if (finished % step === 0 || finished === specs.length) {
        host.error(`${name}: ${finished} of ${specs.length} runs done (${label(spec)})\n`);
      }
    },
    draw: everyMs(LINE_INTERVAL_MS, tick),
    stop: () => clearInterval(timer),
  };
}

/** Of the first run whose store is being built. */
function preloadingOf(board: ProgressBoard): { readonly run: number; readonly text: string } | undefined {
  for (let run = 0; run < board.runs; run++) {
    const preloading = board.preloading(run);
    if (preloading === undefined) continue;
    const percent = Math.floor(preloading.fraction * 100);
    return { run, text: `preloading ${percent} % of ${shortNumber(preloading.keys)} keys` };
  }
  return undefined;
}

function everyMs(intervalMs: number, work: () => void): () => void {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < intervalMs) return;
    last = now;
    work();
  };
}

function label(spec: RunSpec): string {
  return `${spec.variant}, seed ${spec.seed}`;
}

export function shortNumber(value: number): string {
  if (value >= 999_500) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1000) return `${Math.round(value / 1000)} k`;
  return String(Math.round(value));
}

export function shortTime(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds - minutes * 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
