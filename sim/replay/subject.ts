/** What a check's words name: the checks say in words what they saw, and the page marks it in the picture. */
export interface Subject {
  readonly key: number | undefined;
  readonly session: number | undefined;
  /** Of the request, within its session. */
  readonly sequence: number | undefined;
  readonly entry: number | undefined;
  /** Of an election. */
  readonly term: number | undefined;
  /** How far the node came that came no farther. */
  readonly applied: number | undefined;
  /** From 0. */
  readonly nodes: readonly number[];
}

export function subjectOf(what: string): Subject {
  const nodes = [...what.matchAll(/\bn(\d+)\b/g)].map((match) => Number(match[1]) - 1);
  return {
    key: numberAfter(what, /\bkey (\d+)/),
    session: numberAfter(what, /\bsession (\d+)/),
    sequence: numberAfter(what, /\brequest (\d+)/),
    entry: numberAfter(what, /\b(?:entry|applied at) (\d+)/),
    term: numberAfter(what, /\bleader of term (\d+)/),
    applied: numberAfter(what, /\bstopped at applied index (\d+)/),
    nodes: [...new Set(nodes)],
  };
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : Number(match[1]);
}
