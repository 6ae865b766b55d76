import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField } from '../fields.ts';

/** The list beside what is installed, and manifests of projects; every port has a manifest of its own, which asks for nothing here. */
export const isOfVcpkg = (path: string): boolean =>
  path.endsWith('/vcpkg/status') || (path.endsWith('/vcpkg.json') && !/\/(?:ports|buildtrees)\//.test(path));

const maxStanzas = 100_000;

/**
 * The installed libraries of a status file: stanzas as dpkg has them, one more for each feature. A name stands once for each
 * triplet (`x64-linux`) that it was built for.
 */
export const parseStatus = (text: string): FoundPackage[] =>
  text.split(/\r?\n(?:\r?\n)+/, maxStanzas).flatMap((stanza): FoundPackage[] => {
    const field = (name: string): string =>
      new RegExp(`^${name}:[ \\t]*(\\S[^\\r\\n]*)`, 'm').exec(stanza)?.[1]?.trim() ?? '';
    const name = field('Package');
    const isThere = /^\S+ ok installed$/.test(field('Status'));
    if (name === '' || !isThere || field('Feature') !== '') return [];
    return [
      {
        name,
        version: field('Version'),
        qualifiers: { triplet: field('Architecture'), ...revision(field('Port-Version')) },
      },
    ];
  });

/** Which build of the same version: ports carry patches. */
const revision = (portVersion: string): Readonly<Record<string, string>> =>
  portVersion === '' || portVersion === '0' ? {} : { port_version: portVersion };

/** What `vcpkg.json` asks for: names, or objects with a lowest version; `overrides` say the very version. */
export const parseManifest = (document: Fields): FoundPackage[] => {
  const overrides = new Map(
    listOf(fieldOf(document, 'overrides')).map((entry) => [textField(entry, 'name') ?? '', versionOf(entry)] as const),
  );
  return listOf(fieldOf(document, 'dependencies')).flatMap((entry): FoundPackage[] => {
    const name = typeof entry === 'string' ? entry : textField(entry, 'name');
    if (name === undefined) return [];
    const version = overrides.get(name) ?? withoutRevision(textField(entry, 'version>=') ?? '');
    const isForBuild = fieldOf(entry, 'host') === true;
    return [{ name, version, evidence: 'declared', isDirect: true, ...(isForBuild ? { scope: 'build' } : {}) }];
  });
};

const versionOf = (entry: unknown): string =>
  withoutRevision(
    ['version', 'version-semver', 'version-date', 'version-string']
      .map((key) => textField(entry, key))
      .find((version) => version !== undefined) ?? '',
  );

const withoutRevision = (version: string): string => version.split('#', 1)[0] ?? '';
