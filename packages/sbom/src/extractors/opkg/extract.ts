import type { Package } from '@parapet/contract';
import { type Problem, problem } from '@parapet/core';
import { isAbsent } from '../../file-system/file-system.ts';
import { type DpkgRecord, parseStatus } from '../dpkg/format.ts';
import type { ExtractContext, Extraction } from '../extractor.ts';
import { findMergedFolders, usableFiles } from '../owned-files.ts';
import { purlOf } from '../purl.ts';
import { parseList, stateFolders } from './format.ts';

/** The machines are small: a router has a status file of 50 KB. */
const maxStatusBytes = 32 * 1024 * 1024;
const maxListBytes = 4 * 1024 * 1024;

/** The status file has the form of dpkg's. The first place that has one counts. */
export const extractOpkg = async (context: ExtractContext): Promise<Extraction> => {
  for (const folder of stateFolders) {
    const content = await context.fileSystem.readFile(`${folder}/status`, maxStatusBytes);
    if (content.ok) return packagesOf(content.value.toString('utf8'), folder, context);
    if (!isAbsent(content.error)) return { packages: [], problems: [content.error] };
  }
  return { packages: [], problems: [] };
};

const packagesOf = async (text: string, folder: string, context: ExtractContext): Promise<Extraction> => {
  const location = `${folder}/status`;
  const { records, broken } = parseStatus(text);
  const merged = await findMergedFolders(context.fileSystem);
  const problems: Problem[] =
    broken === 0 ? [] : [problem('broken-entry', `${broken} entries have no package name or no version.`, location)];
  const packages: Package[] = [];
  for (const record of records) {
    context.signal.throwIfAborted();
    const owned = await ownedFiles(context, `${folder}/info/${record.name}.list`, problems);
    const found = packageOf(record, location, context.distribution?.id, usableFiles(owned, merged));
    context.claim(found.purl, owned);
    packages.push(found);
  }
  return { packages, problems };
};

/** Images whose lists were left out to save room have none. */
const ownedFiles = async ({ fileSystem }: ExtractContext, path: string, problems: Problem[]): Promise<string[]> => {
  const content = await fileSystem.readFile(path, maxListBytes);
  if (content.ok) return parseList(content.value.toString('utf8'));
  if (!isAbsent(content.error)) problems.push(content.error);
  return [];
};

const packageOf = (
  record: DpkgRecord,
  location: string,
  distribution: string | undefined,
  files: string[],
): Package => ({
  purl: purlOf('opkg', distribution ?? 'openwrt', record.name, record.version, { arch: record.architecture }),
  type: 'opkg',
  name: record.name,
  version: record.version,
  ...(record.architecture === '' ? {} : { architecture: record.architecture.slice(0, 64) }),
  source: record.source,
  licences: [],
  location,
  files,
});
