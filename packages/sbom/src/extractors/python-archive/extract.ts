import { openZip } from '../../archive/zip.ts';
import { type FileExtraction, FormatError, type FoundFile } from '../extractor.ts';
import { parseMetadata } from '../python-metadata/format.ts';
import { isOwnMetadata } from './format.ts';

const maxMetadataBytes = 4 * 1024 * 1024;

export const extractPythonArchive = async (file: FoundFile): Promise<FileExtraction> => {
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using archive = opened.value;
  const zip = await openZip(archive, isOwnMetadata);
  const [entry] = zip.entries;
  const found =
    entry === undefined ? undefined : parseMetadata((await zip.read(entry, maxMetadataBytes)).toString('utf8'));
  if (found === undefined) throw new FormatError('it has no metadata with a name and a version.');
  return { packages: [found] };
};
