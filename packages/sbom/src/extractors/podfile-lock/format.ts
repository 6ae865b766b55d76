import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf, textField } from '../fields.ts';

/**
 * The pods of a lock file. What is below a pod (`Pod/Core`) is a part of it and has its version; advisories speak of the pod,
 * so it is told once.
 */
export const parsePodfileLock = (lock: Fields): FoundPackage[] => {
  const direct = new Set(entriesOf(fieldOf(lock, 'DEPENDENCIES')).map((entry) => podOf(entry).name));
  const checkouts = fieldOf(lock, 'CHECKOUT OPTIONS');
  const pods = new Map<string, FoundPackage>();
  for (const entry of entriesOf(fieldOf(lock, 'PODS'))) {
    const { name, version } = podOf(entry);
    if (name === '' || version === undefined) continue;
    const commit = textField(fieldOf(checkouts, name), ':commit');
    pods.set(name, {
      name,
      version,
      ...(direct.has(name) ? { isDirect: true } : {}),
      ...(commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit) ? { commit } : {}),
    });
  }
  return [...pods.values()];
};

/** An entry is text, or an object with one key when it has dependencies. */
const entriesOf = (list: unknown): string[] =>
  listOf(list).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.keys(fieldsOf(entry)).slice(0, 1)));

/** `Pod/Part (1.2.3)`; in dependencies a requirement stands in the parentheses. */
const podOf = (entry: string): { readonly name: string; readonly version: string | undefined } => ({
  name: entry.split(/[\s/]/, 1)[0] ?? '',
  version: /\(([^()\s]+)\)$/.exec(entry.trim())?.[1],
});
