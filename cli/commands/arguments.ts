/** What several commands' options are read with. */
import { InvalidArgumentError } from 'commander';

export const JOBS_MAX = 256;

/** For options that may be given several times. */
export const repeated = (value: string, previous: string[]): string[] => [...previous, value];

export function jobsOf(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= JOBS_MAX) return jobs;
  throw new InvalidArgumentError(`allowed: 1 to ${JOBS_MAX}`);
}
