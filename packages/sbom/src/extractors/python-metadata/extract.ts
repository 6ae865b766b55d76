import { normalisePath, splitPath } from '../../file-system/path.ts';
import { type FileContext, type FileExtraction, FormatError, type FoundFile } from '../extractor.ts';
import { readNeighbour, readText } from '../read-document.ts';
import { extensionModules, parseMetadata } from './format.ts';

const maxRecordBytes = 8 * 1024 * 1024;

export const extractPythonMetadata = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  const found = parseMetadata(await readText(file));
  if (found === undefined) throw new FormatError('it has no name or no version.');
  const files = await modulesOf(file, context);
  return { packages: [files.length === 0 ? found : { ...found, files }] };
};

/** In the stream of an image the list of files is not at hand; the package is then found without them. */
const modulesOf = async (file: FoundFile, context: FileContext): Promise<string[]> => {
  if (file.name !== 'METADATA') return [];
  const record = await readNeighbour(context, `${file.folder}/RECORD`, maxRecordBytes);
  const { folder } = splitPath(file.folder);
  return extensionModules(record ?? '').map((path) => normalisePath(`${folder}/${path}`));
};
