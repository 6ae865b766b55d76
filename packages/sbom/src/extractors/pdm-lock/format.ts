import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField, textsOf } from '../fields.ts';

/** The packages of a lock file; those of no default group are for development, where it has groups. */
export const parsePdmLock = (lock: Fields): FoundPackage[] =>
  listOf(fieldOf(lock, 'package')).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    if (name === undefined) return [];
    const groups = textsOf(fieldOf(entry, 'groups'));
    const commit = textField(entry, 'revision');
    return [
      {
        name,
        version: textField(entry, 'version') ?? '',
        ...(groups.length > 0 && !groups.includes('default') ? { scope: 'dev' } : {}),
        ...(commit === undefined ? {} : { commit }),
      },
    ];
  });
