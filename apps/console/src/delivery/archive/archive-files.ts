import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf } from '@parapet/core';
import type { Architecture } from '../delivery-job.ts';
import type { CLibrary } from './c-library.ts';

/** One file of an archive, below the folder of its version. */
export type ArchiveFile = {
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly content: { readonly kind: 'file'; readonly path: string } | { readonly kind: 'text'; readonly text: string };
  /** How it differs from what lies at its source. */
  readonly edit?: 'program' | 'loader';
};

/** Where on the console's machine the parts of an archive lie. */
export type ArchiveSources = {
  readonly architecture: Architecture;
  readonly version: string;
  /** The built program: sensor.js and its chunks, node_modules/koffi, deploy/sensor, licences. */
  readonly programDir: string;
  readonly nodePath: string;
  /** The package with koffi's native file for the architecture. */
  readonly koffiDir: string;
  readonly cLibrary: CLibrary | undefined;
};

/** All files of an archive but those that describe it. Throws AppError `not-built` when a part is missing. */
export const listArchiveFiles = async (sources: ArchiveSources): Promise<readonly ArchiveFile[]> => {
  const { programDir, koffiDir, cLibrary } = sources;
  const scripts = join(programDir, 'deploy/sensor');
  const licences = join(programDir, 'licences');
  const native = `linux_${sources.architecture}`;
  const koffi = `node_modules/@koromix/koffi-linux-${sources.architecture}`;
  const plain = (path: string, source: string): ArchiveFile => ({
    path,
    mode: 0o644,
    content: { kind: 'file', path: source },
  });
  const programs = (await list(programDir)).filter((name) => /^sensor(-[^/]+)?\.js$/.test(name));
  if (!programs.includes('sensor.js')) throw notBuilt(join(programDir, 'sensor.js'));
  const files: ArchiveFile[] = [
    { path: 'bin/node', mode: 0o755, content: { kind: 'file', path: sources.nodePath }, edit: 'program' },
    { ...plain('bin/parapet-sensor', join(scripts, 'parapet-sensor')), mode: 0o755 },
    plain('share/parapet-sensor.service', join(scripts, 'parapet-sensor.service')),
    plain('share/parapet-sensor.openrc', join(scripts, 'parapet-sensor.openrc')),
    { path: 'package.json', mode: 0o644, content: { kind: 'text', text: '{"type":"module","private":true}\n' } },
    ...programs.map((name) => plain(name, join(programDir, name))),
    ...(await koffiFiles(programDir)).map((name) =>
      plain(`node_modules/koffi/${name}`, join(programDir, 'node_modules/koffi', name)),
    ),
    plain(`${koffi}/package.json`, join(koffiDir, 'package.json')),
    plain(`${koffi}/index.js`, join(koffiDir, 'index.js')),
    plain(`${koffi}/${native}/koffi.node`, join(koffiDir, native, 'koffi.node')),
    ...(await list(licences)).map((name) => plain(`licences/${name}`, join(licences, name))),
  ];
  if (cLibrary === undefined) return files;
  return [
    ...files,
    ...cLibrary.files.map(
      ({ name, path }): ArchiveFile => ({
        path: `lib/${name}`,
        mode: 0o755,
        content: { kind: 'file', path },
        ...(name === cLibrary.loader ? { edit: 'loader' } : {}),
      }),
    ),
    { path: 'licences/c-library.txt', mode: 0o644, content: { kind: 'text', text: await cLibraryLicence(cLibrary) } },
  ];
};

/** What runs of koffi: its JavaScript, without the program that compiles it. */
const koffiFiles = async (programDir: string): Promise<readonly string[]> => {
  const root = join(programDir, 'node_modules/koffi');
  const names = await readdir(root, { recursive: true }).catch((error: unknown) =>
    Promise.reject(notBuilt(root, error)),
  );
  return names
    .filter((name) => /\.c?js$/.test(name) || name === 'package.json' || name === 'LICENSE.txt')
    .filter((name) => name !== 'cnoke.cjs')
    .sort();
};

const list = async (dir: string): Promise<string[]> =>
  (await readdir(dir, { withFileTypes: true }).catch((error: unknown) => Promise.reject(notBuilt(dir, error))))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();

const notBuilt = (path: string, cause?: unknown): AppError =>
  new AppError(
    'not-built',
    503,
    `The sensor is not built here: ${path} is missing${cause === undefined ? '' : ` (${messageOf(cause)})`}. npm start builds it.`,
  );

/** Licence texts as Debian and its kin keep them; elsewhere the names alone are given. */
const licenceTexts = ['LGPL-2.1', 'GPL-3'].map((name) => ({ name, path: `/usr/share/common-licenses/${name}` }));

const cLibraryLicence = async (library: CLibrary): Promise<string> => {
  const texts = await Promise.all(
    licenceTexts.map(async ({ name, path }) => {
      const text = await readFile(path, 'utf8').catch(() => '');
      return text === '' ? '' : `\n==== ${name} ====\n\n${text}`;
    }),
  );
  return [
    'The files in lib/ are not part of Parapet. They were copied from the machine of the console that serves this sensor:',
    `${library.origin}, ${library.description}.`,
    'The source code of just these files is that distribution’s, from where it is had with its packages.',
    '',
    'GNU C Library (libc, libm, libdl, libpthread, libresolv, libnss_*, the loader): LGPL-2.1-or-later.',
    'libstdc++, libgcc_s, libatomic: GPL-3.0-or-later with the GCC Runtime Library Exception 3.1.',
    '',
    'One file was changed: in the loader the two file names /etc/ld.so.cache and /etc/ld.so.preload are blanked, so that it',
    'reads neither. Any file in lib/ may be replaced by another build of the same library.',
    ...texts,
    '',
  ].join('\n');
};
