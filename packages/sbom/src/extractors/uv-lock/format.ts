import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf, textField } from '../fields.ts';
import { commitOf } from '../repository-url.ts';

/** The packages of a lock file, those of the project itself left out. What only groups of the project need is for development. */
export const parseUvLock = (lock: Fields): FoundPackage[] => {
  const entries = listOf(fieldOf(lock, 'package'));
  const own = entries.filter(isOwn);
  const direct = new Set(own.flatMap((entry) => [...dependenciesOf(entry), ...groupsOf(entry)]));
  const needed = reachable(entries, own.flatMap(dependenciesOf));
  return entries.flatMap((entry): FoundPackage[] => {
    const name = textField(entry, 'name');
    if (name === undefined || isOwn(entry)) return [];
    return [
      {
        name,
        version: textField(entry, 'version') ?? '',
        ...(own.length > 0 && !needed.has(name) ? { scope: 'dev' } : {}),
        ...(direct.has(name) ? { isDirect: true } : {}),
        ...commitOf(textField(fieldOf(entry, 'source'), 'git') ?? ''),
      },
    ];
  });
};

/** The project and the other members of its workspace lie in folders. */
const isOwn = (entry: unknown): boolean => {
  const source = fieldOf(entry, 'source');
  return textField(source, 'virtual') !== undefined || textField(source, 'editable') !== undefined;
};

const namesIn = (list: unknown): string[] => listOf(list).flatMap((entry) => textField(entry, 'name') ?? []);

const dependenciesOf = (entry: unknown): string[] => [
  ...namesIn(fieldOf(entry, 'dependencies')),
  ...Object.values(fieldsOf(fieldOf(entry, 'optional-dependencies'))).flatMap(namesIn),
];

const groupsOf = (entry: unknown): string[] =>
  Object.values(fieldsOf(fieldOf(entry, 'dev-dependencies'))).flatMap(namesIn);

const reachable = (entries: readonly unknown[], start: readonly string[]): ReadonlySet<string> => {
  const needs = new Map<string, string[]>();
  for (const entry of entries) {
    const name = textField(entry, 'name') ?? '';
    needs.set(name, [...(needs.get(name) ?? []), ...dependenciesOf(entry)]);
  }
  const seen = new Set<string>();
  const pending = [...start];
  while (pending.length > 0) {
    const name = pending.pop() ?? '';
    if (seen.has(name)) continue;
    seen.add(name);
    pending.push(...(needs.get(name) ?? []));
  }
  return seen;
};
