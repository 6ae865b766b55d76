import { fail, ok, type Result } from '@parapet/core';
import type { DirectoryEntry, FileInfo, FileSystem, RandomAccessFile } from './file-system.ts';
import { notADirectory, notAFile, notFound, type PathEntry, resolvePath, tooLarge, tooMany } from './path.ts';

export type MemoryNode =
  | {
      readonly kind: 'file';
      readonly content: Buffer;
      readonly isExecutable?: boolean;
      readonly layer?: string;
      /** What was read from the file when it passed, instead of its content. */
      readonly passed?: unknown;
    }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'directory' };

/** A file system of nodes by canonical path: what is kept of an image archive, and fixtures. Missing parent folders exist. */
export const createMemoryFileSystem = (nodes: ReadonlyMap<string, MemoryNode>, description: string): FileSystem => {
  const folders = childrenByFolder(nodes);

  const nodeAt = (path: string): MemoryNode | undefined =>
    nodes.get(path) ?? (path === '/' || folders.has(path) ? { kind: 'directory' } : undefined);

  const lookup = async (path: string): Promise<Result<PathEntry>> => {
    const node = nodeAt(path);
    return node === undefined ? fail(notFound(path)) : ok(node);
  };

  const nodeBehind = async (path: string, followLast = true): Promise<Result<MemoryNode & { readonly at: string }>> => {
    const canonical = await resolvePath(path, lookup, followLast);
    if (!canonical.ok) return canonical;
    const node = nodeAt(canonical.value);
    return node === undefined ? fail(notFound(path)) : ok({ ...node, at: canonical.value });
  };

  const contentOf = async (path: string): Promise<Result<Buffer>> => {
    const node = await nodeBehind(path);
    if (!node.ok) return node;
    return node.value.kind === 'file' ? ok(node.value.content) : fail(notAFile(path));
  };

  const inspect = async (path: string, followLast: boolean): Promise<Result<FileInfo>> => {
    const node = await nodeBehind(path, followLast);
    if (!node.ok) return node;
    const found = nodeAt(node.value.at);
    return found === undefined ? fail(notFound(path)) : ok(infoOf(found));
  };

  return {
    description,
    stat: (path) => inspect(path, true),
    lstat: (path) => inspect(path, false),
    readFile: async (path, maxBytes) => {
      const content = await contentOf(path);
      return content.ok && content.value.length > maxBytes ? fail(tooLarge(path, maxBytes)) : content;
    },
    readDirectory: async (path, maxEntries) => {
      const node = await nodeBehind(path);
      if (!node.ok) return node;
      if (node.value.kind !== 'directory') return fail(notADirectory(path));
      const names = [...(folders.get(node.value.at) ?? [])].sort();
      if (names.length > maxEntries) return fail(tooMany(path, maxEntries));
      const prefix = node.value.at === '/' ? '/' : `${node.value.at}/`;
      return ok(names.map((name): DirectoryEntry => ({ name, kind: nodeAt(`${prefix}${name}`)?.kind ?? 'directory' })));
    },
    open: async (path) => {
      const content = await contentOf(path);
      return content.ok ? ok(bytesAsFile(content.value)) : content;
    },
    visitFolder: async (path, visit) => {
      const names = folders.get(path);
      if (names === undefined && path !== '/') return fail(notADirectory(path));
      const at = (name: string): MemoryNode | undefined => nodeAt(path === '/' ? `/${name}` : `${path}/${name}`);
      await visit({
        entries: function* () {
          for (const name of names ?? []) yield { name, kind: at(name)?.kind ?? 'directory' };
        },
        info: (name) => {
          const node = at(name);
          return node === undefined ? undefined : infoOf(node);
        },
        open: (name) => {
          const node = at(name);
          return node?.kind === 'file' ? ok(bytesAsFile(node.content)) : fail(notAFile(name));
        },
        passed: (name) => {
          const node = at(name);
          return node?.kind === 'file' ? node.passed : undefined;
        },
      });
      return ok(undefined);
    },
    isForeign: () => false,
    [Symbol.asyncDispose]: async () => {},
  };
};

/** Bytes in memory, read as a file. */
export const bytesAsFile = (bytes: Buffer): RandomAccessFile => ({
  sizeBytes: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
  [Symbol.asyncDispose]: async () => {},
});

const infoOf = (node: MemoryNode): FileInfo => ({
  kind: node.kind,
  sizeBytes: node.kind === 'file' ? node.content.length : 0,
  isExecutable: node.kind === 'file' && node.isExecutable !== false,
  identity: node,
  ...(node.kind === 'file' && node.layer !== undefined ? { layer: node.layer } : {}),
});

/** Builds a memory file system from texts by path; `-> target` as the text makes a link. For fixtures. */
export const memoryFileSystemOf = (files: Readonly<Record<string, string | Buffer>>): FileSystem =>
  createMemoryFileSystem(
    new Map(
      Object.entries(files).map(([path, content]): [string, MemoryNode] => {
        if (typeof content !== 'string') return [path, { kind: 'file', content }];
        if (content.startsWith('-> ')) return [path, { kind: 'symlink', target: content.slice(3) }];
        return [path, { kind: 'file', content: Buffer.from(content) }];
      }),
    ),
    'memory',
  );

const childrenByFolder = (nodes: ReadonlyMap<string, MemoryNode>): ReadonlyMap<string, ReadonlySet<string>> => {
  const folders = new Map<string, Set<string>>();
  for (const [path, node] of nodes) {
    if (node.kind === 'directory' && !folders.has(path)) folders.set(path, new Set());
    let child = path;
    while (child !== '/' && child !== '') {
      const slash = child.lastIndexOf('/');
      const folder = slash <= 0 ? '/' : child.slice(0, slash);
      const names = folders.get(folder) ?? new Set();
      folders.set(folder, names);
      if (names.has(child.slice(slash + 1))) break;
      names.add(child.slice(slash + 1));
      child = folder;
    }
  }
  return folders;
};
