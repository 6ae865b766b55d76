import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import {
  createTarReader,
  fail,
  messageOf,
  ok,
  type Problem,
  problem,
  type Result,
  TarError,
  type TarSink,
} from '@parapet/core';
import { openPromise } from 'yauzl';

/** Called for each file of an archive, one after the other; returns where its content goes. */
export type OnMember = (path: string) => TarSink;

/** A refusal that is about the archive, not about us; the message is shown. */
export class MemberRefused extends Error {
  readonly problem: Problem;

  constructor(refused: Problem) {
    super(refused.message);
    this.name = 'MemberRefused';
    this.problem = refused;
  }
}

const maxMembers = 10_000;

/** Walks a zip, tar, tar.gz or tar.zst, told by its first bytes. Links, devices and paths that leave the archive are refused. */
export const walkMembers = async (
  path: string,
  onMember: OnMember,
  signal: AbortSignal,
): Promise<Result<void, Problem>> => {
  try {
    const kind = await archiveKind(path);
    if (kind === undefined) {
      return fail(problem('unknown-archive', 'The bundle is no zip, tar, tar.gz or tar.zst file.', path));
    }
    const checked: OnMember = (name) => onMember(checkedPath(name));
    await (kind === 'zip' ? walkZip(path, checked, signal) : walkTar(path, kind, checked, signal));
    return ok(undefined);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MemberRefused) return fail(error.problem);
    const code = error instanceof TarError ? error.code : 'broken-archive';
    return fail(problem(code, `The bundle is broken or incomplete: ${messageOf(error)}`, path));
  }
};

type ArchiveKind = 'zip' | 'tar' | 'tar.gz' | 'tar.zst';

const archiveKind = async (path: string): Promise<ArchiveKind | undefined> => {
  await using handle = await open(path, 'r');
  const head = Buffer.alloc(262);
  await handle.read(head, 0, head.length, 0);
  if (head.readUInt32BE(0) === 0x504b0304) return 'zip';
  if (head.readUInt32BE(0) === 0x28b52ffd) return 'tar.zst';
  if (head.readUInt16BE(0) === 0x1f8b) return 'tar.gz';
  return head.toString('latin1', 257, 262) === 'ustar' ? 'tar' : undefined;
};

/** Names stay below the bundle: no `..`, nothing absolute, no odd characters. */
const checkedPath = (name: string): string => {
  const path = name.replace(/^\.\//, '');
  const isPlain = path.length <= 512 && /^[\w .()+@,=-]+(?:\/[\w .()+@,=-]+)*$/.test(path);
  if (isPlain && !path.split('/').some((part) => part === '..' || part === '.')) return path;
  throw new MemberRefused(
    problem('bad-member', 'A file in the bundle has a name that is not allowed.', name.slice(0, 256)),
  );
};

const notAFile = (name: string): MemberRefused =>
  new MemberRefused(problem('bad-member', 'The bundle holds a link or a special file.', name.slice(0, 256)));

const walkZip = async (path: string, onMember: OnMember, signal: AbortSignal): Promise<void> => {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    if (zip.entryCount > maxMembers) throw new TarError('too-many', `more than ${maxMembers} files`);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      const unixType = (entry.externalFileAttributes >>> 28) & 0xf;
      if (unixType !== 0 && unixType !== 8) throw notAFile(entry.fileName);
      const sink = onMember(entry.fileName);
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        signal.throwIfAborted();
        sink.write(chunk);
      }
      sink.end();
    }
  } finally {
    zip.close();
  }
};

const walkTar = async (path: string, kind: ArchiveKind, onMember: OnMember, signal: AbortSignal): Promise<void> => {
  const reader = createTarReader({
    maxEntries: maxMembers,
    onEntry: (header) => {
      if (header.kind === 'directory') return undefined;
      if (header.kind !== 'file') throw notAFile(header.path);
      return onMember(header.path);
    },
  });
  const feed = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) reader.write(chunk);
    reader.finish();
  };
  const input = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpack = kind === 'tar.gz' ? createGunzip() : kind === 'tar.zst' ? createZstdDecompress() : undefined;
  await (unpack === undefined ? pipeline(input, feed, { signal }) : pipeline(input, unpack, feed, { signal }));
};
