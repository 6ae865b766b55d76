import { stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { fail, problem, readFileBounded } from '@parapet/core';
import type { FileSystem } from '../file-system/file-system.ts';
import type { StoreReader } from './store-contents.ts';

/** Where an engine is told to keep its files elsewhere than usual. */
export type StoreSetting = {
  /** Of these the first that is there counts, alone. */
  readonly files: readonly string[];
  /** The table of the TOML file; empty for what stands before any. */
  readonly table: string;
  readonly key: string;
};

/** https://github.com/containerd/containerd/blob/main/docs/man/containerd-config.toml.5.md; files that it imports are not followed. */
export const containerdSetting: StoreSetting = { files: ['/etc/containerd/config.toml'], table: '', key: 'root' };

/** https://github.com/containers/storage/blob/main/docs/containers-storage.conf.5.md */
export const containersStorageSetting: StoreSetting = {
  files: ['/etc/containers/storage.conf', '/usr/share/containers/storage.conf'],
  table: 'storage',
  key: 'graphroot',
};

const maxConfigBytes = 1024 * 1024;

/**
 * The folder that a setting names, below `rootPath`; `undefined` where none is set. Both the file and the folder must belong to
 * root (or to us) and be writable for nobody else: who may write to a store can say that anything is any image.
 */
export const configuredRoot = async (setting: StoreSetting, rootPath = '/'): Promise<string | undefined> => {
  for (const file of setting.files) {
    const path = join(rootPath, file);
    const content = await readFileBounded(path, maxConfigBytes);
    if (!content.ok && content.error.code === 'enoent') continue;
    if (!content.ok || !(await isOurs(path))) return undefined;
    const named = folderNamedBy(content.value.toString('utf8'), setting);
    if (named === undefined) return undefined;
    const folder = join(rootPath, named);
    return (await isOurs(folder)) ? folder : undefined;
  }
  return undefined;
};

/** Lists the store where a setting says it is, also when that changes. Nothing is there while it names none or a usual place. */
export const configuredReader = (
  make: (root: string) => StoreReader,
  options: { readonly setting: StoreSetting; readonly rootPath: string; readonly usual: readonly string[] },
): StoreReader => {
  let reader: StoreReader | undefined;
  const absent = () => fail(problem('not-found', 'There is no store elsewhere than usual.'));
  return {
    get root() {
      return reader?.root ?? '';
    },
    stamp: async () => {
      const root = await configuredRoot(options.setting, options.rootPath);
      if (root === undefined || options.usual.includes(root)) reader = undefined;
      else if (reader?.root !== root) reader = make(root);
      return reader?.stamp() ?? absent();
    },
    read: async () => reader?.read() ?? absent(),
  };
};

/** The folders below which Podman keeps unpacked layers when a target's own files tell it to keep them elsewhere. */
export const layersElsewhere = async (fileSystem: FileSystem): Promise<readonly string[]> => {
  for (const file of containersStorageSetting.files) {
    const content = await fileSystem.readFile(file, maxConfigBytes);
    if (!content.ok) continue;
    const named = folderNamedBy(content.value.toString('utf8'), containersStorageSetting);
    return named === undefined ? [] : [join(named, 'overlay'), join(named, 'vfs')];
  }
  return [];
};

const folderNamedBy = (text: string, setting: StoreSetting): string | undefined => {
  const named = stringOf(text, setting);
  if (named === undefined || !isAbsolute(named) || named.length > 4096) return undefined;
  return normalize(named).replace(/(?<=.)\/$/, '');
};

const isOurs = async (path: string): Promise<boolean> => {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && (info.uid === 0 || info.uid === process.geteuid?.()) && (info.mode & 0o022) === 0;
};

/** One plain string of a TOML file, read by lines: a parser of the whole would stay in the sensor's memory for two settings. */
const stringOf = (text: string, { table, key }: StoreSetting): string | undefined => {
  let current = '';
  for (const line of text.split('\n')) {
    const header = /^\s*\[+\s*([^\]]*?)\s*\]/.exec(line);
    if (header !== null) current = header[1] ?? '';
    const found = current === table ? /^\s*([\w-]+)\s*=\s*(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?$/.exec(line) : null;
    if (found?.[1] === key) return found[2] ?? found[3];
  }
  return undefined;
};
