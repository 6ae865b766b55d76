/**
 * Writes a package URL for the types of distributions (deb, apk, rpm), whose names need no rules but escaping;
 * https://github.com/package-url/purl-spec. Never throws: names come out of a workload's files. Empty qualifiers are left out.
 */
export const purlOf = (
  type: string,
  namespace: string,
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string | undefined>> = {},
): string => {
  const present = Object.entries(qualifiers)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${escaped(value)}`);
  const path = [
    type,
    ...namespace.toLowerCase().split('/').filter(Boolean),
    type === 'rpm' ? name : name.toLowerCase(),
  ];
  const suffix = present.length === 0 ? '' : `?${present.join('&')}`;
  return `pkg:${path.map(escaped).join('/')}${version === '' ? '' : `@${escaped(version)}`}${suffix}`;
};

/** Percent-encodes all but letters, digits, `.-_~` and, as the specification wants, the colon. Lone surrogates become U+FFFD. */
const escaped = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
