import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf, textField, textsOf } from '../fields.ts';

/** The packages of a lock file: lists of references in Conan 2 (0.5), a graph of nodes in Conan 1 (0.0 to 0.4). */
export const parseConanLock = (lock: Fields): FoundPackage[] => [
  ...referencesOf(lock, 'requires'),
  ...referencesOf(lock, 'build_requires', 'dev'),
  ...referencesOf(lock, 'python_requires', 'dev'),
  ...nodesOf(fieldOf(fieldOf(lock, 'graph_lock'), 'nodes')),
];

const referencesOf = (lock: Fields, key: string, scope?: 'dev'): FoundPackage[] =>
  textsOf(fieldOf(lock, key)).flatMap((reference) => packageOf(reference, scope) ?? []);

/** A node with a path is the project itself. What only builds (`build_requires`, the context of the build) does not run. */
const nodesOf = (graph: unknown): FoundPackage[] => {
  const nodes = Object.entries(fieldsOf(graph));
  const toRun = new Set<string>();
  const toBuild = new Set<string>();
  for (const [, node] of nodes) {
    for (const id of idsOf(fieldOf(node, 'requires'))) toRun.add(id);
    for (const id of idsOf(fieldOf(node, 'build_requires'))) toBuild.add(id);
  }
  return nodes.flatMap(([id, node]) => {
    const reference = textField(node, 'ref') ?? textField(node, 'pref');
    if (reference === undefined || textField(node, 'path') !== undefined) return [];
    const isForBuild = textField(node, 'context') === 'build' || (toBuild.has(id) && !toRun.has(id));
    return packageOf(reference, isForBuild ? 'dev' : undefined) ?? [];
  });
};

/** A list of ids; in the oldest format an object whose values they are. */
const idsOf = (requires: unknown): readonly string[] =>
  textsOf(Array.isArray(requires) ? listOf(requires) : Object.values(fieldsOf(requires)));

/** `name/version@user/channel#recipe-revision%time`, in old files followed by `:package-id#revision`; all but the first two may be missing. */
const packageOf = (reference: string, scope: 'dev' | undefined): FoundPackage | undefined => {
  const [, name, version, user, channel, revision] =
    /^([^/@#:%\s]+)\/([^/@#:%\s]+)(?:@([^/#:%\s]+)\/([^#:%\s]+))?(?:#([0-9a-f]+))?(?=$|[%:#@])/.exec(reference) ?? [];
  if (name === undefined || version === undefined) return undefined;
  return {
    name,
    version,
    qualifiers: { user, channel, rrev: revision === '0' ? undefined : revision },
    ...(scope === undefined ? {} : { scope }),
  };
};
