import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField } from '../fields.ts';
import { commitOf } from '../repository-url.ts';

/** Cargo keeps the sources of what it downloaded, of which nothing runs. */
export const isOfProject = (path: string): boolean => !/\/\.?cargo\/(?:registry|git)\//.test(path);

/** The packages of a lock file, of all versions; those of the workspace have no source. */
export const parseCargoLock = (lock: Fields): FoundPackage[] =>
  listOf(fieldOf(lock, 'package')).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    if (name === undefined) return [];
    const source = textField(entry, 'source') ?? '';
    return [
      { name, version: textField(entry, 'version') ?? '', ...(source.startsWith('git+') ? commitOf(source) : {}) },
    ];
  });
