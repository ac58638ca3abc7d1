/** `npm run bench [section …]`: prints figures and ratios; asserts nothing about time. */
import { kernelBench } from './kernel.ts';
import { printRows, type Row } from './measure.ts';

const SECTIONS: Readonly<Record<string, () => Row[]>> = {
  kernel: kernelBench,
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(SECTIONS)) {
  const section = SECTIONS[name];
  if (section === undefined) {
    console.error(`bench: no section "${name}"; there are: ${Object.keys(SECTIONS).join(', ')}`);
    process.exit(2);
  }
  printRows(section());
}
