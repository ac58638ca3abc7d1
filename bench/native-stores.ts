/**
 * Native stores that npm ships, behind one interface, for comparison only: they are no dependencies. Those that are
 * not installed are left out. Compression is off in all of them, as it is in ours.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface NativeStore {
  /** One batch or transaction; `sync`: on the device when it returns. */
  put(keys: readonly Buffer[], values: readonly Buffer[], sync: boolean): Promise<void> | void;
  get(keys: readonly Buffer[]): Promise<number> | number;
  close(): Promise<void>;
}

export interface NativePackage {
  readonly name: string;
  open(sync: boolean): Promise<NativeStore>;
}

interface Lmdb {
  open(options: Readonly<Record<string, unknown>>): {
    transactionSync(action: () => void): void;
    putSync(key: Buffer, value: Buffer): void;
    getBinary(key: Buffer): Buffer | undefined;
    close(): Promise<void>;
  };
}

interface ClassicLevel {
  ClassicLevel: new (
    path: string,
    options: Readonly<Record<string, unknown>>,
  ) => {
    open(): Promise<void>;
    batch(operations: readonly unknown[], options: { readonly sync: boolean }): Promise<void>;
    getSync(key: Buffer): Buffer | undefined;
    close(): Promise<void>;
  };
}

type Callback<T> = (error: Error | null, result: T) => void;
interface Rocksdb {
  default: (path: string) => {
    open(options: Readonly<Record<string, unknown>>, done: Callback<void>): void;
    batch(operations: readonly unknown[], options: { readonly sync: boolean }, done: Callback<void>): void;
    getMany(keys: readonly Buffer[], done: Callback<readonly (Buffer | undefined)[]>): void;
    close(done: Callback<void>): void;
  };
}

const called = <T>(call: (done: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)));
  });

const putsOf = (keys: readonly Buffer[], values: readonly Buffer[]) =>
  keys.map((key, i) => ({ type: 'put', key, value: values[i]! }));

async function openLmdb(module: Lmdb, path: string, sync: boolean): Promise<NativeStore> {
  const store = module.open({ path, encoding: 'binary', keyEncoding: 'binary', noSync: !sync, compression: false });
  return {
    put(keys, values) {
      store.transactionSync(() => {
        for (let i = 0; i < keys.length; i++) store.putSync(keys[i]!, values[i]!);
      });
    },
    get: (keys) => keys.filter((key) => store.getBinary(key) !== undefined).length,
    close: () => store.close(),
  };
}

async function openClassicLevel(module: ClassicLevel, path: string): Promise<NativeStore> {
  const encoding = { keyEncoding: 'buffer', valueEncoding: 'buffer' };
  const store = new module.ClassicLevel(path, { ...encoding, compression: false });
  await store.open();
  return {
    put: (keys, values, sync) => store.batch(putsOf(keys, values), { sync }),
    get: (keys) => keys.filter((key) => store.getSync(key) !== undefined).length,
    close: () => store.close(),
  };
}

/** Reads of one key go through a thread of the pool each: a hundred together, as the package itself advises. */
async function openRocksdb(module: Rocksdb, path: string): Promise<NativeStore> {
  const store = module.default(path);
  await called<void>((done) => store.open({ compression: false }, done));
  return {
    put: (keys, values, sync) => called<void>((done) => store.batch(putsOf(keys, values), { sync }, done)),
    get: async (keys) => {
      const found = await called<readonly (Buffer | undefined)[]>((done) => store.getMany(keys, done));
      return found.filter((value) => value !== undefined).length;
    },
    close: () => called<void>((done) => store.close(done)),
  };
}

const PACKAGES: readonly (readonly [string, (module: unknown, path: string, sync: boolean) => Promise<NativeStore>])[] =
  [
    ['lmdb', (module, path, sync) => openLmdb(module as Lmdb, path, sync)],
    ['classic-level', (module, path) => openClassicLevel(module as ClassicLevel, path)],
    ['rocksdb', (module, path) => openRocksdb(module as Rocksdb, path)],
  ];

/** Those that are installed, and the line that installs the others ('' if there are none). */
export async function nativePackages(): Promise<{ readonly found: NativePackage[]; readonly advice: string }> {
  const found: NativePackage[] = [];
  const missing: string[] = [];
  for (const [name, open] of PACKAGES) {
    const module: unknown = await import(name).catch(() => undefined);
    if (module === undefined) missing.push(name);
    else found.push({ name, open: (sync) => openInFolder((path) => open(module, path, sync)) });
  }
  return { found, advice: missing.length === 0 ? '' : `npm install --no-save ${missing.join(' ')}` };
}

/** In a folder of its own that goes when it is closed. */
async function openInFolder(open: (path: string) => Promise<NativeStore>): Promise<NativeStore> {
  const folder = mkdtempSync(join(tmpdir(), 'raftlab-bench-'));
  const store = await open(join(folder, 'store'));
  return {
    put: (keys, values, sync) => store.put(keys, values, sync),
    get: (keys) => store.get(keys),
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
