/** Style that can be checked is a test: each ban names its replacement. */
import { describe, expect, it } from 'vitest';
import { codeOnly, sourceFiles } from './source-files.ts';

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Blanked before looking. */
  readonly allowed?: RegExp;
}

const IN_THE_SIMULATION: readonly Ban[] = [
  { pattern: /\bDate\b/, instead: 'loop.now (virtual time)' },
  { pattern: /\bperformance\b/, instead: 'Work counts and a cost profile' },
  { pattern: /\bMath\.random\b/, instead: 'an Rng stream of the component' },
  { pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, instead: 'loop.schedule' },
  { pattern: /\b(async|await|Promise)\b/, instead: 'an event, or a generator for background work' },
  {
    pattern: /\bMath\.(?!floor|round|ceil|min|max|abs|imul|clz32|sqrt|fround|trunc|sign|LN2)\w+/,
    instead: 'exact arithmetic (+ − × ÷, Math.sqrt, Math.floor …): V8 versions may disagree on the rest',
  },
  {
    pattern: /\*\*/,
    instead: 'a product or a literal: ** is Math.pow (powers of two are exact)',
    allowed: /\b2 \*\* \d+/g,
  },
  { pattern: /\b(toLocale\w*|localeCompare|Intl)\b/, instead: 'comparison by code unit' },
  { pattern: /\.(sort|toSorted)\(\)/, instead: 'sort with a full comparator' },
  { pattern: /\b(WeakRef|FinalizationRegistry)\b/, instead: 'explicit release' },
  {
    pattern: /\bprocess\.(env|argv|exit|hrtime|cpuUsage|memoryUsage|std\w+|nextTick|on)\b/,
    instead: 'a parameter: sim/ and engines/ know no process',
  },
];

const EVERYWHERE: readonly Ban[] = [
  { pattern: /\bas any\b/, instead: 'a type, or unknown and a check' },
  { pattern: /^\s*(export )?(const )?enum\b/m, instead: 'constants: enums cannot be erased' },
];

function offences(folders: readonly string[], bans: readonly Ban[]): string[] {
  const found: string[] = [];
  for (const { path, text } of sourceFiles(folders)) {
    const lines = codeOnly(text).split('\n');
    for (const { pattern, instead, allowed } of bans) {
      lines.forEach((line, i) => {
        if (pattern.test(allowed === undefined ? line : line.replace(allowed, '')))
          found.push(`${path}:${i + 1}: ${line.trim()} — use ${instead}`);
      });
    }
  }
  return found;
}

describe('tidy', () => {
  it('keeps the host out of the simulation', () => {
    expect(offences(['sim', 'engines'], IN_THE_SIMULATION)).toEqual([]);
  });

  it('keeps types honest', () => {
    expect(offences(['sim', 'engines', 'scenarios', 'reports', 'cli', 'bench'], EVERYWHERE)).toEqual([]);
  });

  it('imports Node only in the command line and benches, seedrandom only in the random streams', () => {
    const wrong = sourceFiles(['sim', 'engines']).flatMap(({ path, text }) =>
      [...text.matchAll(/from '([^'.][^']*)'/g)]
        .map((match) => match[1]!)
        .filter((name) => !allowedPackages(path).includes(name))
        .map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('names nothing utils, helpers or manager', () => {
    const files = sourceFiles(['sim', 'engines', 'scenarios', 'reports', 'cli', 'bench', 'test']);
    expect(files.map((f) => f.path).filter((path) => /util|helper|manager|misc|common/i.test(path))).toEqual([]);
  });

  it('can fail: each ban finds what it bans', () => {
    const samples = [
      'Date.now()',
      'performance.now()',
      'Math.random()',
      'setTimeout(f)',
      'async () => 1',
      'Math.pow(2, 3)',
      '3 ** 3',
      'a.localeCompare(b)',
      'list.sort()',
      'new WeakRef(x)',
      'process.env',
    ];
    expect(IN_THE_SIMULATION.length).toBe(samples.length);
    samples.forEach((sample, i) => {
      expect(IN_THE_SIMULATION[i]!.pattern.test(codeOnly(sample))).toBe(true);
    });
    expect(codeOnly("// Date.now()\nconst a = 'Date';")).not.toMatch(/Date/);
  });
});

function allowedPackages(path: string): readonly string[] {
  if (path === 'sim/rng.ts') return ['seedrandom'];
  if (path.startsWith('sim/nodes/raft/')) return ['immer'];
  if (path.startsWith('sim/clients/')) return ['hdr-histogram-js'];
  return [];
}
