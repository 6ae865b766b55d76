import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField } from '../fields.ts';

/** The list of packages by the format of cargo-auditable; those that only the build needed are not in the program. */
export const parseAuditable = (document: Fields): FoundPackage[] =>
  listOf(fieldOf(document, 'packages')).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    if (name === undefined) return [];
    const isForBuild = textField(entry, 'kind') === 'build';
    return [{ name, version: textField(entry, 'version') ?? '', ...(isForBuild ? { scope: 'build' } : {}) }];
  });
