import type { Distribution, Package } from '@parapet/contract';
import { messageOf, type Problem, problem } from '@parapet/core';
import { type FileSystem, isAbsent, type RandomAccessFile } from '../../file-system/file-system.ts';
import type { ExtractContext, Extraction } from '../extractor.ts';
import { findMergedFolders, usableFiles } from '../owned-files.ts';
import { purlOf } from '../purl.ts';
import { readBerkeleyHeaders } from './database/berkeley.ts';
import { type BlockReader, createBlockReader, FormatError } from './database/block-reader.ts';
import { readNdbHeaders } from './database/ndb.ts';
import { readSqliteHeaders } from './database/sqlite.ts';
import { parseHeader, type RpmRecord } from './format.ts';

/** The second is the older place, often a link to the first; the third that of ostree. */
const folders = ['/usr/lib/sysimage/rpm', '/var/lib/rpm', '/usr/share/rpm'];

type Reader = (file: BlockReader, wal: BlockReader | undefined) => AsyncGenerator<Buffer>;

/** Newest format first: after a conversion the old file can still be there. */
const formats: readonly { readonly fileName: string; readonly read: Reader }[] = [
  { fileName: 'rpmdb.sqlite', read: readSqliteHeaders },
  { fileName: 'Packages.db', read: readNdbHeaders },
  { fileName: 'Packages', read: readBerkeleyHeaders },
];

export const databaseFiles: readonly string[] = folders.flatMap((folder) =>
  formats.map(({ fileName }) => `${folder}/${fileName}`),
);

const wanted = new Set([...databaseFiles, ...folders.map((folder) => `${folder}/rpmdb.sqlite-wal`), ...folders]);

export const isRpmFile = (path: string): boolean => wanted.has(path);

const maxPackages = 100_000;
/** One broken header is one problem; a file full of them is one, too. */
const maxBroken = 20;

/** Reads the first database that has packages. */
export const extractRpm = async (context: ExtractContext): Promise<Extraction> => {
  const problems: Problem[] = [];
  const merged = await findMergedFolders(context.fileSystem);
  for (const folder of folders) {
    for (const { fileName, read } of formats) {
      context.signal.throwIfAborted();
      const path = `${folder}/${fileName}`;
      const file = await context.fileSystem.open(path);
      if (!file.ok) {
        if (!isAbsent(file.error)) problems.push(file.error);
        continue;
      }
      const packages = await readDatabase(path, file.value, read, context, merged, problems);
      if (packages.length > 0) return { packages, problems };
    }
  }
  return { packages: [], problems };
};

const readDatabase = async (
  path: string,
  opened: RandomAccessFile,
  read: Reader,
  context: ExtractContext,
  merged: readonly string[],
  problems: Problem[],
): Promise<Package[]> => {
  await using file = opened;
  if (file.sizeBytes === 0) return [];
  await using wal = await openLog(context.fileSystem, path);
  const packages: Package[] = [];
  let broken = 0;
  try {
    const headers = read(createBlockReader(file), wal === undefined ? undefined : createBlockReader(wal));
    for await (const header of headers) {
      context.signal.throwIfAborted();
      const record = parseOrReport(header, path, problems, broken < maxBroken);
      if (record === undefined) broken += 1;
      else if (record.name !== 'gpg-pubkey') {
        const found = packageOf(record, path, context.distribution, merged);
        context.claim(
          found.purl,
          record.files.map((owned) => owned.path),
        );
        packages.push(found);
      }
      if (packages.length > maxPackages) throw new FormatError(`it has more than ${maxPackages} packages`);
    }
  } catch (error) {
    context.signal.throwIfAborted();
    problems.push(
      problem('broken-database', `The rpm database could not be read to its end: ${messageOf(error)}.`, path),
    );
  }
  if (broken > maxBroken) problems.push(problem('broken-entry', `${broken} entries of the database are broken.`, path));
  return packages;
};

/** SQLite's write-ahead log: a host that installs something right now has its newest pages there. */
const openLog = async (fileSystem: FileSystem, path: string): Promise<RandomAccessFile | undefined> => {
  const log = path.endsWith('.sqlite') ? await fileSystem.open(`${path}-wal`) : undefined;
  return log?.ok === true ? log.value : undefined;
};

const parseOrReport = (
  header: Buffer,
  path: string,
  problems: Problem[],
  isReported: boolean,
): RpmRecord | undefined => {
  try {
    return parseHeader(header);
  } catch (error) {
    if (isReported) problems.push(problem('broken-entry', `A package cannot be read: ${messageOf(error)}.`, path));
    return undefined;
  }
};

const packageOf = (
  record: RpmRecord,
  location: string,
  distribution: Distribution | undefined,
  merged: readonly string[],
): Package => {
  const release = record.release === '' ? record.version : `${record.version}-${record.release}`;
  const epoch = record.epoch === undefined ? '' : `${record.epoch}:`;
  const source = sourceOf(record, epoch);
  return {
    purl: purlOf('rpm', vendorOf(distribution), record.name, release, {
      arch: record.architecture,
      epoch: record.epoch === undefined ? undefined : String(record.epoch),
      rpmmod: record.module,
    }).slice(0, 2048),
    type: 'rpm',
    name: record.name.slice(0, 1024),
    version: `${epoch}${release}`.slice(0, 1024),
    ...(record.architecture === '' ? {} : { architecture: record.architecture.slice(0, 64) }),
    ...(source === undefined ? {} : { source }),
    licences: record.licence === '' ? [] : [record.licence.slice(0, 1024)],
    location,
    files: usableFiles(record.files, merged),
  };
};

/** `name-version-release.src.rpm`; its epoch is that of its packages, nearly always. */
const sourceOf = (record: RpmRecord, epoch: string): Package['source'] => {
  const found = /^(.+)-([^-]+)-([^-]+)\.(?:no)?src\.rpm$/.exec(record.sourceRpm.slice(0, 1024));
  const [, name, version, release] = found ?? [];
  return name === undefined ? undefined : { name, version: `${epoch}${version}-${release}` };
};

/** The namespaces of package URLs are vendors. */
const vendorOf = (distribution: Distribution | undefined): string => {
  const id = distribution?.id ?? 'redhat';
  if (id === 'rhel') return 'redhat';
  return id.startsWith('opensuse') ? 'opensuse' : id === 'sles' || id === 'sled' ? 'suse' : id;
};
