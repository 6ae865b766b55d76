import type { FoundPackage } from '../extractor.ts';

/** Whether a file of this path describes an installed package, and not one that is about to be built. */
export const isInstalledMetadata = (path: string): boolean =>
  path.endsWith('.dist-info/METADATA') ||
  path.endsWith('.egg-info/PKG-INFO') ||
  path.endsWith('/EGG-INFO/PKG-INFO') ||
  path.endsWith('.egg-info');

/** A description can be a book; name, version and licence stand before it. */
const maxLines = 5000;
/** A longer licence is its text instead of its name. */
const maxLicenceLength = 200;

/**
 * The core metadata of a package (https://packaging.python.org/specifications/core-metadata): headers as in mail, of which the
 * first of a name counts. `undefined` without a name or a version.
 */
export const parseMetadata = (text: string): FoundPackage | undefined => {
  const headers = new Map<string, string[]>();
  for (const line of text.split('\n', maxLines)) {
    if (line.trim() === '') break;
    const [, key, value] = /^([A-Za-z][A-Za-z-]*):\s*(.*)$/.exec(line.trimEnd()) ?? [];
    if (key === undefined || value === undefined) continue;
    const values = headers.get(key.toLowerCase()) ?? [];
    values.push(value);
    headers.set(key.toLowerCase(), values);
  }
  const name = headers.get('name')?.[0] ?? '';
  const version = headers.get('version')?.[0] ?? '';
  return name === '' || version === '' ? undefined : { name, version, licences: licencesOf(headers) };
};

/** The expression that newer packages have, else the free text, else what the classifiers say. */
const licencesOf = (headers: ReadonlyMap<string, readonly string[]>): string[] => {
  const stated = headers.get('license-expression')?.[0] ?? headers.get('license')?.[0] ?? '';
  if (stated !== '' && stated !== 'UNKNOWN' && stated.length <= maxLicenceLength) return [stated];
  return (headers.get('classifier') ?? [])
    .filter((classifier) => classifier.startsWith('License :: '))
    .map((classifier) => classifier.slice(classifier.lastIndexOf('::') + 2).trim());
};

/** Of a `RECORD` (`path,hash,size` lines), the extension modules: files by which a process shows that it uses the package. */
export const extensionModules = (record: string): string[] =>
  record.split('\n').flatMap((line) => /^"?([^",]+\.so)"?(?:,|$)/.exec(line)?.[1] ?? []);
