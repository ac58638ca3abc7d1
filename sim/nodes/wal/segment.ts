/** The names of segments: sequence number and the index of the first entry that may be in it, 16 hex digits each. */

export interface Segment {
  readonly name: string;
  readonly sequence: number;
  /** Entries below this index stand in earlier segments. */
  readonly firstIndex: number;
}

export function segmentName(directory: string, sequence: number, firstIndex: number): string {
  return `${directory}${hex16(sequence)}-${hex16(firstIndex)}.wal`;
}

/** Undefined: some other file. */
export function parseSegment(name: string, directory: string): Segment | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name.slice(directory.length));
  if (match === null) return undefined;
  const sequence = Number.parseInt(match[1]!, 16);
  const firstIndex = Number.parseInt(match[2]!, 16);
  return { name, sequence, firstIndex };
}

export function hex16(value: number): string {
  return value.toString(16).padStart(16, '0');
}
