import { normalisePath } from '../../file-system/path.ts';
import { type FileContext, type FileExtraction, FormatError, type FoundFile } from '../extractor.ts';
import { readNeighbour, readText } from '../read-document.ts';
import { constantIn, parseGemspec } from './format.ts';

const maxVersionFileBytes = 64 * 1024;
const maxLoads = 20;

export const extractGemspec = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  if (file.name === 'version.rb') return { packages: [] };
  const text = await readText(file);
  const { name, version, licences, versionConstant, loads } = parseGemspec(text);
  if (name === undefined) throw new FormatError('it has no name in plain text.');
  const found =
    version ||
    constantIn(text, versionConstant ?? 'VERSION') ||
    (await loadedVersion(file, context, versionConstant, loads));
  if (found === undefined) throw new FormatError('it has no version in plain text.');
  const isInstalled = file.folder.endsWith('/specifications') || file.folder.endsWith('/specifications/default');
  return { packages: [{ name, version: found, licences, ...(isInstalled ? {} : { evidence: 'declared' }) }] };
};

/** Most projects keep their version in a file of its own, as a constant. */
const loadedVersion = async (
  file: FoundFile,
  context: FileContext,
  constant: string | undefined,
  loads: readonly string[],
): Promise<string | undefined> => {
  if (constant === undefined) return undefined;
  for (const load of loads.slice(0, maxLoads)) {
    const path = load.replace(/^\/+/, '').replace(/(?:\.rb)?$/, '.rb');
    for (const place of [path, `lib/${path}`]) {
      const text = await readNeighbour(context, normalisePath(`${file.folder}/${place}`), maxVersionFileBytes);
      const version = text === undefined ? undefined : constantIn(text, constant);
      if (version !== undefined) return version;
    }
  }
  return undefined;
};
