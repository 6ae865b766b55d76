import type { Package } from '@parapet/contract';
import { type Problem, problem } from '@parapet/core';
import { isAbsent } from '../../file-system/file-system.ts';
import type { ExtractContext, Extraction } from '../extractor.ts';
import { findMergedFolders, usableFiles } from '../owned-files.ts';
import { purlOf } from '../purl.ts';
import { type AlpmRecord, databaseFolder, parseDesc, parseFiles } from './format.ts';

const maxDescBytes = 1024 * 1024;
/** The longest list of Arch (of its documentation) has 8 MB. */
const maxFilesBytes = 32 * 1024 * 1024;
const maxFolderEntries = 100_000;
/** Files are small and many: reading some at a time hides the round trips. */
const packagesAtOnce = 16;

/** Reads what pacman knows of each installed package. */
export const extractAlpm = async (context: ExtractContext): Promise<Extraction> => {
  const entries = await context.fileSystem.readDirectory(databaseFolder, maxFolderEntries);
  if (!entries.ok) return { packages: [], problems: isAbsent(entries.error) ? [] : [entries.error] };
  const folders = entries.value.filter(({ kind }) => kind === 'directory').map(({ name }) => name);
  const merged = await findMergedFolders(context.fileSystem);
  const packages: Package[] = [];
  const problems: Problem[] = [];
  for (let start = 0; start < folders.length; start += packagesAtOnce) {
    context.signal.throwIfAborted();
    const batch = folders.slice(start, start + packagesAtOnce);
    const read = await Promise.all(batch.map((folder) => readPackage(context, folder, merged, problems)));
    packages.push(...read.flatMap((found) => found ?? []));
  }
  return { packages, problems };
};

const readPackage = async (
  { fileSystem, distribution, claim }: ExtractContext,
  folder: string,
  merged: readonly string[],
  problems: Problem[],
): Promise<Package | undefined> => {
  const location = `${databaseFolder}/${folder}/desc`;
  const desc = await fileSystem.readFile(location, maxDescBytes);
  if (!desc.ok) {
    problems.push(desc.error);
    return undefined;
  }
  const record = parseDesc(desc.value.toString('utf8'));
  if (record === undefined) {
    problems.push(problem('broken-entry', 'The entry has no package name or no version.', location));
    return undefined;
  }
  const files = await fileSystem.readFile(`${databaseFolder}/${folder}/files`, maxFilesBytes);
  if (!files.ok && !isAbsent(files.error)) problems.push(files.error);
  const owned = files.ok ? parseFiles(files.value.toString('utf8')) : [];
  const found = packageOf(record, location, distribution?.id, usableFiles(owned, merged));
  claim(found.purl, owned);
  return found;
};

const packageOf = (
  record: AlpmRecord,
  location: string,
  distribution: string | undefined,
  files: string[],
): Package => ({
  purl: purlOf('alpm', distribution ?? 'arch', record.name, record.version, { arch: record.architecture }),
  type: 'alpm',
  name: record.name,
  version: record.version,
  ...(record.architecture === '' ? {} : { architecture: record.architecture.slice(0, 64) }),
  source: { name: record.base.slice(0, 1024), version: record.version },
  licences: record.licences.map((licence) => licence.slice(0, 1024)),
  location: location.slice(0, 4096),
  files,
});
