/** The commands, in the order of `--help`: adding one is its file and one line here. */
import { check } from './check.ts';
import type { CommandDefinition } from './command.ts';
import { diff } from './diff.ts';
import { engine } from './engine.ts';
import { explain } from './explain.ts';
import { merge } from './merge.ts';
import { museum } from './museum.ts';
import { replay } from './replay.ts';
import { run } from './run.ts';
import { scenario } from './scenario.ts';
import { shrink } from './shrink.ts';
import { sweep } from './sweep.ts';

export const COMMANDS: readonly CommandDefinition[] = [
  run,
  replay,
  explain,
  diff,
  sweep,
  merge,
  shrink,
  museum,
  engine,
  check,
  scenario,
];
