import { parseLibraries } from '../dotnet-deps/format.ts';
import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

/** `packages.lock.json`: for each framework the packages with how they came in; other projects of the solution are none. */
export const parseNugetLock = (lock: Fields): FoundPackage[] =>
  Object.values(fieldsOf(fieldOf(lock, 'dependencies'))).flatMap((framework) =>
    Object.entries(fieldsOf(framework)).flatMap(([name, entry]): FoundPackage[] => {
      const kind = textField(entry, 'type');
      const version = textField(entry, 'resolved');
      if (kind === 'Project' || version === undefined) return [];
      return [{ name, version, ...(kind === 'Direct' ? { isDirect: true } : {}) }];
    }),
  );

/** `project.assets.json`: the libraries of type `package`. */
export const parseProjectAssets = (assets: Fields): FoundPackage[] =>
  parseLibraries(assets).flatMap(([found, library]) => (textField(library, 'type') === 'package' ? [found] : []));
