import { joinPurl, type Qualifiers } from './purl.ts';

/**
 * The package URL of a language's package by the rules of its type (https://github.com/package-url/purl-spec, types). What
 * stands before the last separator of the name is the namespace.
 */
export const packageUrlOf = (type: string, name: string, version: string, qualifiers: Qualifiers = {}): string => {
  const lowered = lowerCased.has(type) ? name.toLowerCase() : name;
  const parts = separated.has(type) ? lowered.split(type === 'maven' ? ':' : '/') : [lowered];
  const names = type === 'pypi' ? parts.map((part) => part.replaceAll('_', '-')) : parts;
  return joinPurl([type, ...names], version, qualifiers);
};

/** Types whose names consist of parts. */
const separated: ReadonlySet<string> = new Set([
  'bitbucket',
  'composer',
  'docker',
  'github',
  'golang',
  'hex',
  'maven',
  'npm',
  'swift',
  'terraform',
]);

/** Types whose registries take upper and lower case for the same. */
const lowerCased: ReadonlySet<string> = new Set(['bitbucket', 'composer', 'github', 'golang', 'hex', 'pub', 'pypi']);
