import { splitPath } from '../../file-system/path.ts';
import { type FileContext, type FileExtraction, type FoundFile, maxTextBytes } from '../extractor.ts';
import { readNeighbour, readText } from '../read-document.ts';
import { parsePackagesConfig, parseProject } from './format.ts';

const maxLevels = 32;

/** Without a version a reference says nothing that advisories could be asked about: it is left out. */
export const extractMsbuild = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  const text = await readText(file);
  if (file.name === 'packages.config') return { packages: parsePackagesConfig(text) };
  const project = parseProject(text);
  if (file.name.endsWith('.props')) {
    return { packages: [...project.references, ...project.central].filter(({ version }) => version !== '') };
  }
  const isIncomplete = project.references.some(({ version }) => version === '');
  const central = isIncomplete ? await centralVersions(file.folder, context) : new Map<string, string>();
  return {
    packages: project.references
      .map((found) =>
        found.version === '' ? { ...found, version: central.get(found.name.toLowerCase()) ?? '' } : found,
      )
      .filter(({ version }) => version !== ''),
  };
};

/** The nearest file of central versions, upwards from the project. */
const centralVersions = async (folder: string, context: FileContext): Promise<ReadonlyMap<string, string>> => {
  let place = folder;
  for (let level = 0; level < maxLevels; level += 1) {
    const text = await readNeighbour(context, `${place}/Directory.Packages.props`, maxTextBytes);
    if (text !== undefined)
      return new Map(parseProject(text).central.map(({ name, version }) => [name.toLowerCase(), version]));
    if (place === '/') break;
    place = splitPath(place).folder;
  }
  return new Map();
};
