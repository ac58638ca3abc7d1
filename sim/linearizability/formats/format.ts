/** What a format's file exports: text in, a history or what is wrong with it out. */
import type { History } from '../history.ts';

/** The first mistake in a text. */
export interface Problem {
  readonly line: number;
  readonly text: string;
}

export type Reading = { readonly history: History } | { readonly problem: Problem };

export interface HistoryFormat {
  readonly name: string;
  readonly summary: string;
  /** Whether the first line that is not empty looks like this format. */
  recognises(line: string): boolean;
  read(text: string): Reading;
}
