/** The log that Jepsen prints: `INFO  jepsen.util - 3	:invoke	:cas	[0 4]`, one register. Other lines of the log are passed over. */
import { EdnError, EdnReader } from './edn.ts';
import type { HistoryFormat, Reading } from './format.ts';
import { type JepsenEvent, pairEvents } from './jepsen-events.ts';

const LINE = /^\w+\s+jepsen\.util\s+-\s+(\S+)\s+:(\w+)\s+:(\S+)\s+(.*)$/;

export const jepsenLog: HistoryFormat = {
  name: 'jepsen-log',
  summary: "Jepsen's log lines, tab-separated, of one object",
  recognises: (line) => LINE.test(line),
  read(text): Reading {
    const events: JepsenEvent[] = [];
    for (const [i, line] of text.split('\n').entries()) {
      const match = LINE.exec(line.trimEnd());
      if (match === null) continue;
      const [, process, type, kind, rest] = match as unknown as [string, string, string, string, string];
      try {
        const value = new EdnReader(rest, i + 1).next() ?? { type: 'nil' as const, line: i + 1 };
        events.push({ line: i + 1, process, type, kind, key: '', value });
      } catch (error) {
        if (!(error instanceof EdnError)) throw error;
        return { problem: { line: i + 1, text: error.message } };
      }
    }
    return pairEvents(events);
  },
};
