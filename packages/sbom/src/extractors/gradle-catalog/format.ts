import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

export const isCatalog = (path: string): boolean => path.endsWith('.versions.toml');

/** The libraries of a catalogue: `"group:name:version"`, or a table with `module` or `group` and `name`. */
export const parseCatalog = (catalog: Fields): FoundPackage[] => {
  const versions = fieldOf(catalog, 'versions');
  return Object.values(fieldsOf(fieldOf(catalog, 'libraries'))).flatMap((library): FoundPackage[] => {
    if (typeof library === 'string') {
      const [group, name, version = ''] = library.split(':');
      return group === undefined || name === undefined ? [] : [{ name: `${group}:${name}`, version, isDirect: true }];
    }
    const [group, name] = [textField(library, 'group'), textField(library, 'name')];
    const module =
      textField(library, 'module') ?? (group === undefined || name === undefined ? undefined : `${group}:${name}`);
    if (module === undefined) return [];
    return [{ name: module, version: versionOf(fieldOf(library, 'version'), versions), isDirect: true }];
  });
};

/** A version, a reference to one, or a rich one, of which the strictest part is taken. */
const versionOf = (stated: unknown, versions: unknown): string => {
  if (typeof stated === 'string') return stated;
  const reference = textField(stated, 'ref');
  if (reference !== undefined) return versionOf(fieldOf(versions, reference), undefined);
  return textField(stated, 'strictly') ?? textField(stated, 'require') ?? textField(stated, 'prefer') ?? '';
};
