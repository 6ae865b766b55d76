import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField } from '../fields.ts';

export const isPylock = (path: string): boolean => /\/pylock(?:\.[^/.]+)?\.toml$/.test(path);

/** The packages of a lock file. A folder without a version is the project itself. */
export const parsePylock = (lock: Fields): FoundPackage[] =>
  listOf(fieldOf(lock, 'packages')).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    const version = textField(entry, 'version') ?? '';
    if (name === undefined || (version === '' && fieldOf(entry, 'directory') !== undefined)) return [];
    const commit = textField(fieldOf(entry, 'vcs'), 'commit-id');
    return [{ name, version, ...(commit === undefined ? {} : { commit }) }];
  });
