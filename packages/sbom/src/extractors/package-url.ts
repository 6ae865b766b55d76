import { buildPackageUrl, formatPackageUrl } from '@parapet/core';
import { joinPurl, type Qualifiers } from './purl.ts';

/**
 * The package URL of a language's package. What stands before the last separator of the name is the namespace. A name that its
 * type does not allow, such as one of Maven without a group, is still written: files of a workload decide about names.
 */
export const packageUrlOf = (type: string, name: string, version: string, qualifiers: Qualifiers = {}): string => {
  const parts = separated.has(type) ? name.split(type === 'maven' ? ':' : '/').filter(Boolean) : [name];
  const present = Object.fromEntries(
    Object.entries(qualifiers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const built = buildPackageUrl({
    type,
    namespace: parts.slice(0, -1).join('/'),
    name: parts.at(-1) ?? name,
    version: versionFor(type, name, version),
    qualifiers: present,
  });
  return built.ok ? formatPackageUrl(built.value) : joinPurl([type, ...parts], version, qualifiers);
};

/** Versions of Go have a `v` in package URLs and none in advisories; those of its own library have none anywhere. */
const versionFor = (type: string, name: string, version: string): string =>
  type === 'golang' && name !== 'stdlib' && /^\d/.test(version) ? `v${version}` : version;

/** Types whose names consist of parts. */
const separated: ReadonlySet<string> = new Set([
  'bitbucket',
  'composer',
  'cpan',
  'docker',
  'github',
  'githubactions',
  'golang',
  'hex',
  'jsr',
  'maven',
  'npm',
  'swift',
  'terraform',
  'vscode-extension',
]);
