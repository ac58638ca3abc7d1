/** The built program over the stub simulator. Arguments: folder of the built files, then the program's own. */
import { pathToFileURL } from 'node:url';

const [built, ...given] = process.argv.slice(2);
const { processHost } = await import(pathToFileURL(`${built}/cli/host.js`).href);
const { runProgram } = await import(pathToFileURL(`${built}/cli/program.js`).href);
const simulator = new URL('./stub-simulator.mjs', import.meta.url).href;
process.exitCode = await runProgram(given, { ...processHost(), simulator });
