import { parseImageReference } from '../registry-image/reference.ts';

/** The names under which stores keep what a person calls `app:1`: as it is, and with registry, `library/` and tag written out. */
export const imageNamesOf = (name: string): readonly string[] => {
  const parsed = parseImageReference(name);
  if (!parsed.ok) return [name];
  const { host, repository, tag, digest } = parsed.value;
  const registry = host === 'registry-1.docker.io' ? 'docker.io' : host;
  const version = digest === undefined ? `:${tag}` : `@${digest}`;
  // What Podman builds itself has the registry `localhost`.
  const own = `localhost/${repository.replace(/^library\//, '')}${version}`;
  return [...new Set([name, `${registry}/${repository}${version}`, own])];
};
