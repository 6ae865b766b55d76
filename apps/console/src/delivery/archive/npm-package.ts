import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError, createTarReader, execArgv, messageOf, type TarSink } from '@parapet/core';
import { z } from 'zod';

/** A package of the lock file this program was built from, with the hash of its archive. */
export const LockedPackage = z.object({
  name: z.string().regex(/^(@[a-z0-9-]+\/)?[a-z0-9-]+$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** `sha512-` and base64. */
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/=]{88}$/),
});
export type LockedPackage = z.infer<typeof LockedPackage>;

const fetchMs = 10 * 60_000;
const packedBytes = 256 * 1024 * 1024;
const unpackedBytes = 512 * 1024 * 1024;
const maxEntries = 20_000;

/**
 * Unpacks a package into `targetDir`: from `offlineDir`, where a person may have put its archive, else by npm from the
 * registry that npm is configured for. Its hash is that of the lock file in both cases. Throws AppError `npm-package`.
 */
export const unpackNpmPackage = async (
  wanted: LockedPackage,
  dirs: { readonly offlineDir: string; readonly temporaryDir: string; readonly targetDir: string },
): Promise<void> => {
  const fileName = `${wanted.name.replace('@', '').replace('/', '-')}-${wanted.version}.tgz`;
  const offline = await readdir(dirs.offlineDir).catch((): string[] => []);
  const archive = offline.includes(fileName)
    ? join(dirs.offlineDir, fileName)
    : join(await fetchByNpm(wanted, dirs.temporaryDir, join(dirs.offlineDir, fileName)), fileName);
  await checkIntegrity(archive, wanted);
  await unpack(archive, dirs.targetDir);
};

const fetchByNpm = async (wanted: LockedPackage, dir: string, offlinePath: string): Promise<string> => {
  const spec = `${wanted.name}@${wanted.version}`;
  const advice = `Make npm and a registry reachable for the console, or put the package’s archive at ${offlinePath}.`;
  const outcome = await execArgv(
    ['npm', 'pack', spec, '--pack-destination', dir, '--cache', join(dir, 'cache'), '--ignore-scripts', '--silent'],
    { timeoutMs: fetchMs, cwd: dir },
  ).catch((error: unknown) => {
    throw new AppError(
      'npm-package',
      503,
      `The package ${spec} is needed, and npm is not here (${messageOf(error)}). ${advice}`,
    );
  });
  if (outcome.exitCode === 0) return dir;
  const why = outcome.cut ? 'npm took too long' : (outcome.stderr.trim().split('\n').at(-1) ?? '').slice(0, 300);
  throw new AppError(
    'npm-package',
    503,
    `The package ${spec} could not be fetched: ${why || 'npm gave no reason'}. ${advice}`,
  );
};

const checkIntegrity = async (path: string, wanted: LockedPackage): Promise<void> => {
  const hash = createHash('sha512');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path)) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > packedBytes) throw new AppError('npm-package', 503, `${path} is too large for ${wanted.name}.`);
    hash.update(chunk as Buffer);
  }
  if (`sha512-${hash.digest('base64')}` === wanted.integrity) return;
  throw new AppError('npm-package', 503, `${path} is not ${wanted.name} ${wanted.version}: its hash is another one.`);
};

const unpack = async (archive: string, targetDir: string): Promise<void> => {
  await mkdir(targetDir, { recursive: true });
  const open = new Set<Promise<void>>();
  const folders = new Set<string>();
  const planned: { readonly path: string; readonly stream: WriteStream }[] = [];
  let unpacked = 0;
  const sinkFor = (path: string): TarSink => {
    const stream = createWriteStream(path, { mode: 0o644, flags: 'wx' });
    const done = finished(stream);
    open.add(done);
    // Its failure is awaited below; until then it must not count as unhandled.
    done.catch(() => undefined);
    planned.push({ path, stream });
    return {
      write: (chunk) => {
        unpacked += chunk.length;
        if (unpacked > unpackedBytes) throw new AppError('npm-package', 503, `${archive} unpacks to too much.`);
        stream.write(Buffer.from(chunk));
      },
      end: () => stream.end(),
    };
  };
  const wantedFiles = /^package\/(bin\/node|LICENSE|package\.json|index\.js|linux_[a-z0-9]+\/koffi\.node)$/;
  for (const folder of ['bin', 'linux_x64', 'linux_arm64']) folders.add(join(targetDir, folder));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const reader = createTarReader({
    maxEntries,
    onEntry: ({ kind, path }) => {
      if (kind !== 'file' || !wantedFiles.test(path)) return undefined;
      const target = join(targetDir, normalize(path.slice('package/'.length)));
      return folders.has(dirname(target)) || dirname(target) === targetDir ? sinkFor(target) : undefined;
    },
  });
  for await (const chunk of createReadStream(archive).pipe(createGunzip())) {
    reader.write(chunk as Buffer);
    // As much as can be written at once; a fast reader would keep it all in memory.
    for (const { stream } of planned) if (stream.writableNeedDrain) await drained(stream);
  }
  reader.finish();
  await Promise.all(open);
};

const drained = (stream: WriteStream): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.once('drain', resolve);
    stream.once('error', reject);
  });
