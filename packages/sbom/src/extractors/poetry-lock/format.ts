import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField, textsOf } from '../fields.ts';

/** The packages of a lock file. Which group needs one was a category first, is not said in versions between, and a list since. */
export const parsePoetryLock = (lock: Fields): FoundPackage[] =>
  listOf(fieldOf(lock, 'package')).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    if (name === undefined) return [];
    const groups = textsOf(fieldOf(entry, 'groups'));
    const isForDev = textField(entry, 'category') === 'dev' || (groups.length > 0 && !groups.includes('main'));
    const isOptional = fieldOf(entry, 'optional') === true;
    const source = fieldOf(entry, 'source');
    const commit = textField(source, 'type') === 'git' ? textField(source, 'resolved_reference') : undefined;
    return [
      {
        name,
        version: textField(entry, 'version') ?? '',
        ...(isForDev ? { scope: 'dev' } : isOptional ? { scope: 'optional' } : {}),
        ...(commit === undefined ? {} : { commit }),
      },
    ];
  });
