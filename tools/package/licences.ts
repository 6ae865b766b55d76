import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

type Lock = {
  readonly packages: Readonly<Record<string, { version?: string; dev?: boolean; link?: boolean; license?: string }>>;
};

/** Licence texts of all installed packages of the program, of which the bundles hold parts. */
export const collectLicences = async (root: string): Promise<string> => {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const texts: string[] = [libatomicNotice];
  for (const [path, entry] of Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const folder = join(root, path);
    if (!path.includes('node_modules/') || entry.dev === true || entry.link === true || !existsSync(folder)) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    texts.push(`${name} ${entry.version ?? ''} (${entry.license ?? 'see below'})\n\n${await textOf(folder)}`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n`);
};

const libatomicNotice = `lib/libatomic.so.1 (GPL-3.0-or-later with the GCC Runtime Library Exception 3.1)

It is not part of Parapet but of GCC, copied from the system that made this archive, which offers its sources. Any other build
of the same library may take its place.
`;

const textOf = async (folder: string): Promise<string> => {
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts: string[] = [];
  for (const file of files) texts.push(await readFile(join(folder, file), 'utf8').catch(() => ''));
  return texts.join('\n');
};
