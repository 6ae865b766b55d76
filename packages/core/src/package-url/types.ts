import type { PackageUrl } from './parts.ts';

/** What one type of package URL asks of its parts; https://github.com/package-url/purl-spec, types. */
type TypeRule = {
  readonly namespace?: 'required' | 'prohibited';
  /** Parts that are the same in upper and lower case, written in lower case. */
  readonly lower?: readonly ('namespace' | 'name' | 'version')[];
  /** Qualifiers without which it names nothing. */
  readonly needs?: readonly string[];
};

const lowerPath = ['namespace', 'name'] as const;

const rules: ReadonlyMap<string, TypeRule> = new Map<string, TypeRule>(
  Object.entries<TypeRule>({
    alpm: { namespace: 'required', lower: lowerPath },
    apk: { namespace: 'required', lower: lowerPath },
    bazel: { namespace: 'prohibited' },
    bitbucket: { namespace: 'required', lower: lowerPath },
    bitnami: { namespace: 'prohibited', lower: ['name'] },
    brew: { lower: lowerPath },
    cargo: { namespace: 'prohibited' },
    'chrome-extension': { namespace: 'prohibited', lower: ['name'] },
    cocoapods: { namespace: 'prohibited' },
    composer: { namespace: 'required', lower: lowerPath },
    conda: { namespace: 'prohibited' },
    cran: { namespace: 'prohibited' },
    deb: { namespace: 'required', lower: lowerPath },
    gem: { namespace: 'prohibited' },
    git: { namespace: 'required' },
    github: { namespace: 'required', lower: lowerPath },
    golang: { namespace: 'required' },
    hackage: { namespace: 'prohibited' },
    hex: { lower: lowerPath },
    huggingface: { namespace: 'required', lower: ['version'] },
    julia: { namespace: 'prohibited', needs: ['uuid'] },
    luarocks: { lower: lowerPath },
    maven: { namespace: 'required' },
    mlflow: { namespace: 'prohibited' },
    nuget: { namespace: 'prohibited' },
    oci: { namespace: 'prohibited', lower: ['name', 'version'] },
    opam: { namespace: 'prohibited' },
    otp: { namespace: 'prohibited', lower: ['name'] },
    pub: { namespace: 'prohibited', lower: ['name'] },
    pypi: { namespace: 'prohibited', lower: ['name', 'version'] },
    qpkg: { namespace: 'required', lower: ['namespace'] },
    rpm: { namespace: 'required', lower: ['namespace'] },
    swid: { needs: ['tag_id'] },
    swift: { namespace: 'required' },
    vcpkg: { namespace: 'prohibited' },
    'vscode-extension': { namespace: 'required', lower: ['namespace', 'name', 'version'] },
    yocto: { lower: ['namespace'] },
  }),
);

/** Brings the parts into the form of their type. */
export const normaliseParts = (parts: PackageUrl): PackageUrl => {
  const rule = rules.get(parts.type);
  const lowered = Object.fromEntries((rule?.lower ?? []).map((part) => [part, parts[part].toLowerCase()]));
  return special({ ...parts, ...lowered });
};

const special = (parts: PackageUrl): PackageUrl => {
  switch (parts.type) {
    case 'pypi':
      return { ...parts, name: parts.name.replaceAll('_', '-') };
    case 'pub':
      return { ...parts, name: parts.name.replace(/[^a-z0-9_]/g, '_') };
    case 'cpan':
      return { ...parts, namespace: parts.namespace.toUpperCase() };
    case 'mlflow':
      // Models of Databricks are the same in upper and lower case, those of others are not.
      return isDatabricks(parts) ? { ...parts, name: parts.name.toLowerCase() } : parts;
    case 'git':
      return /^(?:github|bitbucket)(?:\.com|\.org)?$/i.test(parts.namespace)
        ? { ...parts, namespace: parts.namespace.toLowerCase(), name: parts.name.toLowerCase() }
        : parts;
    default:
      return parts;
  }
};

const isDatabricks = ({ qualifiers }: PackageUrl): boolean => /databricks/i.test(qualifiers.repository_url ?? '');

/** What is wrong with the parts, to follow "This package URL …"; `undefined` when nothing is. */
export const violationOf = (parts: PackageUrl): string | undefined => {
  const rule = rules.get(parts.type);
  if (parts.name === '') return 'has no name';
  if (rule?.namespace === 'required' && parts.namespace === '' && !isSingleModule(parts)) return 'has no namespace';
  if (rule?.namespace === 'prohibited' && parts.namespace !== '') return 'has a namespace that its type does not have';
  const missing = rule?.needs?.find((key) => parts.qualifiers[key] === undefined);
  if (missing !== undefined) return `lacks the qualifier ${missing}`;
  if (parts.type === 'cpan' && parts.name.includes('::')) return 'names a module and not a distribution';
  if (parts.type !== 'chrome-extension') return undefined;
  const isExtension = /^[a-p]{32}$/.test(parts.name) && /^(?:\d+(?:\.\d+){0,3})?$/.test(parts.version);
  return isExtension ? undefined : 'is no identifier of an extension';
};

/** Go's own library and modules at the root of a host have no namespace (`stdlib`, `gopkg.in/x` has one). */
const isSingleModule = ({ type }: PackageUrl): boolean => type === 'golang';
