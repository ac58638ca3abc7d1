/** The key registry of an unencrypted store: 16 bytes of IV and `Hello Badger`. */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome } from '../../sim/disk/disk.ts';
import { ascii } from './format.ts';

const SANITY_TEXT = ascii('Hello Badger');
const IV_BYTES = 16;
export const KEY_REGISTRY_BYTES = IV_BYTES + SANITY_TEXT.length;

export function keyRegistryName(directory: string): string {
  return `${directory}KEYREGISTRY`;
}
export function keyRegistryRewriteName(directory: string): string {
  return `${directory}REWRITE-KEYREGISTRY`;
}

export function writeKeyRegistry(disk: Disk, directory: string, iv: Uint8Array): DiskOutcome {
  const name = keyRegistryRewriteName(directory);
  const file = disk.create(name, 'manifest');
  const buffer = new SparseBuffer(KEY_REGISTRY_BYTES);
  buffer.bytes(iv, 0, IV_BYTES);
  buffer.bytes(SANITY_TEXT);
  let outcome = disk.write(file, 0, buffer);
  if (outcome === 'ok') outcome = disk.sync(file);
  disk.close(file);
  if (outcome === 'ok') outcome = disk.rename(name, keyRegistryName(directory));
  if (outcome === 'ok') outcome = disk.syncDirectory(directory);
  return outcome;
}

/** What is wrong with it, if something is. `absent`: there is none. */
export function checkKeyRegistry(disk: Disk, directory: string): string | 'absent' | undefined {
  const file = disk.open(keyRegistryName(directory));
  if (file === undefined) return 'absent';
  const buffer = new SparseBuffer(KEY_REGISTRY_BYTES);
  const outcome = disk.read(file, 0, file.length, buffer);
  disk.close(file);
  if (outcome !== 'ok') return 'read failed';
  const bytes = buffer.toBytes();
  if (bytes.length < KEY_REGISTRY_BYTES) return 'cut off';
  if (SANITY_TEXT.some((byte, i) => bytes[IV_BYTES + i] !== byte)) return 'encrypted, or damaged';
  return bytes.length > KEY_REGISTRY_BYTES ? 'holds encryption keys' : undefined;
}
