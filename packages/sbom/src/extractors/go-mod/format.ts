import type { FoundPackage } from '../extractor.ts';

export type GoMod = {
  /** `1.21` or `1.21.3`; empty when the file does not say. */
  readonly goVersion: string;
  readonly toolchain: string;
  readonly requires: readonly { readonly path: string; readonly version: string; readonly isIndirect: boolean }[];
  readonly replaces: readonly {
    readonly from: string;
    readonly fromVersion: string;
    readonly to: string;
    readonly toVersion: string;
  }[];
};

/** Reads the directives of a go.mod file (https://go.dev/ref/mod#go-mod-file), alone or in blocks. */
export const parseGoMod = (text: string): GoMod => {
  const mod = {
    goVersion: '',
    toolchain: '',
    requires: [] as GoMod['requires'][number][],
    replaces: [] as GoMod['replaces'][number][],
  };
  let block = '';
  for (const raw of text.split(/\r?\n/)) {
    const [code = '', comment = ''] = raw.split('//', 2);
    const words = code
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/^["`](.*)["`]$/, '$1'));
    if (words[0] === ')') block = '';
    else if (words[1] === '(') block = words[0] ?? '';
    else take(mod, block === '' ? words : [block, ...words], /\bindirect\b/.test(comment));
  }
  return mod;
};

const take = (
  mod: {
    goVersion: string;
    toolchain: string;
    requires: GoMod['requires'][number][];
    replaces: GoMod['replaces'][number][];
  },
  [directive, first = '', second = '', ...rest]: readonly string[],
  isIndirect: boolean,
): void => {
  if (directive === 'go') mod.goVersion = first;
  else if (directive === 'toolchain') mod.toolchain = /^go(\d\S*)/.exec(first)?.[1] ?? '';
  else if (directive === 'require' && second !== '') mod.requires.push({ path: first, version: second, isIndirect });
  else if (directive === 'replace') {
    const isOfVersion = second !== '=>';
    const [to = '', toVersion = ''] = isOfVersion ? rest.slice(1) : rest;
    if (to !== '') mod.replaces.push({ from: first, fromVersion: isOfVersion ? second : '', to, toVersion });
  }
};

/** The modules that are required, replacements made, and the library of Go in the version that the project asks for. */
export const packagesOf = (mod: GoMod, sums: readonly FoundPackage[]): FoundPackage[] => {
  const required = mod.requires.flatMap(({ path, version, isIndirect }): FoundPackage[] => {
    const replacement = mod.replaces.find(
      ({ from, fromVersion }) => from === path && (fromVersion === '' || fromVersion === version),
    );
    // A folder instead of a module: what is in it, nobody says here.
    if (replacement !== undefined && replacement.toVersion === '') return [];
    const [name, chosen] = replacement === undefined ? [path, version] : [replacement.to, replacement.toVersion];
    return [{ name, version: plainVersion(chosen), ...(isIndirect ? {} : { isDirect: true }) }];
  });
  const own = mod.toolchain || mod.goVersion;
  const names = new Set([...mod.requires.map(({ path }) => path), ...required.map(({ name }) => name)]);
  return [
    ...required,
    ...sums.filter(({ name }) => !names.has(name)),
    ...(own === '' ? [] : [{ name: 'stdlib', version: own, evidence: 'declared' } as const]),
  ];
};

export const plainVersion = (version: string): string => version.replace(/^v/, '');

/** Before 1.17 a go.mod names direct requirements only. */
export const needsSums = ({ goVersion }: GoMod): boolean => {
  const [major = 0, minor = 0] = goVersion.split('.').map(Number);
  return goVersion === '' || (major === 1 && minor < 17);
};

/** `module version h1:hash` lines; a version with `/go.mod` was only asked for its requirements. The last version of each counts. */
export const parseGoSum = (text: string): FoundPackage[] => {
  const versions = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [path = '', version = ''] = line.split(' ');
    if (path !== '' && version !== '' && !version.endsWith('/go.mod')) versions.set(path, plainVersion(version));
  }
  return [...versions].map(([name, version]) => ({ name, version }));
};

/** The cache of downloaded modules holds their files, of which nothing runs. */
export const isOfProject = (path: string): boolean => !path.includes('/pkg/mod/');
