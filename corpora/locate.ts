import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { createTarReader, type TarSink } from '../packages/core/src/index.ts';

/** A set's files; a temporary copy is removed by its disposer. */
export type LocatedSet = AsyncDisposable & { readonly folder: string };

const maxEntries = 200_000;

/** Finds a set below `corporaDir`: as a folder, or packed as `<set>.tar.zst`. `undefined` when it is not there. */
export const locateSet = async (corporaDir: string, set: string): Promise<LocatedSet | undefined> => {
  const folder = resolve(corporaDir, set);
  if (await exists(folder)) return { folder, [Symbol.asyncDispose]: async () => {} };
  const archive = resolve(corporaDir, `${set}.tar.zst`);
  if (!(await exists(archive))) return undefined;
  const target = await mkdtemp(join(tmpdir(), `parapet-corpora-${set}-`));
  await unpack(archive, target);
  return { folder: join(target, set), [Symbol.asyncDispose]: () => rm(target, { recursive: true, force: true }) };
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const unpack = async (archive: string, target: string): Promise<void> => {
  const files: { readonly path: string; readonly content: Buffer }[] = [];
  const reader = createTarReader({
    maxEntries,
    onEntry: (header): TarSink | undefined => {
      const path = resolve(target, header.path);
      if (header.kind !== 'file' || !path.startsWith(`${target}/`)) return undefined;
      const chunks: Buffer[] = [];
      return {
        write: (chunk) => chunks.push(Buffer.from(chunk)),
        end: () => files.push({ path, content: Buffer.concat(chunks) }),
      };
    },
  });
  await pipeline(createReadStream(archive), createZstdDecompress(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) reader.write(chunk);
  });
  reader.finish();
  for (const { path, content } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
};
