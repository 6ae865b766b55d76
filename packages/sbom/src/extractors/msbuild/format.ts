import type { FoundPackage } from '../extractor.ts';
import { childrenOf, descendantsOf, parseXml, textIn, type XmlElement } from '../xml.ts';

export type Project = {
  readonly references: readonly FoundPackage[];
  /** Versions that projects below may leave out. */
  readonly central: readonly FoundPackage[];
};

/** A project or a file of shared properties. */
export const parseProject = (text: string): Project => {
  const root = parseXml(text, ['Project']);
  const groups = [...descendantsOf(root)];
  const properties = new Map(
    groups
      .filter(({ name }) => name === 'PropertyGroup')
      .flatMap(({ children }) => children.map((one) => [one.name, one.text] as const)),
  );
  const items = (...names: readonly string[]): FoundPackage[] =>
    groups.filter(({ name }) => names.includes(name)).flatMap((item) => packageOf(item, properties) ?? []);
  return {
    references: items('PackageReference', 'GlobalPackageReference', 'PackageDownload'),
    central: items('PackageVersion', 'GlobalPackageReference'),
  };
};

/** A version may stand as an attribute or an element, and be a property. */
const packageOf = (item: XmlElement, properties: ReadonlyMap<string, string>): FoundPackage | undefined => {
  const { attributes } = item;
  const name = (attributes.Include ?? attributes.Update ?? '').trim();
  if (name === '' || name.includes('$(')) return undefined;
  const stated =
    attributes.VersionOverride ??
    attributes.Version ??
    textIn(item, 'VersionOverride') ??
    textIn(item, 'Version') ??
    '';
  const version = boundOf(
    stated.replace(/\$\(([^()]+)\)/g, (whole, property: string) => properties.get(property) ?? whole).trim(),
  );
  const isForDev = (attributes.PrivateAssets ?? textIn(item, 'PrivateAssets') ?? '').toLowerCase() === 'all';
  return { name, version: /[$*]/.test(version) ? '' : version, isDirect: true, ...(isForDev ? { scope: 'dev' } : {}) };
};

/** The version that a range begins or ends with: `[1.0,2.0)`, `[1.0]`, `(,2.0]`. */
const boundOf = (version: string): string => {
  const [, lower, upper] = /^[[(]\s*([^,\])]*?)\s*(?:,\s*([^,\])]*?)\s*)?[\])]/.exec(version) ?? [];
  return lower === undefined ? version : lower || (upper ?? '');
};

/** The older list of packages beside a project, which names exact versions. */
export const parsePackagesConfig = (text: string): FoundPackage[] =>
  childrenOf(parseXml(text, ['packages']), 'package').flatMap(({ attributes }): FoundPackage[] => {
    if (attributes.id === undefined || attributes.version === undefined) return [];
    const isForDev = attributes.developmentDependency === 'true';
    return [
      {
        name: attributes.id,
        version: attributes.version,
        evidence: 'locked',
        isDirect: true,
        ...(isForDev ? { scope: 'dev' } : {}),
      },
    ];
  });
