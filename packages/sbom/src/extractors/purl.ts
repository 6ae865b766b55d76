/**
 * Writes a package URL for the types of distributions (deb, apk, rpm), whose names need no rules but escaping;
 * https://github.com/package-url/purl-spec. Never throws: names come out of a workload's files. Empty qualifiers are left out.
 */
export const purlOf = (
  type: string,
  namespace: string,
  name: string,
  version: string,
  qualifiers: Qualifiers = {},
): string =>
  joinPurl(
    [type, ...namespace.toLowerCase().split('/'), type === 'rpm' ? name : name.toLowerCase()],
    version,
    qualifiers,
  );

export type Qualifiers = Readonly<Record<string, string | undefined>>;

/** Escapes and joins the parts of a package URL, whose names already follow the rules of their type. */
export const joinPurl = (path: readonly string[], version: string, qualifiers: Qualifiers): string => {
  const present = Object.entries(qualifiers)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${escaped(value)}`);
  const suffix = present.length === 0 ? '' : `?${present.join('&')}`;
  return `pkg:${path.filter(Boolean).map(escaped).join('/')}${version === '' ? '' : `@${escaped(version)}`}${suffix}`;
};

/** Percent-encodes all but letters, digits, `.-_~` and, as the specification wants, the colon. Lone surrogates become U+FFFD. */
const escaped = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
