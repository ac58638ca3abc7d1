/** Reads `CURRENT` and the manifest it names: the state as the disk has it. */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { BlobFiles } from './blob-files.ts';
import { RecordLogReader } from './record-log.ts';
import { text } from './table-properties.ts';
import { decodeVersionEdit, type EditedFile, type VersionEdit } from './version-edit.ts';

export interface ManifestState {
  readonly name: string;
  /** By level, in the order of their edits. */
  readonly levels: EditedFile[][];
  readonly blobs: BlobFiles;
  logNumber: number;
  nextFile: number;
  lastSequence: number;
  edits: number;
}

/** `CURRENT` is a name and a newline. */
const CURRENT_BYTES_MAX = 256;

/** Undefined: there is no `CURRENT`, so no store. */
export function readManifest(disk: Disk, directory: string, levels: number): ManifestState | Fault | undefined {
  const current = disk.open(`${directory}CURRENT`);
  if (current === undefined) return undefined;
  const where = `${directory}CURRENT`;
  const buffer = new SparseBuffer(64);
  const readable = disk.read(current, 0, Math.min(current.length, CURRENT_BYTES_MAX), buffer) === 'ok';
  disk.close(current);
  if (!readable) return { where, what: 'read failed' };
  const content = text(buffer.toBytes(), 0, buffer.length);
  if (!/^MANIFEST-\d{6,}\n$/.test(content)) return { where, what: 'is no name of a manifest' };
  const name = directory + content.slice(0, -1);
  const file = disk.open(name);
  if (file === undefined) return { where: name, what: 'the file is missing' };
  const state = replay(disk, name, file, levels);
  disk.close(file);
  return state;
}

function replay(disk: Disk, name: string, file: File, levels: number): ManifestState | Fault {
  const state: ManifestState = {
    name,
    levels: Array.from({ length: levels }, () => []),
    blobs: new BlobFiles(),
    logNumber: 0,
    nextFile: 0,
    lastSequence: 0,
    edits: 0,
  };
  const reader = new RecordLogReader(disk, file);
  while (reader.next()) {
    const at = `${name} before offset ${reader.offset}`;
    const edit = decodeVersionEdit(reader.record);
    if (typeof edit === 'string') return { where: at, what: edit };
    const failure = apply(state, edit);
    if (failure !== undefined) return { where: at, what: failure };
    if (edit.logNumber !== undefined) state.logNumber = Math.max(state.logNumber, edit.logNumber);
    if (edit.nextFile !== undefined) state.nextFile = Math.max(state.nextFile, edit.nextFile);
    if (edit.lastSequence !== undefined) state.lastSequence = Math.max(state.lastSequence, edit.lastSequence);
    state.edits++;
  }
  if (reader.end === 'io-error') return { where: `${name} at ${reader.offset}`, what: 'read failed' };
  // An edit that was never synced may be torn: nothing that was promised depends on it.
  if (state.edits === 0) return { where: name, what: `no edit: ${reader.reason}` };
  if (state.nextFile === 0) return { where: name, what: 'no next file number' };
  return state;
}

function apply(state: ManifestState, edit: VersionEdit): string | undefined {
  const { blobs } = state;
  for (const addition of edit.addedBlobFiles ?? []) {
    if (!blobs.add(addition, undefined)) return `adds blob file ${addition.number} twice`;
  }
  for (const garbage of edit.blobGarbage ?? []) {
    if (!blobs.addGarbage(garbage)) return `more garbage than blob file ${garbage.number} holds`;
  }
  for (const { level, number } of edit.deleted ?? []) {
    const files = state.levels[level];
    const at = files === undefined ? -1 : files.findIndex((file) => file.number === number);
    if (at < 0) return `deletes table ${number}, which level ${level} does not have`;
    const [{ oldestBlobFile }] = files.splice(at, 1);
    blobs.unlink(number, oldestBlobFile);
  }
  for (const file of edit.added ?? []) {
    const files = state.levels[file.level];
    if (files === undefined) return `adds table ${file.number} to level ${file.level}`;
    files.push(file);
    if (!blobs.link(file.number, file.oldestBlobFile)) {
      return `adds table ${file.number}, which refers to blob file ${file.oldestBlobFile}`;
    }
  }
  blobs.prune();
  return undefined;
}
