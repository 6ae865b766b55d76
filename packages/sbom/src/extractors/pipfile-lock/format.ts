import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

/** The packages of a lock file: `default`, `develop` and, since 2023, categories of any name. */
export const parsePipfileLock = (lock: Fields): FoundPackage[] =>
  Object.entries(lock).flatMap(([category, table]) =>
    category === '_meta' ? [] : packagesOf(table, category === 'default' ? {} : { scope: 'dev' }),
  );

const packagesOf = (table: unknown, scope: Pick<FoundPackage, 'scope'>): FoundPackage[] =>
  Object.entries(fieldsOf(table)).flatMap(([name, entry]): FoundPackage[] => {
    const version = (textField(entry, 'version') ?? '').replace(/^=+/, '');
    const commit = fieldOf(entry, 'git') === undefined ? undefined : textField(entry, 'ref');
    if (version === '' && commit === undefined) return [];
    return [{ name, version, ...scope, ...(commit === undefined ? {} : { commit }) }];
  });
