import type { Package } from '@parapet/contract';
import { type Problem, problem } from '@parapet/core';
import { type FileSystem, isAbsent } from '../../file-system/file-system.ts';
import type { ExtractContext, Extraction } from '../extractor.ts';
import { findMergedFolders, usableFiles } from '../owned-files.ts';
import { purlOf } from '../purl.ts';
import { type DpkgRecord, infoFolder, parseStatus, statusFile, statusFolder } from './format.ts';

/** A Debian with every package there is has a status file of 130 MB. */
const maxStatusBytes = 256 * 1024 * 1024;
const maxStanzaBytes = 1024 * 1024;
/** The longest list of Debian 12 (a kernel's documentation) has 2 MB. */
const maxListBytes = 16 * 1024 * 1024;
const maxFolderEntries = 500_000;
/** Lists are small and many: reading some at a time hides the round trips. */
const listsAtOnce = 16;

/** Reads the status file and folder, and the lists of owned files. */
export const extractDpkg = async (context: ExtractContext): Promise<Extraction> => {
  const problems: Problem[] = [];
  const found = [
    ...(await readStatusFile(context.fileSystem, problems)),
    ...(await readStatusFolder(context, problems)),
  ];
  if (found.length === 0) return { packages: [], problems };
  const lists = await listNames(context.fileSystem, problems);
  const merged = await findMergedFolders(context.fileSystem);
  const packages: Package[] = [];
  for (let start = 0; start < found.length; start += listsAtOnce) {
    context.signal.throwIfAborted();
    const batch = found.slice(start, start + listsAtOnce);
    packages.push(
      ...(await Promise.all(
        batch.map(async (located) => {
          const owned = await ownedFiles(context.fileSystem, located, lists, problems);
          const found = packageOf(located, context.distribution?.id, usableFiles(owned, merged));
          context.claim(found.purl, owned);
          return found;
        }),
      )),
    );
  }
  return { packages, problems };
};

type Located = { readonly record: DpkgRecord; readonly location: string };

const readStatusFile = async (fileSystem: FileSystem, problems: Problem[]): Promise<Located[]> => {
  const content = await fileSystem.readFile(statusFile, maxStatusBytes);
  // All fields that are read are ASCII, and latin1 halves the memory of a file of some MB.
  if (content.ok) return locate(content.value.toString('latin1'), statusFile, problems);
  if (!isAbsent(content.error)) problems.push(content.error);
  return [];
};

const readStatusFolder = async (context: ExtractContext, problems: Problem[]): Promise<Located[]> => {
  const entries = await context.fileSystem.readDirectory(statusFolder, maxFolderEntries);
  if (!entries.ok) {
    if (!isAbsent(entries.error)) problems.push(entries.error);
    return [];
  }
  const found: Located[] = [];
  for (const { name, kind } of entries.value) {
    context.signal.throwIfAborted();
    if (kind === 'directory' || name.endsWith('.md5sums')) continue;
    const path = `${statusFolder}/${name}`;
    const content = await context.fileSystem.readFile(path, maxStanzaBytes);
    if (content.ok) found.push(...locate(content.value.toString('utf8'), path, problems));
    else problems.push(content.error);
  }
  return found;
};

const locate = (text: string, location: string, problems: Problem[]): Located[] => {
  const { records, broken } = parseStatus(text, location === statusFile ? 'absent' : 'installed');
  if (broken > 0) {
    problems.push(problem('broken-entry', `${broken} entries have no package name or no version.`, location));
  }
  return records.map((record) => ({ record, location }));
};

/** Which lists exist, so that none is asked for in vain. */
const listNames = async (fileSystem: FileSystem, problems: Problem[]): Promise<ReadonlySet<string>> => {
  const entries = await fileSystem.readDirectory(infoFolder, maxFolderEntries);
  if (entries.ok) return new Set(entries.value.map((entry) => entry.name));
  if (!isAbsent(entries.error)) problems.push(entries.error);
  return new Set();
};

const ownedFiles = async (
  fileSystem: FileSystem,
  { record, location }: Located,
  lists: ReadonlySet<string>,
  problems: Problem[],
): Promise<string[]> => {
  if (location !== statusFile) return checksummedFiles(fileSystem, `${location}.md5sums`);
  const name = [`${record.name}:${record.architecture}.list`, `${record.name}.list`].find((file) => lists.has(file));
  if (name === undefined) return [];
  const content = await fileSystem.readFile(`${infoFolder}/${name}`, maxListBytes);
  if (content.ok) return content.value.toString('utf8').split('\n');
  problems.push(content.error);
  return [];
};

/** Distroless images keep `hash  path` lines instead of lists. */
const checksummedFiles = async (fileSystem: FileSystem, path: string): Promise<string[]> => {
  const content = await fileSystem.readFile(path, maxListBytes);
  if (!content.ok) return [];
  return content.value
    .toString('utf8')
    .split('\n')
    .map((line) => `/${line.slice(34)}`);
};

const packageOf = ({ record, location }: Located, distribution: string | undefined, files: string[]): Package => ({
  purl: purlOf('deb', distribution ?? 'debian', record.name, record.version, { arch: record.architecture }),
  type: 'dpkg',
  name: record.name,
  version: record.version,
  ...(record.architecture === '' ? {} : { architecture: record.architecture.slice(0, 64) }),
  source: record.source,
  licences: [],
  location,
  files,
});
