/**
 * Jepsen's `history.edn`: maps with `:process`, `:type`, `:f`, `:value`, one behind the other or in one vector.
 *
 * The object is named by `:key`, or as Jepsen's independent keys do it by values that are vectors of key and value;
 * cas alone takes vectors by itself, so that the others decide. Events of `:nemesis` are passed over.
 */
import { EdnError, EdnReader, type EdnValue, ednText } from './edn.ts';
import type { HistoryFormat, Reading } from './format.ts';
import { type JepsenEvent, pairEvents } from './jepsen-events.ts';

export const jepsenEdn: HistoryFormat = {
  name: 'jepsen-edn',
  summary: "Jepsen's history.edn",
  recognises: (line) => /^(\[\s*)?(#\S+\s*)?\{?\s*:\w/.test(line) || /^\[\s*$/.test(line),
  read(text): Reading {
    try {
      return pairEvents(withKeys(eventsOf(text)));
    } catch (error) {
      if (!(error instanceof EdnError)) throw error;
      return { problem: { line: error.line, text: error.message } };
    }
  },
};

function eventsOf(text: string): JepsenEvent[] {
  const reader = new EdnReader(text);
  const events: JepsenEvent[] = [];
  for (let value = reader.next(); value !== undefined; value = reader.next()) {
    for (const item of value.type === 'list' ? value.items : [value]) {
      const event = eventOf(item);
      if (event !== undefined) events.push(event);
    }
  }
  return events;
}

function eventOf(item: EdnValue): JepsenEvent | undefined {
  if (item.type !== 'map') throw new EdnError(item.line, 'an event is a map, like {:process 0, :type :invoke, …}');
  const field = (name: string): EdnValue => {
    const value = item.entries.get(name);
    if (value === undefined) throw new EdnError(item.line, `an event without ${name}`);
    return value;
  };
  const process = ednText(field(':process'));
  if (process === ':nemesis') return undefined;
  const key = item.entries.get(':key');
  return {
    line: item.line,
    process,
    type: ednText(field(':type')).replace(/^:/, ''),
    kind: ednText(field(':f')).replace(/^:/, ''),
    key: key === undefined ? '' : ednText(key),
    value: item.entries.get(':value') ?? { type: 'nil', line: item.line },
  };
}

/** Takes the keys out of the values where the history has independent keys. */
function withKeys(events: readonly JepsenEvent[]): readonly JepsenEvent[] {
  const isKeyed = events.some(({ kind, value }) => kind !== 'cas' && value.type === 'list' && value.items.length === 2);
  if (!isKeyed) return events;
  return events.map((event) => {
    const { value } = event;
    if (value.type !== 'list' || value.items.length !== 2) return event;
    return { ...event, key: ednText(value.items[0]!), value: value.items[1]! };
  });
}
