import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

/** The packages of a lock file; those of an SDK have the version 0.0.0. */
export const parsePubLock = (lock: Fields): FoundPackage[] =>
  Object.entries(fieldsOf(fieldOf(lock, 'packages'))).map(([name, entry]): FoundPackage => {
    const dependency = textField(entry, 'dependency') ?? '';
    const commit = textField(fieldOf(entry, 'description'), 'resolved-ref');
    return {
      name,
      version: textField(entry, 'version') ?? '',
      ...(dependency.startsWith('direct') ? { isDirect: true } : {}),
      ...(dependency === 'direct dev' ? { scope: 'dev' } : {}),
      ...(commit === undefined ? {} : { commit }),
    };
  });
