/** What `raftlab replay` writes of a run beside showing it: the history that its clients saw, and a recording of its events. */
import type { Run } from '../sim/cluster.ts';
import type { RunResult } from '../sim/result.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { EventTap } from './event-stream.ts';
import { HistoryRecorder } from './history-recorder.ts';
import type { Host } from './host.ts';
import { LineFile } from './line-file.ts';
import { PACKAGE } from './package.ts';
import { endLine, eventLine, headLine } from './recording.ts';

export class RunFiles {
  readonly #historyFile: LineFile | undefined;
  readonly #recordFile: LineFile | undefined;
  readonly #host: Host;
  #history: HistoryRecorder | undefined;
  #tap: EventTap | undefined;

  /** Throws `UsageError` if a file cannot be written. */
  constructor(history: string | undefined, record: string | undefined, host: Host) {
    const open = (name: string | undefined): LineFile | undefined =>
      name === undefined ? undefined : new LineFile(host.directory, name);
    this.#historyFile = open(history);
    this.#recordFile = open(record);
    this.#host = host;
  }

  /** Before the run's first event. */
  watch(run: Run, spec: RunSpec, command: string): void {
    const history = this.#historyFile;
    if (history !== undefined) {
      this.#history = new HistoryRecorder(
        (line) => history.add(line),
        (key) => run.preloadedMark(key),
      );
      run.operationObserver = this.#history;
    }
    const record = this.#recordFile;
    if (record !== undefined) {
      record.add(headLine({ version: PACKAGE.version, command, spec }));
      this.#tap = new EventTap(run, (event) => record.add(eventLine(event)));
    }
  }

  finish(result: RunResult): void {
    this.#history?.finish();
    this.#tap?.flush();
    this.#recordFile?.add(endLine(result));
    for (const file of [this.#historyFile, this.#recordFile]) {
      if (file === undefined) continue;
      file.finish();
      this.#host.error(`wrote ${file.label}\n`);
    }
  }

  /** Nothing is left behind. */
  abandon(): void {
    this.#historyFile?.abandon();
    this.#recordFile?.abandon();
  }
}
