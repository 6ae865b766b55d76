import { PackageURL } from 'packageurl-js';

/** Writes a package URL; falls back to an escaped form for names that the specification refuses, so that none gets lost. */
export const purlOf = (
  type: string,
  namespace: string,
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string | undefined>> = {},
): string => {
  const present = Object.entries(qualifiers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  try {
    return new PackageURL(type, namespace, name, version, Object.fromEntries(present), undefined).toString();
  } catch {
    return `pkg:${type}/${[namespace, name].map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`;
  }
};
