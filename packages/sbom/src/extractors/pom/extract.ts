import { normalisePath } from '../../file-system/path.ts';
import {
  type FileContext,
  type FileExtraction,
  type FoundFile,
  type FoundPackage,
  maxTextBytes,
} from '../extractor.ts';
import { readNeighbour, readText } from '../read-document.ts';
import { boundOf, createInterpolation, type Dependency, type Pom, parsePom } from './format.ts';

const maxParents = 16;

export const extractPom = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  const own = parsePom(await readText(file));
  const line = [own, ...(await parentsOf(own, file.folder, context))];
  const interpolate = createInterpolation(line);
  const managed = new Map<string, Dependency>();
  for (const one of line.flatMap((pom) => pom.managed)) {
    const key = interpolate(`${one.group}:${one.artifact}`);
    if (!managed.has(key)) managed.set(key, one);
  }
  const packages = line
    .flatMap((pom, level) => pom.dependencies.map((dependency) => ({ dependency, isDirect: level === 0 })))
    .flatMap(({ dependency, isDirect }): FoundPackage[] => {
      const name = interpolate(`${dependency.group}:${dependency.artifact}`);
      const rule = managed.get(name);
      const scope = interpolate(dependency.scope || rule?.scope || '');
      if (scope === 'import' || name === ':') return [];
      const version = boundOf(interpolate(dependency.version || rule?.version || ''));
      return [
        {
          name,
          version: version.includes('${') ? '' : version,
          ...(scope === 'test' ? { scope } : dependency.isOptional ? { scope: 'optional' } : {}),
          ...(isDirect ? { isDirect } : {}),
        },
      ];
    });
  return { packages };
};

/** The parents that lie in the same tree; others are in a repository of artifacts, which is never asked. */
const parentsOf = async (own: Pom, folder: string, context: FileContext): Promise<Pom[]> => {
  const parents: Pom[] = [];
  let place = folder;
  for (let pom = own; pom.parent !== undefined && pom.parent.path !== '' && parents.length < maxParents; ) {
    const stated = normalisePath(`${place}/${pom.parent.path}`);
    const path = stated.endsWith('.xml') ? stated : `${stated}/pom.xml`;
    const text = await readNeighbour(context, path, maxTextBytes);
    const parent = text === undefined ? undefined : parsePom(text);
    if (parent === undefined || parent.artifact !== pom.parent.artifact) break;
    parents.push(parent);
    place = path.slice(0, path.lastIndexOf('/'));
    pom = parent;
  }
  return parents;
};
