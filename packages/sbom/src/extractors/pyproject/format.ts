import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField, textsOf } from '../fields.ts';
import { parseRequirement } from '../python-requirement.ts';

/** What the project declares. */
export const parsePyproject = (document: Fields): FoundPackage[] => {
  const project = fieldOf(document, 'project');
  const poetry = fieldOf(fieldOf(document, 'tool'), 'poetry');
  return [
    ...requirementsOf(fieldOf(project, 'dependencies')),
    ...Object.values(fieldsOf(fieldOf(project, 'optional-dependencies'))).flatMap((list) =>
      requirementsOf(list, 'optional'),
    ),
    ...Object.values(fieldsOf(fieldOf(document, 'dependency-groups'))).flatMap((list) => requirementsOf(list, 'dev')),
    ...poetryDependencies(fieldOf(poetry, 'dependencies')),
    ...poetryDependencies(fieldOf(poetry, 'dev-dependencies'), 'dev'),
    ...Object.values(fieldsOf(fieldOf(poetry, 'group'))).flatMap((group) =>
      poetryDependencies(fieldOf(group, 'dependencies'), 'dev'),
    ),
  ];
};

const requirementsOf = (list: unknown, scope?: FoundPackage['scope']): FoundPackage[] =>
  textsOf(list).flatMap((text) => {
    const found = parseRequirement(text);
    return found === undefined ? [] : [{ ...found, ...(scope === undefined ? {} : { scope }), isDirect: true }];
  });

/** `name = "^1.2"` or `name = { version = "^1.2" }`; a plain version is a range too. */
const poetryDependencies = (table: unknown, scope?: FoundPackage['scope']): FoundPackage[] =>
  Object.entries(fieldsOf(table)).flatMap(([name, stated]): FoundPackage[] => {
    if (name === 'python') return [];
    const range = typeof stated === 'string' ? stated : (textField(stated, 'version') ?? '');
    const version = /^\s*(?:\^|~|==|>=|~=)?\s*(\d+(?:[.!+-]?\w+)*)/.exec(range)?.[1] ?? '';
    return [
      {
        name,
        version,
        evidence: /^\s*==/.test(range) ? 'locked' : 'declared',
        ...(scope === undefined ? {} : { scope }),
        isDirect: true,
      },
    ];
  });
