import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execArgv } from '@parapet/core';
import { rolldown } from 'rolldown';
import { sensorVersion } from '../../apps/sensor/src/version.ts';
import { root } from '../../tools/build.ts';

/** A sensor's version as the console hands it out, made small: its Node is this one. */
export type SensorBuild = {
  readonly version: string;
  readonly build: string;
  readonly architecture: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly path: string;
  /** Its folder, unpacked. */
  readonly folder: string;
};

/** Bundles the sensor once and has it say each of these versions. Returns a folder for each. */
export const bundleSensor = async (folder: string, versions: readonly string[]): Promise<readonly string[]> => {
  const require = createRequire(join(root, 'package.json'));
  const bundle = await rolldown({
    input: { sensor: join(root, 'apps/sensor/src/main.ts') },
    platform: 'node',
    logLevel: 'silent',
    external: /^(node:|bufferutil$|utf-8-validate$)/,
    plugins: [
      {
        name: 'koffi-where-it-lies',
        resolveId: (id: string) =>
          id === 'koffi' ? { id: pathToFileURL(require.resolve('koffi')).href, external: true } : null,
      },
    ],
  });
  const banner =
    "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
  const { output } = await bundle.generate({ format: 'esm', banner });
  await bundle.close();
  const said = `sensorVersion = "${sensorVersion}"`;
  const targets = versions.map((version) => ({ version, dir: join(folder, `bundle-${version}`) }));
  let renamed = 0;
  for (const { version, dir } of targets) {
    await mkdir(dir, { recursive: true });
    for (const chunk of output) {
      if (chunk.type !== 'chunk') continue;
      if (chunk.code.includes(said)) renamed += 1;
      await writeFile(join(dir, chunk.fileName), chunk.code.replace(said, `sensorVersion = "${version}"`));
    }
  }
  if (renamed !== versions.length) throw new Error('the bundle does not say its version where it is looked for');
  return targets.map(({ dir }) => dir);
};

/**
 * Packs a bundle as an archive. `node` is the body of the script that stands in for Node: by default it becomes this one;
 * `"$NODE"` names it.
 */
export const packSensor = async (
  folder: string,
  bundle: string,
  version: string,
  id: string,
  node = 'exec "$NODE" "$@"',
): Promise<SensorBuild> => {
  const build = `${version}-${id}`;
  const target = join(folder, 'packed', build);
  await mkdir(join(target, 'bin'), { recursive: true });
  const { stdout } = await execArgv(['cp', '-r', `${bundle}/.`, target]);
  if (stdout !== '') throw new Error(stdout);
  await writeFile(join(target, 'package.json'), '{"type":"module"}');
  await copyFile(join(root, 'deploy/sensor/parapet-sensor'), join(target, 'bin/parapet-sensor'));
  await writeFile(join(target, 'bin/node'), `#!/bin/sh\nNODE='${process.execPath}'\n${node}\n`);
  for (const name of ['parapet-sensor', 'node']) await chmod(join(target, 'bin', name), 0o755);
  const path = join(folder, `${build}.tar.gz`);
  const packed = await execArgv(['tar', '-czf', path, '-C', join(folder, 'packed'), build]);
  if (packed.exitCode !== 0) throw new Error(packed.stderr);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const { size } = await stat(path);
  return { version, build, architecture: process.arch, sizeBytes: size, sha256, path, folder: target };
};

/** Installs a build as the installation does. Returns the program that starts it. */
export const installSensor = async (rootDir: string, { build, folder }: SensorBuild): Promise<string> => {
  await mkdir(join(rootDir, 'versions'), { recursive: true });
  const copied = await execArgv(['cp', '-r', folder, join(rootDir, 'versions', build)]);
  if (copied.exitCode !== 0) throw new Error(copied.stderr);
  await symlink(join('versions', build), join(rootDir, 'current'));
  return join(rootDir, 'current/bin/parapet-sensor');
};
