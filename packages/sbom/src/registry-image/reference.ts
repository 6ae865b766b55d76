import { fail, ok, type Problem, problem, type Result } from '@parapet/core';

/** An image of a registry, its parts made explicit. */
export type ImageReference = {
  /** Host with port; Docker Hub is `registry-1.docker.io`. */
  readonly host: string;
  readonly repository: string;
  /** `sha256:…` where the reference names content, otherwise a tag. */
  readonly digest: string | undefined;
  readonly tag: string;
  /** Under which name Docker's configuration keeps credentials. */
  readonly credentialKey: string;
};

const hostPattern = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/**
 * Reads a reference as Docker does: the first part is a host when it has a dot or a port or is `localhost`, otherwise the image
 * is on Docker Hub. Fails with `bad-reference`.
 */
export const parseImageReference = (text: string): Result<ImageReference, Problem> => {
  const bad = fail(problem('bad-reference', `${JSON.stringify(text.slice(0, 256))} is no name of an image.`));
  if (text.length > 1024) return bad;
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))) return bad;
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const isHost = /[.:[]/.test(first) || first === 'localhost';
  const path = isHost ? named.slice(slash + 1) : named;
  const [plain = '', tag = 'latest', ...rest] = path.split(':');
  const isHub = !isHost || first === 'docker.io' || first === 'index.docker.io';
  const repository = isHub && !plain.includes('/') ? `library/${plain}` : plain;
  if (rest.length > 0 || !/^\w[\w.-]{0,127}$/.test(tag) || !repositoryPattern.test(repository)) return bad;
  if (!isHub && !hostPattern.test(first)) return bad;
  return ok({
    host: isHub ? 'registry-1.docker.io' : first,
    repository,
    digest,
    tag,
    credentialKey: isHub ? 'https://index.docker.io/v1/' : first,
  });
};

/** Registries on this machine speak plain HTTP, as Docker has it; everything else must be asked for by name. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
