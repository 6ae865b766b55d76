import type { Package } from '@parapet/contract';
import { type Problem, problem } from '@parapet/core';
import { isAbsent } from '../../file-system/file-system.ts';
import type { ExtractContext, Extraction } from '../extractor.ts';
import { findMergedFolders, usableFiles } from '../owned-files.ts';
import { purlOf } from '../purl.ts';
import { type ApkRecord, databaseFiles, parseInstalled } from './format.ts';

/** A desktop with thousands of packages has 30 MB. */
const maxDatabaseBytes = 256 * 1024 * 1024;

/** Reads the first database there is; a merged /usr makes both paths the same file. */
export const extractApk = async (context: ExtractContext): Promise<Extraction> => {
  for (const path of databaseFiles) {
    const content = await context.fileSystem.readFile(path, maxDatabaseBytes);
    if (content.ok) return packagesOf(content.value.toString('utf8'), path, context);
    if (!isAbsent(content.error)) return { packages: [], problems: [content.error] };
  }
  return { packages: [], problems: [] };
};

const packagesOf = async (text: string, location: string, context: ExtractContext): Promise<Extraction> => {
  const { records, broken } = parseInstalled(text);
  const merged = await findMergedFolders(context.fileSystem);
  const problems: Problem[] =
    broken === 0 ? [] : [problem('broken-entry', `${broken} entries have no package name or no version.`, location)];
  return {
    packages: records.map((record) => {
      const found = packageOf(record, location, context.distribution?.id, merged);
      context.claim(found.purl, record.files);
      return found;
    }),
    problems,
  };
};

const packageOf = (
  record: ApkRecord,
  location: string,
  distribution: string | undefined,
  merged: readonly string[],
): Package => ({
  purl: purlOf('apk', distribution ?? 'alpine', record.name, record.version, { arch: record.architecture }),
  type: 'apk',
  name: record.name,
  version: record.version,
  ...(record.architecture === '' ? {} : { architecture: record.architecture.slice(0, 64) }),
  source: { name: record.origin.slice(0, 1024), version: record.version },
  licences: record.licence === '' ? [] : [record.licence.slice(0, 1024)],
  location,
  files: usableFiles(record.files, merged),
});
