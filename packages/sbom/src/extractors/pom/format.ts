import { childOf, childrenOf, parseXml, textIn, type XmlElement } from '../xml.ts';

/** Repositories of artifacts have a pom beside each; they say nothing of a project that is here. */
export const isProjectPom = (path: string): boolean => !path.includes('/.m2/repository/');

export type Dependency = {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly scope: string;
  readonly isOptional: boolean;
};

/** A project as its file says it, before anything is inherited or replaced. */
export type Pom = {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly parent:
    | { readonly group: string; readonly artifact: string; readonly version: string; readonly path: string }
    | undefined;
  readonly properties: ReadonlyMap<string, string>;
  readonly dependencies: readonly Dependency[];
  readonly managed: readonly Dependency[];
};

/** Reads a project's file (https://maven.apache.org/pom.html). Profiles count when they are active by default. */
export const parsePom = (text: string): Pom => {
  const root = parseXml(text, ['project']);
  const parts = [root, ...childrenOf(childOf(root, 'profiles'), 'profile').filter(isActive)];
  const parent = childOf(root, 'parent');
  return {
    group: textIn(root, 'groupId') ?? textIn(parent, 'groupId') ?? '',
    artifact: textIn(root, 'artifactId') ?? '',
    version: textIn(root, 'version') ?? textIn(parent, 'version') ?? '',
    parent:
      parent === undefined
        ? undefined
        : {
            group: textIn(parent, 'groupId') ?? '',
            artifact: textIn(parent, 'artifactId') ?? '',
            version: textIn(parent, 'version') ?? '',
            path: textIn(parent, 'relativePath') ?? '../pom.xml',
          },
    properties: new Map(
      parts.flatMap(
        (part) => childOf(part, 'properties')?.children.map(({ name, text: value }) => [name, value] as const) ?? [],
      ),
    ),
    dependencies: parts.flatMap((part) => dependenciesIn(part)),
    managed: parts.flatMap((part) => dependenciesIn(childOf(part, 'dependencyManagement'))),
  };
};

const isActive = (profile: XmlElement): boolean => textIn(childOf(profile, 'activation'), 'activeByDefault') === 'true';

const dependenciesIn = (element: XmlElement | undefined): Dependency[] =>
  childrenOf(childOf(element, 'dependencies'), 'dependency').map((dependency) => ({
    group: textIn(dependency, 'groupId') ?? '',
    artifact: textIn(dependency, 'artifactId') ?? '',
    version: textIn(dependency, 'version') ?? '',
    scope: textIn(dependency, 'scope') ?? '',
    isOptional: textIn(dependency, 'optional') === 'true',
  }));

/** Placeholders in placeholders, as far as any project has them. */
const maxReplacements = 20;

/**
 * Replaces `${name}` by the properties of a project and its parents, the nearest first. What nobody says stays as it is.
 */
export const createInterpolation = (line: readonly Pom[]): ((text: string) => string) => {
  const [own] = line;
  const builtIn = new Map<string, string | undefined>([
    ['groupId', own?.group],
    ['artifactId', own?.artifact],
    ['version', own?.version],
    ['parent.groupId', own?.parent?.group],
    ['parent.artifactId', own?.parent?.artifact],
    ['parent.version', own?.parent?.version],
  ]);
  const replacementOf = (name: string): string | undefined =>
    line.map(({ properties }) => properties.get(name)).find((value) => value !== undefined) ??
    builtIn.get(name.replace(/^(?:project|pom)\./, ''));
  return (text) => {
    let result = text;
    for (let count = 0; count < maxReplacements && result.includes('${') && result.length < 4096; count += 1) {
      const next = result.replace(/\$\{([^${}]+)\}/g, (whole, name: string) => replacementOf(name.trim()) ?? whole);
      if (next === result) break;
      result = next;
    }
    return result;
  };
};

/** The version that a range begins or ends with: `[1.0,2.0)`, `[1.0]`, `(,2.0]`. */
export const boundOf = (version: string): string => {
  const [, lower, upper] = /^[[(]\s*([^,\])]*?)\s*(?:,\s*([^,\])]*?)\s*)?[\])]/.exec(version) ?? [];
  return lower === undefined ? version : lower || (upper ?? '');
};
