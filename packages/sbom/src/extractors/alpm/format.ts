/** One folder for each installed package. */
export const databaseFolder = '/var/lib/pacman/local';

export const isAlpmFile = (path: string): boolean =>
  path.startsWith(`${databaseFolder}/`) && /^[^/]+\/(?:desc|files)$/.test(path.slice(databaseFolder.length + 1));

/** One package, as pacman wrote it. */
export type AlpmRecord = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The package whose build made it (`%BASE%`). */
  readonly base: string;
  readonly licences: readonly string[];
};

/** The largest packages have 100,000 files. */
const maxValues = 500_000;
const maxLicences = 64;

/** The package of a `desc` file; `undefined` without a name or a version. */
export const parseDesc = (text: string): AlpmRecord | undefined => {
  const sections = sectionsOf(text);
  const first = (section: string): string => sections.get(section)?.[0] ?? '';
  const name = first('NAME');
  const version = first('VERSION');
  if (name === '' || version === '' || name.length > 256 || version.length > 256) return undefined;
  return {
    name,
    version,
    architecture: first('ARCH'),
    base: first('BASE') || name,
    licences: (sections.get('LICENSE') ?? []).slice(0, maxLicences),
  };
};

/** The paths of a `files` file; those of folders end with a slash and are left out. */
export const parseFiles = (text: string): string[] =>
  (sectionsOf(text).get('FILES') ?? []).filter((path) => !path.endsWith('/')).map((path) => `/${path}`);

/** `%NAME%` lines, each followed by values line by line until an empty one (alpm-db-desc(5)). The first of a name counts. */
const sectionsOf = (text: string): ReadonlyMap<string, readonly string[]> => {
  const sections = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of text.split('\n', maxValues)) {
    const name = values === undefined ? /^%([A-Z0-9]{1,64})%$/.exec(line)?.[1] : undefined;
    if (line === '') values = undefined;
    else if (name !== undefined) {
      values = [];
      if (!sections.has(name)) sections.set(name, values);
    } else values?.push(line);
  }
  return sections;
};
