import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail, ok, type Problem, parseJson, problem, type Result } from '@parapet/core';
import { z } from 'zod';
import { openBytes, readElf } from './elf-file.ts';

/** The C library to ship: the very files that this process runs with, so that they are known to carry this Node. */
export type CLibrary = {
  /** In its own words, e.g. `GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36`. */
  readonly description: string;
  /** File name of the loader among the files. */
  readonly loader: string;
  /** Name by which programs ask for each, and where it lies. */
  readonly files: readonly { readonly name: string; readonly path: string }[];
  /** Who made them: the distribution of this machine. */
  readonly origin: string;
};

/** Parts of the C library that it loads by itself to look up names; before 2.34 they are files of their own. */
const lookups = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];
/** What the loader would ask of the host: left out, so that nothing of the host's gets into the sensor by them. */
export const loaderBlanks = ['/etc/ld.so.cache', '/etc/ld.so.preload'] as const;

/**
 * Finds what `programs` need among the files mapped into this process. Problem `c-library` when one is missing, e.g. where
 * the C library is none by GNU.
 */
export const findCLibrary = async (programs: readonly string[]): Promise<Result<CLibrary, Problem>> => {
  const mapped = await mappedLibraries();
  const files = new Map<string, string>();
  const wanted: string[] = [];
  let loader: string | undefined;
  for (const program of programs) {
    const elf = await readElfAt(program);
    if (!elf.ok) return elf;
    if (elf.value.interpreter !== undefined) loader = basename(elf.value.interpreter);
    wanted.push(...elf.value.needed);
  }
  if (loader === undefined) return missing('the program names no loader');
  wanted.push(loader);
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (files.has(name)) continue;
    const path = mapped.get(name);
    if (path === undefined) return missing(`${name} is not loaded in this process`);
    const elf = await readElfAt(path);
    if (!elf.ok) return elf;
    files.set(name, path);
    wanted.push(...elf.value.needed);
  }
  const main = files.get('libc.so.6');
  if (main === undefined) return missing('it is none by GNU');
  for (const name of lookups) {
    const path = await realpath(join(dirname(main), name)).catch(() => undefined);
    if (path !== undefined && !files.has(name)) files.set(name, path);
  }
  return ok({
    description: descriptionIn(await readFile(main)),
    loader,
    files: [...files].map(([name, path]) => ({ name, path })).sort((one, other) => (one.name < other.name ? -1 : 1)),
    origin: await distributionName(),
  });
};

/** Shared objects mapped into this process, by the name that others know them by. */
const mappedLibraries = async (): Promise<ReadonlyMap<string, string>> => {
  const maps = await readFile('/proc/self/maps', 'utf8');
  const paths = new Set(maps.split('\n').flatMap((line) => /\s(\/\S+)$/.exec(line)?.[1] ?? []));
  const found = new Map<string, string>();
  for (const path of paths) {
    if (!/\.so(\.|$)/.test(basename(path))) continue;
    const elf = await readElfAt(path);
    if (elf.ok) found.set(elf.value.soname ?? basename(path), path);
  }
  return found;
};

const readElfAt = async (path: string) => {
  await using bytes = await openBytes(path);
  return await readElf(bytes);
};

const descriptionIn = (content: Buffer): string =>
  /GNU C Library [ -~]{1,160}/.exec(content.toString('latin1'))?.[0].replace(/[.,]$/, '') ?? 'GNU C Library';

const distributionName = async (): Promise<string> => {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const quoted = /^PRETTY_NAME=(".*")$/m.exec(text)?.[1];
  const name = quoted === undefined ? undefined : parseJson(quoted, z.string());
  return name?.ok === true ? name.value.slice(0, 200) : 'an unnamed distribution';
};

const missing = (why: string): Result<never, Problem> =>
  fail(problem('c-library', `The C library of this machine cannot be shipped: ${why}.`));
