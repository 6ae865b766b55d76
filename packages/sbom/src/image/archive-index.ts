import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createTarReader, fail, messageOf, ok, type Problem, problem, type Result, TarError } from '@parapet/core';

/** The files of an image archive by name: small ones are read whole, layers are streamed. */
export type BlobStore = AsyncDisposable & {
  readonly read: (name: string, maxBytes: number) => Promise<Result<Buffer, Problem>>;
  /** `undefined` when there is no such file. */
  readonly stream: (name: string) => Promise<Readable | undefined>;
};

/** An image has some dozens of files; an archive of many images some thousands. */
const maxMembers = 100_000;
const tarBlockBytes = 512;
const maxLinkDepth = 4;

/** Opens an archive, or the folder it was unpacked to. */
export const openBlobStore = async (path: string): Promise<Result<BlobStore, Problem>> => {
  try {
    const info = await stat(path);
    return info.isDirectory() ? ok(folderStore(path)) : await indexedArchive(path);
  } catch (error) {
    return fail(problem('unreadable', `The image cannot be opened: ${messageOf(error)}`, path));
  }
};

/** Blob names come out of the image's own JSON: nothing but plain relative paths leads to a file. */
const isPlainName = (name: string): boolean =>
  name.length <= 1024 && /^[\w.:@+-]+(?:\/[\w.:@+-]+)*$/.test(name) && !name.split('/').includes('..');

const folderStore = (folder: string): BlobStore => ({
  read: async (name, maxBytes) => {
    if (!isPlainName(name)) return fail(notThere(name));
    const opened = await openPlainFile(join(folder, name));
    if (opened === undefined) return fail(notThere(name));
    await using handle = opened;
    return await readRange(handle, name, 0, (await handle.stat()).size, maxBytes);
  },
  stream: async (name) => {
    const handle = isPlainName(name) ? await openPlainFile(join(folder, name)) : undefined;
    return handle?.createReadStream({ highWaterMark: 256 * 1024 });
  },
  [Symbol.asyncDispose]: async () => {},
});

const openPlainFile = async (path: string): Promise<FileHandle | undefined> => {
  try {
    const handle = await open(path, 'r');
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

type Member = { readonly offset: number; readonly sizeBytes: number };

/**
 * Reads only the headers of the outer tar and remembers where each file lies, so that layers are streamed later in the
 * manifest's order, whatever their order in the archive.
 */
const indexedArchive = async (path: string): Promise<Result<BlobStore, Problem>> => {
  const handle = await open(path, 'r');
  try {
    const index = await indexMembers(handle);
    return ok(archiveStore(handle, index));
  } catch (error) {
    await handle.close();
    const hint = (await isPacked(path)) ? ' It is compressed; unpack it first (gunzip, unzstd).' : '';
    const code = error instanceof TarError ? error.code : 'broken-archive';
    return fail(problem(code, `This is no image archive: ${messageOf(error)}${hint}`, path));
  }
};

type MemberIndex = { readonly members: ReadonlyMap<string, Member>; readonly links: ReadonlyMap<string, string> };

const indexMembers = async (handle: FileHandle): Promise<MemberIndex> => {
  const { size } = await handle.stat();
  const members = new Map<string, Member>();
  const links = new Map<string, string>();
  let at = 0;
  let skipTo: number | undefined;
  let isEnded = false;
  while (at < size && !isEnded) {
    let found: { name: string; sizeBytes: number; isFile: boolean } | undefined;
    const reader = createTarReader({
      maxEntries: 1,
      onEntry: (header) => {
        const name = header.path.replace(/^\.\//, '');
        found = { name, sizeBytes: header.sizeBytes, isFile: header.kind === 'file' };
        if (header.kind === 'symlink' || header.kind === 'hard-link') links.set(name, header.linkTarget);
        return undefined;
      },
    });
    // One header at a time, its PAX or long-name records included, and then over the content at once.
    while (found === undefined) {
      const block = Buffer.alloc(tarBlockBytes);
      const { bytesRead } = await handle.read(block, 0, tarBlockBytes, at);
      if (bytesRead < tarBlockBytes || block.every((byte) => byte === 0)) {
        isEnded = true;
        break;
      }
      reader.write(block);
      at += tarBlockBytes;
    }
    if (found === undefined) break;
    if (found.isFile) members.set(found.name, { offset: at, sizeBytes: found.sizeBytes });
    if (members.size + links.size > maxMembers) throw new TarError('too-many', 'The archive has too many files.');
    skipTo = at + Math.ceil(found.sizeBytes / tarBlockBytes) * tarBlockBytes;
    at = skipTo;
  }
  if (members.size === 0) throw new TarError('broken-archive', 'it holds no files');
  return { members, links };
};

const archiveStore = (handle: FileHandle, { members, links }: MemberIndex): BlobStore => {
  const find = (name: string, depth = 0): Member | undefined => {
    const target = links.get(name);
    if (target === undefined || depth > maxLinkDepth) return members.get(name);
    // Old `docker save` wrote equal layers once, and links like `../<id>/layer.tar` for the rest.
    const folder = name.split('/').slice(0, -1);
    const parts = [...folder, ...target.split('/')].reduce<string[]>((kept, part) => {
      if (part === '..') kept.pop();
      else if (part !== '.' && part !== '') kept.push(part);
      return kept;
    }, []);
    return find(parts.join('/'), depth + 1) ?? find(target.replace(/^\/+/, ''), depth + 1);
  };
  return {
    read: async (name, maxBytes) => {
      const member = find(name);
      return member === undefined
        ? fail(notThere(name))
        : readRange(handle, name, member.offset, member.sizeBytes, maxBytes);
    },
    stream: async (name) => {
      const member = find(name);
      if (member === undefined) return undefined;
      const end = member.offset + member.sizeBytes - 1;
      return handle.createReadStream({ start: member.offset, end, autoClose: false, highWaterMark: 256 * 1024 });
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
};

const readRange = async (
  handle: FileHandle,
  name: string,
  offset: number,
  sizeBytes: number,
  maxBytes: number,
): Promise<Result<Buffer, Problem>> => {
  if (sizeBytes > maxBytes) return fail(problem('too-large', `The file is larger than ${maxBytes} bytes.`, name));
  const content = Buffer.alloc(sizeBytes);
  const { bytesRead } = await handle.read(content, 0, sizeBytes, offset);
  return bytesRead === sizeBytes ? ok(content) : fail(problem('truncated', 'The image archive ends too early.', name));
};

const isPacked = async (path: string): Promise<boolean> => {
  await using handle = await open(path, 'r');
  const head = Buffer.alloc(4);
  await handle.read(head, 0, 4, 0);
  return head.readUInt16BE(0) === 0x1f8b || head.readUInt32BE(0) === 0x28b52ffd;
};

const notThere = (name: string): Problem =>
  problem('missing-blob', 'The image names a file that is not in the archive.', name.slice(0, 512));
