/**
 * etcd/raft's own interaction tests, replayed: Readies, messages, configurations, progress and errors
 * must match line by line. Log lines are left out on both sides.
 */
import { basename } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseFile, TESTDATA_MISSING, testdataFiles } from './datadriven.ts';
import { Interaction } from './interaction.ts';

const LOG_LINE = /^\s*(DEBUG|INFO|WARN|ERROR) /;

function withoutLogLines(text: string): string {
  const lines = text.split('\n').filter((line) => !LOG_LINE.test(line));
  const rest = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  // a command that prints nothing but log lines prints "ok" here
  return rest.length === 0 ? 'ok' : rest.join('\n');
}

describe('interaction transcripts', () => {
  const files = testdataFiles('testdata');
  let matched = 0;
  if (TESTDATA_MISSING !== '') console.log(TESTDATA_MISSING);

  test.skipIf(TESTDATA_MISSING !== '')('all 28 are there', () => {
    expect(files.length).toBe(28);
  });

  for (const path of files) {
    test(basename(path, '.txt'), () => {
      const interaction = new Interaction();
      for (const command of parseFile(path)) {
        const actual = withoutLogLines(interaction.run(command));
        expect(actual, `line ${command.line}: ${command.name}`).toBe(withoutLogLines(command.expected));
      }
      matched++;
    });
  }

  afterAll(() => {
    if (files.length > 0) console.log(`interaction transcripts: ${matched} of ${files.length} match`);
  });
});
