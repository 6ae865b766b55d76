import type { FoundPackage } from '../extractor.ts';

export const archiveExtensions: readonly string[] = [
  'jar',
  'war',
  'ear',
  'hpi',
  'jpi',
  'kar',
  'lpkg',
  'nar',
  'par',
  'rar',
  'sar',
];

const nested = new RegExp(`\\.(?:${archiveExtensions.join('|')})$`, 'i');

export const isNestedArchive = (name: string): boolean => nested.test(name);

export const manifestName = 'META-INF/MANIFEST.MF';

export const isPomProperties = (name: string): boolean => /^META-INF\/maven\/.*\/pom\.properties$/.test(name);

export type Coordinates = { readonly group: string; readonly artifact: string; readonly version: string };

/** What Maven writes into the archives that it makes. `undefined` where a part is missing, or a placeholder was left in. */
export const parsePomProperties = (text: string): Coordinates | undefined => {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/, 1000)) {
    const [, key, value] = /^\s*(groupId|artifactId|version)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, value.trim());
  }
  const [group = '', artifact = '', version = ''] = ['groupId', 'artifactId', 'version'].map((key) => values.get(key));
  const isWhole = [group, artifact, version].every((part) => part !== '' && !part.includes('${') && !/\s/.test(part));
  return isWhole ? { group, artifact, version } : undefined;
};

/** The main section of a manifest; a line that begins with a space goes on with the one before. */
export const parseManifest = (text: string): ReadonlyMap<string, string> => {
  const values = new Map<string, string>();
  const main = text.replace(/\r\n?/g, '\n').split('\n\n', 1)[0] ?? '';
  for (const line of main.replaceAll('\n ', '').split('\n', 1000)) {
    const colon = line.indexOf(':');
    if (colon > 0) values.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return values;
};

/**
 * Coordinates of an archive that does not state them: name and version from its file name or its manifest, the group from what
 * a manifest says of the vendor, else from the name. `undefined` when there is no version.
 */
export const guessCoordinates = (fileName: string, manifest: ReadonlyMap<string, string>): Coordinates | undefined => {
  const base = fileName.replace(nested, '');
  const [, stem = base, fileVersion] = /^(.+)-(\d[\w.+]*(?:-[A-Za-z]\w*(?:\.\w+)*)*)$/.exec(base) ?? [];
  const symbolicName = manifest.get('bundle-symbolicname')?.split(';', 1)[0]?.trim() ?? '';
  const version =
    fileVersion ??
    ['implementation-version', 'bundle-version', 'specification-version']
      .map((key) => manifest.get(key))
      .find(isVersion);
  if (version === undefined || stem === '') return undefined;
  const group =
    [manifest.get('implementation-vendor-id'), parentOf(symbolicName), parentOf(stem)].find(isGroup) ?? stem;
  return { group, artifact: stem, version };
};

const isVersion = (text: string | undefined): text is string => text !== undefined && /^\d[\w.+-]{0,63}$/.test(text);

const isGroup = (text: string | undefined): text is string =>
  text !== undefined && /^[a-z][\w-]*(?:\.[\w-]+)+$/i.test(text);

const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));

export const packageOf = ({ group, artifact, version }: Coordinates, licences: readonly string[]): FoundPackage => ({
  name: `${group}:${artifact}`,
  version,
  ...(licences.length === 0 ? {} : { licences }),
});

/** A manifest names its licence by the address of its text, or by an SPDX expression. */
export const licencesOf = (manifest: ReadonlyMap<string, string>): string[] => {
  const stated = manifest.get('bundle-license')?.split(',', 1)[0]?.split(';', 1)[0]?.trim() ?? '';
  return stated === '' || stated.length > 200 ? [] : [stated];
};
