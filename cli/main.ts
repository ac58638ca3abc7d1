#!/usr/bin/env node
/** The `raftlab` program. */
import { processHost } from './host.ts';
import { runProgram } from './program.ts';

// not process.exit: what is still being written to a pipe must arrive
process.exitCode = await runProgram(process.argv.slice(2), processHost());
