// Not `node:fs/promises`: that is what the tests replace by this.
import { promises } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/**
 * A power cut, played: what a program does to files below a folder is recorded, and every state in which a disk may be found
 * after the power went at any moment is made as a real folder.
 *
 * The model is the weakest that POSIX promises. The content of a file is safe once it was fsynced; before that it may be what
 * it was, half of what was written, as many zeros, or all. An entry of a folder (made, renamed, removed) is safe once
 * that folder was fsynced; before that each may have happened or not, whatever the others did.
 */
export type PowerCut = {
  /** `node:fs/promises` with its writing functions recorded; for `vi.mock`. */
  readonly wrap: <M extends FilesModule>(files: M) => M;
  /** Records what happens below this folder from now on. */
  readonly watch: (folder: string) => void;
  /** Notes that the program said something is done: later states must show it. */
  readonly mark: (label: string) => void;
  /** Makes every state, and calls with its folder and the latest mark before the cut. Returns how many there were. */
  readonly replay: (check: (folder: string, mark: string | undefined) => Promise<void>) => Promise<number>;
};

type FilesModule = typeof import('node:fs/promises');
type Handle = Awaited<ReturnType<FilesModule['open']>>;

type Operation =
  | { readonly kind: 'mkdir'; readonly path: string }
  | { readonly kind: 'create'; readonly path: string; readonly file: number }
  | { readonly kind: 'content'; readonly file: number; readonly content: Buffer }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'sync-folder'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'mark'; readonly label: string };
type EntryOperation = Extract<Operation, { kind: 'mkdir' | 'create' | 'rename' | 'remove' }>;

export const createPowerCut = (): PowerCut => {
  const operations: Operation[] = [];
  const files = new Map<string, number>();
  let root: string | undefined;
  let nextFile = 0;

  const inside = (path: unknown): string | undefined => {
    if (root === undefined || typeof path !== 'string') return undefined;
    const below = relative(root, path);
    return below.startsWith('..') ? undefined : below;
  };
  const fileAt = (path: string): number => {
    const known = files.get(path);
    if (known !== undefined) return known;
    nextFile += 1;
    files.set(path, nextFile);
    operations.push({ kind: 'create', path, file: nextFile });
    return nextFile;
  };

  const recordHandle = (handle: Handle, path: string, truncates: boolean, real: FilesModule, full: string): Handle => {
    const file = fileAt(path);
    if (truncates) operations.push({ kind: 'content', file, content: Buffer.alloc(0) });
    const noteContent = async (): Promise<void> => {
      operations.push({ kind: 'content', file, content: await real.readFile(full) });
    };
    return new Proxy(handle, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (name === 'write' || name === 'writeFile' || name === 'truncate' || name === 'appendFile') {
          return async (...args: unknown[]) => {
            const result = await call(...args);
            await noteContent();
            return result;
          };
        }
        if (name !== 'sync' && name !== 'datasync') return call;
        return async () => {
          await call();
          operations.push({ kind: 'sync', file });
        };
      },
    });
  };

  const recordFolder = (handle: Handle, path: string): Handle =>
    new Proxy(handle, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (name !== 'sync') return call;
        return async () => {
          await call();
          operations.push({ kind: 'sync-folder', path });
        };
      },
    });

  return {
    wrap: (real) => ({
      ...real,
      open: async (path: string, flags?: string, mode?: number) => {
        const below = inside(path);
        const handle = await real.open(path, flags, mode);
        if (below === undefined) return handle;
        if ((await handle.stat()).isDirectory()) return recordFolder(handle, below);
        const reads = flags === undefined || flags === 'r';
        return reads && !files.has(below)
          ? handle
          : recordHandle(handle, below, flags?.startsWith('w') ?? false, real, path);
      },
      writeFile: async (path: string, content: string | Uint8Array, options?: object) => {
        await real.writeFile(path, content, options);
        const below = inside(path);
        if (below !== undefined) {
          operations.push({ kind: 'content', file: fileAt(below), content: Buffer.from(content) });
        }
      },
      rename: async (from: string, to: string) => {
        await real.rename(from, to);
        const [source, target] = [inside(from), inside(to)];
        if (source === undefined || target === undefined) return;
        files.set(target, fileAt(source));
        files.delete(source);
        operations.push({ kind: 'rename', from: source, to: target });
      },
      unlink: async (path: string) => {
        await real.unlink(path);
        const below = inside(path);
        if (below === undefined) return;
        files.delete(below);
        operations.push({ kind: 'remove', path: below });
      },
      rm: async (path: string, options?: object) => {
        await real.rm(path, options);
        const below = inside(path);
        if (below === undefined) return;
        files.delete(below);
        operations.push({ kind: 'remove', path: below });
      },
      mkdir: async (path: string, options?: object) => {
        const first = await real.mkdir(path, options as { recursive: true });
        const below = inside(path);
        if (below === undefined || first === undefined) return first;
        const made = relative(dirname(first), path).split('/');
        const from = inside(dirname(first)) ?? '';
        for (let depth = 1; depth <= made.length; depth += 1) {
          operations.push({ kind: 'mkdir', path: join(from, ...made.slice(0, depth)) });
        }
        return first;
      },
    }),
    watch: (folder) => {
      root = folder;
    },
    mark: (label) => {
      operations.push({ kind: 'mark', label });
    },
    replay: async (check) => {
      root = undefined;
      const seen = new Set<string>();
      let states = 0;
      for (let cut = 0; cut <= operations.length; cut += 1) {
        const done = operations.slice(0, cut);
        const mark = done.findLast((operation) => operation.kind === 'mark')?.label;
        for (const state of statesOf(done)) {
          const name = `${mark}\0${JSON.stringify([...state].map(([path, content]) => [path, content?.toString('base64')]))}`;
          if (seen.has(name)) continue;
          seen.add(name);
          states += 1;
          await withFolder(state, (folder) => check(folder, mark));
        }
      }
      return states;
    },
  };
};

