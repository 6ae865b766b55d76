import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField, textsOf } from '../fields.ts';

/** The packages of a lock file. */
export const parseComposerLock = (lock: Fields): FoundPackage[] => [
  ...composerPackages(fieldOf(lock, 'packages'), () => false),
  ...composerPackages(fieldOf(lock, 'packages-dev'), () => true),
];

/** A list of packages as Composer writes them; branches have no version but a commit. */
export const composerPackages = (list: unknown, isForDev: (name: string) => boolean): FoundPackage[] =>
  listOf(list).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    if (name === undefined) return [];
    const version = textField(entry, 'version') ?? '';
    const commit = textField(fieldOf(entry, 'source'), 'reference') ?? textField(fieldOf(entry, 'dist'), 'reference');
    return [
      {
        name,
        version,
        licences: textsOf(fieldOf(entry, 'license')),
        ...(isForDev(name) ? { scope: 'dev' } : {}),
        ...(commit !== undefined && /^[0-9a-f]{7,64}$/.test(commit) ? { commit } : {}),
      },
    ];
  });
