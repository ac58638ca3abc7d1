/** "Did you mean": the closest allowed word, if it is close enough to be a slip of the keys. */

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = [];
    for (let j = 0; j <= b.length; j++) {
      if (i === 0 || j === 0) {
        row.push(i + j);
        continue;
      }
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, rows[i - 1]![j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

const WORD_LENGTH_MAX = 100;
const PREFIX_LENGTH_MIN = 3;

/** At most a third of the word may be wrong, or it may be cut short; ties go to the first candidate. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const isStart = word.length >= PREFIX_LENGTH_MIN && candidate.toLowerCase().startsWith(word.toLowerCase());
    const distance = isStart ? 1 : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; allowed: a, b; did you mean a?` */
export function allowedText(word: unknown, candidates: readonly string[], further = ''): string {
  const names = candidates.length === 0 ? 'none' : candidates.join(', ');
  const guess = typeof word === 'string' ? closest(word, candidates) : undefined;
  return `; allowed: ${names}${further}${guess === undefined ? '' : `; did you mean ${guess}?`}`;
}
