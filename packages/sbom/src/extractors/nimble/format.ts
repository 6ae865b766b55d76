import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

/** Packages by name; those of single tasks (tests, documents) lie apart. */
export const parseNimbleLock = (lock: Fields): FoundPackage[] => [
  ...packagesIn(fieldOf(lock, 'packages')),
  ...Object.values(fieldsOf(fieldOf(lock, 'tasks'))).flatMap((task) =>
    packagesIn(task).map((found): FoundPackage => ({ ...found, scope: 'dev' })),
  ),
];

const packagesIn = (value: unknown): FoundPackage[] =>
  Object.entries(fieldsOf(value)).map(([name, entry]) => {
    const commit = textField(entry, 'vcsRevision');
    return { name, version: textField(entry, 'version') ?? '', ...(commit === undefined ? {} : { commit }) };
  });

/** The texts of `requires`, which may go on in the next lines. The manifest is a program, of which nothing else is read. */
export const parseNimbleFile = (text: string): FoundPackage[] => {
  const found: FoundPackage[] = [];
  let isList = false;
  for (const line of text.split('\n')) {
    if (line.length > maxLineLength) continue;
    const begun = /^\s*requires\b[\s:(]*/.exec(line);
    if (begun === null && !isList) continue;
    const list = begun === null ? line : line.slice(begun[0].length);
    const code = list.replace(/"[^"]*"|#.*/g, (part) => (part.startsWith('"') ? part : ''));
    for (const [, requirement = ''] of code.matchAll(/"([^"]*)"/g)) found.push(...(packageOf(requirement) ?? []));
    isList = /,\s*$/.test(code) || (begun !== null && code.trim() === '');
  }
  return found;
};

const maxLineLength = 4096;

/** `name`, `name >= 1.0`, `name == 1.0`, `name#tag`; the compiler itself is no package. */
const packageOf = (requirement: string): readonly [FoundPackage] | undefined => {
  const [, name, wanted = ''] = /^\s*([^\s#@<>=~^]+)\s*@?\s*(.*?)\s*$/.exec(requirement) ?? [];
  if (name === undefined || name === 'nim') return undefined;
  return [{ name, version: wanted.replace(/^==\s*/, ''), evidence: 'declared', isDirect: true }];
};
