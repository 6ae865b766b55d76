import { messageOf, type Problem, problem } from '@parapet/core';
import { openZip, type ZipArchive, type ZipEntry } from '../../archive/zip.ts';
import type { RandomAccessFile } from '../../file-system/file-system.ts';
import { bytesAsFile } from '../../file-system/memory.ts';
import { splitPath } from '../../file-system/path.ts';
import type { FileContext, FileExtraction, FoundFile, FoundPackage } from '../extractor.ts';
import {
  guessCoordinates,
  isNestedArchive,
  isPomProperties,
  licencesOf,
  manifestName,
  packageOf,
  parseManifest,
  parsePomProperties,
} from './format.ts';

/** Archives in archives in archives: an ear of wars of jars has three levels. */
const maxDepth = 8;
const maxTextBytes = 1024 * 1024;
/** Of a nested archive that has to be unpacked into memory; those of Spring are stored as they are and read in place. */
const maxNestedBytes = 64 * 1024 * 1024;
/** Over all levels: what an archive unpacks to has a limit, however it is nested. */
const maxUnpackedBytes = 1024 * 1024 * 1024;
const maxArchives = 20_000;
const maxPackages = 50_000;

type Reading = {
  readonly context: FileContext;
  readonly path: string;
  readonly packages: FoundPackage[];
  readonly problems: Problem[];
  unpackedBytes: number;
  archives: number;
};

export const extractJavaArchive = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using content = opened.value;
  const reading: Reading = { context, path: file.path, packages: [], problems: [], unpackedBytes: 0, archives: 0 };
  await readArchive(reading, content, file.name, '', 0);
  return { packages: reading.packages.slice(0, maxPackages), problems: reading.problems };
};

const isWanted = (name: string): boolean => name === manifestName || isPomProperties(name) || isNestedArchive(name);

const readArchive = async (
  reading: Reading,
  content: RandomAccessFile,
  fileName: string,
  within: string,
  depth: number,
): Promise<void> => {
  const zip = await openZip(content, isWanted);
  const found = await ownPackages(zip, fileName);
  reading.packages.push(
    ...found.map((one) => ({ ...one, ...(within === '' ? {} : { within }), files: [reading.path] })),
  );
  for (const entry of zip.entries.filter(({ name }) => isNestedArchive(name))) {
    reading.context.signal.throwIfAborted();
    const inner = within === '' ? entry.name : `${within}!/${entry.name}`;
    try {
      await readNested(reading, zip, entry, inner, depth + 1);
    } catch (error) {
      reading.context.signal.throwIfAborted();
      if (reading.problems.length < 100) {
        reading.problems.push(
          problem(
            'broken-file',
            `A nested archive could not be read: ${messageOf(error)}`,
            `${reading.path}!/${inner}`,
          ),
        );
      }
    }
  }
};

const readNested = async (
  reading: Reading,
  zip: ZipArchive,
  entry: ZipEntry,
  within: string,
  depth: number,
): Promise<void> => {
  reading.archives += 1;
  reading.unpackedBytes += entry.sizeBytes;
  if (depth > maxDepth) throw new Error(`archives are nested more than ${maxDepth} deep`);
  if (reading.archives > maxArchives) throw new Error(`it has more than ${maxArchives} archives`);
  if (reading.unpackedBytes > maxUnpackedBytes) throw new Error(`it unpacks to more than ${maxUnpackedBytes} bytes`);
  const stored = await zip.inPlace(entry);
  const content = stored ?? bytesAsFile(await zip.read(entry, maxNestedBytes));
  await readArchive(reading, content, splitPath(`/${entry.name}`).name, within, depth);
};

/** The packages that Maven recorded, which are several in a shaded archive; else the one that can be guessed. */
const ownPackages = async (zip: ZipArchive, fileName: string): Promise<FoundPackage[]> => {
  const manifestEntry = zip.entries.find(({ name }) => name === manifestName);
  const manifest = parseManifest(manifestEntry === undefined ? '' : await textOf(zip, manifestEntry));
  const licences = licencesOf(manifest);
  const recorded = [];
  for (const entry of zip.entries.filter(({ name }) => isPomProperties(name))) {
    const coordinates = parsePomProperties(await textOf(zip, entry));
    if (coordinates !== undefined) recorded.push(coordinates);
  }
  const isOwn = ({ artifact }: { readonly artifact: string }): boolean =>
    recorded.length === 1 || fileName.startsWith(artifact);
  if (recorded.length > 0) return recorded.map((one) => packageOf(one, isOwn(one) ? licences : []));
  const guessed = guessCoordinates(fileName, manifest);
  return guessed === undefined ? [] : [packageOf(guessed, licences)];
};

const textOf = async (zip: ZipArchive, entry: ZipEntry): Promise<string> =>
  (await zip.read(entry, maxTextBytes)).toString('utf8');
