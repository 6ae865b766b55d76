import { maxVersionLength } from '@parapet/versions';

/** How the packages of a programming language are told and which advisories speak of them. */
export type LanguageRule = {
  /** The OSV ecosystem; https://ossf.github.io/osv-schema/#affectedpackage-ecosystem-field. */
  readonly ecosystem: string;
  /** The version as the ecosystem writes it; `undefined` for one that has no place in its order (a branch, a requirement). */
  readonly versionOf: (version: string, name: string) => string | undefined;
  /** The name that its advisories use, where it is another one. */
  readonly nameOf?: (name: string) => string;
};

/** By the type of a package URL. A map, not an object: the type comes out of a document. */
export const languageRuleOf = (packageType: string): LanguageRule | undefined => rules.get(packageType);

/**
 * The one spelling of a package name under which advisories are kept and looked up, by the rules of each registry. `ecosystem`
 * may have a suffix.
 */
export const normaliseName = (ecosystem: string, name: string): string => {
  const colon = ecosystem.indexOf(':');
  return normalisers.get(colon < 0 ? ecosystem : ecosystem.slice(0, colon))?.(name) ?? name;
};

const lower = (name: string): string => name.toLowerCase();

const normalisers: ReadonlyMap<string, (name: string) => string> = new Map([
  // PEP 503: runs of hyphens, dots and underscores are one hyphen.
  ['PyPI', (name) => name.toLowerCase().replace(/[-_.]+/g, '-')],
  ['crates.io', (name) => name.toLowerCase().replaceAll('_', '-')],
  ['Packagist', lower],
  ['NuGet', lower],
  // Module paths differ in case only where a proxy escapes them; hosts and owners do not.
  ['Go', lower],
  ['Hex', lower],
  ['Pub', lower],
  ['Bitnami', lower],
  ['GitHub Actions', lower],
  [
    'SwiftURL',
    (name) =>
      name
        .toLowerCase()
        .replace(/^(?:https?|git|ssh):\/\/(?:[^/@]*@)?/, '')
        .replace(/\.git$/, ''),
  ],
]);

const plain = (version: string): string | undefined =>
  /^[=v]*\s*\d/i.test(version) && !/[<>^*,|\s]/.test(version.trim()) ? version.trim() : undefined;

/** Whatever has a digit: Maven's and Conan's versions may begin with a word (`Finchley.SR4`, `cci.20200203`). */
const withDigit = (version: string): string | undefined =>
  /\d/.test(version) && !/[[\](),<>^*|\s$]/.test(version.trim()) ? version.trim() : undefined;

const goVersion = (version: string, name: string): string | undefined => {
  if (name !== 'stdlib' && name !== 'toolchain') return plain(version);
  // `go1.21.3 X:boringcrypto` and `go1.21.3-vendor` carry the code of 1.21.3.
  return /^(?:go|v)?(\d+(?:\.\d+){0,2}(?:(?:beta|rc)\d+)?)/.exec(version.slice(0, maxVersionLength).trim())?.[1];
};

/**
 * Programs without a package manager that Bitnami's advisories speak of, by the version of their makers. Its names, where they
 * are not the program's own.
 */
const genericNames: ReadonlyMap<string, string> = new Map([
  ...[
    'etcd',
    'haproxy',
    'java',
    'mariadb',
    'memcached',
    'mongodb',
    'mysql',
    'nginx',
    'node',
    'php',
    'postgresql',
    'python',
  ].map((name) => [name, name] as const),
  ...['redis', 'ruby', 'sqlite', 'tomcat', 'valkey', 'vault'].map((name) => [name, name] as const),
  ['httpd', 'apache'],
  ['nodejs', 'node'],
]);

const rule = (ecosystem: string, versionOf: LanguageRule['versionOf'] = plain): LanguageRule => ({
  ecosystem,
  versionOf,
});

const rules: ReadonlyMap<string, LanguageRule> = new Map(
  Object.entries({
    npm: rule('npm'),
    pypi: rule('PyPI', (version) =>
      /^\s*(?:v|\d+!)?\d/i.test(version) ? plain(version.replace(/^\s*v/i, '')) : undefined,
    ),
    maven: rule('Maven', withDigit),
    golang: rule('Go', goVersion),
    cargo: rule('crates.io'),
    gem: rule('RubyGems'),
    nuget: rule('NuGet'),
    composer: rule('Packagist'),
    hex: rule('Hex'),
    pub: rule('Pub'),
    cran: rule('CRAN'),
    bioconductor: rule('Bioconductor'),
    hackage: rule('Hackage'),
    swift: rule('SwiftURL'),
    cocoapods: rule('CocoaPods'),
    conan: rule('ConanCenter', withDigit),
    julia: rule('Julia'),
    github: rule('GitHub Actions'),
    githubactions: rule('GitHub Actions'),
    'vscode-extension': rule('VSCode'),
    opam: rule('opam'),
    bitnami: rule('Bitnami'),
    generic: {
      ecosystem: 'Bitnami',
      versionOf: (version, name) => (genericNames.has(name) ? plain(version) : undefined),
      nameOf: (name) => genericNames.get(name) ?? name,
    },
  }),
);
