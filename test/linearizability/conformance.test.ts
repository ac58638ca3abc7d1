/** Verdicts on histories that nobody here wrote: Jepsen's on etcd, and key-value histories of Porcupine's. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHistory } from '../../sim/linearizability/formats/index.ts';
import { kvAppend } from '../../sim/linearizability/models/kv-append.ts';
import type { Model } from '../../sim/linearizability/models/model.ts';
import { casRegister } from '../../sim/linearizability/models/register.ts';
import { checkLinearizability } from './verdict.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/conformance/linearizability');
const LINEARIZABLE = ['002', '018', '038', '048', '056', '076', '080', '092', '098', '100', '102'];
const isThere = existsSync(FOLDER);
if (!isThere) console.log(`skipped: conformance of linearizability: no folder ${FOLDER}`);

function verdict(path: string, model: Model): string {
  const reading = readHistory(readFileSync(path, 'utf8'));
  if ('problem' in reading) return `line ${reading.problem.line}: ${reading.problem.text}`;
  const check = checkLinearizability(reading.history, model);
  if (check.counterexample !== undefined) expect(check.counterexample.blocked).toBeDefined();
  return check.verdict!;
}

describe.skipIf(!isThere)('histories of others', () => {
  it('of Jepsen on etcd', () => {
    const files = readdirSync(join(FOLDER, 'jepsen')).filter((name) => name.endsWith('.log'));
    expect(files.length).toBeGreaterThan(50);
    const found = files.map((name) => [name, verdict(join(FOLDER, 'jepsen', name), casRegister)]);
    const expected = files.map((name) => [
      name,
      LINEARIZABLE.some((number) => name.includes(number)) ? 'linearizable' : 'not linearizable',
    ]);
    expect(found).toEqual(expected);
  });

  it.each(['c01-ok', 'c01-bad', 'c50-ok', 'c50-bad'])('of a key-value store: %s', (name) => {
    const expected = name.endsWith('ok') ? 'linearizable' : 'not linearizable';
    expect(verdict(join(FOLDER, 'kv', `${name}.txt`), kvAppend)).toBe(expected);
  });
});