/** Paths with their content; folders have none. */
type DiskState = ReadonlyMap<string, Buffer | undefined>;

/** Entries that are not safe yet and may each be there or not; more at once are only lost from the end. */
const freeEntries = 6;
const contentVariants = ['safe', 'half', 'zeros', 'all'] as const;

const statesOf = function* (done: readonly Operation[]): Generator<DiskState> {
  const entries = done.filter((operation): operation is EntryOperation => isEntry(operation));
  const open = entries.filter((entry) => !isSafe(entry, done));
  const choices = open.length <= freeEntries ? 2 ** open.length : open.length + 1;
  for (let choice = 0; choice < choices; choice += 1) {
    const happened = (entry: EntryOperation): boolean => {
      const at = open.indexOf(entry);
      if (at === -1) return true;
      return open.length <= freeEntries ? (choice & (1 << at)) !== 0 : at < choice;
    };
    const names = layEntries(entries.filter(happened));
    for (const variant of contentVariants) {
      yield new Map(
        [...names].map(([path, file]) => [path, file === undefined ? undefined : contentOf(file, done, variant)]),
      );
    }
  }
};

const isEntry = ({ kind }: Operation): boolean => ['mkdir', 'create', 'rename', 'remove'].includes(kind);

const folderOf = (path: string): string => {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
};

const isSafe = (entry: EntryOperation, done: readonly Operation[]): boolean => {
  const folder = folderOf(entry.kind === 'rename' ? entry.to : entry.path);
  return done.slice(done.indexOf(entry)).some((later) => later.kind === 'sync-folder' && later.path === folder);
};

/** Names with the file behind each. What stands in a folder that is not there is not there either. */
const layEntries = (entries: readonly EntryOperation[]): ReadonlyMap<string, number | undefined> => {
  const names = new Map<string, number | undefined>();
  const reachable = (path: string): boolean => folderOf(path) === '' || names.has(folderOf(path));
  for (const entry of entries) {
    if (entry.kind === 'remove') {
      for (const name of names.keys()) {
        if (name === entry.path || name.startsWith(`${entry.path}/`)) names.delete(name);
      }
    } else if (entry.kind === 'rename') {
      const file = names.get(entry.from);
      names.delete(entry.from);
      if (file !== undefined && reachable(entry.to)) names.set(entry.to, file);
    } else if (reachable(entry.path)) {
      names.set(entry.path, entry.kind === 'create' ? entry.file : undefined);
    }
  }
  return names;
};

const contentOf = (file: number, done: readonly Operation[], variant: (typeof contentVariants)[number]): Buffer => {
  let safe = Buffer.alloc(0);
  let latest = safe;
  for (const operation of done) {
    if (operation.kind === 'content' && operation.file === file) latest = Buffer.from(operation.content);
    if (operation.kind === 'sync' && operation.file === file) safe = latest;
  }
  if (latest === safe) return safe;
  switch (variant) {
    case 'safe':
      return safe;
    case 'half':
      return latest.subarray(0, latest.length >> 1);
    case 'zeros':
      return Buffer.alloc(latest.length);
    case 'all':
      return latest;
  }
};

const withFolder = async (state: DiskState, work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await promises.mkdtemp(join(tmpdir(), 'ppt-cut-'));
  try {
    for (const [path, content] of state) {
      if (content === undefined) await promises.mkdir(join(folder, path), { recursive: true, mode: 0o700 });
      else await promises.writeFile(join(folder, path), content, { mode: 0o600 });
    }
    await work(folder);
  } finally {
    await promises.rm(folder, { recursive: true, force: true });
  }
};
