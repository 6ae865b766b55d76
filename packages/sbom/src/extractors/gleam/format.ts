import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf, textField } from '../fields.ts';

/** The packages of `manifest.toml`, which locks them, or those that `gleam.toml` asks for. */
export const parseGleam = (document: Fields): FoundPackage[] => [
  ...lockedOf(document),
  ...declaredOf(fieldOf(document, 'dependencies')),
  ...declaredOf(fieldOf(document, 'dev-dependencies'), 'dev'),
];

/** Other tools write a `manifest.toml` too; an entry of Gleam's says where its package comes from. */
const lockedOf = (document: Fields): FoundPackage[] => {
  const direct = fieldsOf(fieldOf(document, 'requirements'));
  return listOf(fieldOf(document, 'packages')).flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    const source = textField(entry, 'source');
    if (name === undefined || (source !== 'hex' && source !== 'git')) return [];
    const commit = textField(entry, 'commit');
    return [
      {
        name,
        version: textField(entry, 'version') ?? '',
        evidence: 'locked',
        ...(Object.hasOwn(direct, name) ? { isDirect: true } : {}),
        ...(commit === undefined ? {} : { commit }),
      },
    ];
  });
};

/** Requirements; those of a folder or a repository are tables. */
const declaredOf = (dependencies: unknown, scope?: 'dev'): FoundPackage[] =>
  Object.entries(fieldsOf(dependencies)).flatMap(([name, requirement]): FoundPackage[] =>
    typeof requirement === 'string'
      ? [{ name, version: requirement, isDirect: true, ...(scope === undefined ? {} : { scope }) }]
      : [],
  );
