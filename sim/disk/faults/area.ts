/** Which files a fault strikes: those of the Raft log, all others (the store), or both. */
import type { ParameterSpec } from '../../parameters.ts';
import type { File } from '../disk.ts';

export const AREA: ParameterSpec = {
  kind: 'choice',
  choices: ['all', 'log', 'store'],
  default: 'all',
  doc: 'which files: all, those of the Raft log, or those of the store',
};

export function isLog(file: File): boolean {
  return file.category === 'wal';
}

export function isInArea(area: unknown, file: File): boolean {
  if (area === 'log') return isLog(file);
  return area !== 'store' || !isLog(file);
}
