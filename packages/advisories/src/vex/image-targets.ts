import { buildPackageUrl, formatPackageUrl } from '@parapet/core';

/** How an image is known: `sha256:…` of its configuration or manifest, and names with a tag, a digest or neither. */
export type ImageNames = { readonly digests: readonly string[]; readonly references: readonly string[] };

/** Package URLs of one image; more would be a mistake of whoever names it. */
const targetLimit = 512;

/**
 * The package URLs by which VEX documents may name an image, as `target` of `applyVex`: each name with each digest and tag, as
 * `oci` and as `docker`. https://github.com/package-url/purl-spec/tree/main/types-doc
 */
export const imageTargets = ({ digests, references }: ImageNames): readonly string[] => {
  const parsed = references.flatMap((reference) => parseReference(reference) ?? []);
  const all = new Set([...digests, ...parsed.flatMap(({ digest }) => digest ?? [])]);
  const names = parsed.length === 0 ? [{ path: 'image' }] : parsed;
  const purls = names.flatMap((name) => [
    ...[...all].map((digest) => ociUrl(name, digest)),
    dockerUrl(name, name.tag ?? ''),
    ...[...all].map((digest) => dockerUrl(name, digest)),
  ]);
  return [...new Set(purls.flatMap((purl) => purl ?? []))].slice(0, targetLimit);
};

type Reference = { readonly path: string; readonly registry?: string; readonly tag?: string; readonly digest?: string };

/** E.g. `registry.example:5000/shop/api:1.2@sha256:…`; a name of Docker Hub is made whole as Docker does. */
const parseReference = (reference: string): Reference | undefined => {
  const [name = '', digest] = reference.slice(0, 1024).split('@', 2);
  const match = /^(?<whole>.*?)(?::(?<tag>[^:/]+))?$/.exec(name);
  const whole = match?.groups?.['whole'] ?? '';
  const parts = whole.split('/').filter((part) => part !== '' && part !== '<none>');
  if (parts.length === 0) return undefined;
  const hasRegistry = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '');
  const path = hasRegistry ? parts.slice(1) : parts.length === 1 ? ['library', ...parts] : parts;
  const tag = match?.groups?.['tag'];
  return {
    path: path.join('/'),
    registry: (hasRegistry ? parts[0] : undefined) ?? 'docker.io',
    ...(tag === undefined || tag === '<none>' ? {} : { tag }),
    ...(digest?.startsWith('sha256:') ? { digest } : {}),
  };
};

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const ociUrl = ({ path, registry, tag }: Reference, digest: string): string | undefined =>
  urlOf({
    type: 'oci',
    name: lastOf(path),
    version: digest,
    qualifiers: {
      ...(registry === undefined ? {} : { repository_url: `${registry}/${path}` }),
      ...(tag === undefined ? {} : { tag }),
    },
  });

const dockerUrl = ({ path, registry }: Reference, version: string): string | undefined => {
  if (registry === undefined) return undefined;
  const namespace = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return urlOf({
    type: 'docker',
    name: lastOf(path),
    version,
    ...(namespace === '' || namespace === 'library' ? {} : { namespace }),
    ...(registry === 'docker.io' ? {} : { qualifiers: { repository_url: registry } }),
  });
};

const urlOf = (parts: Parameters<typeof buildPackageUrl>[0]): string | undefined => {
  const built = buildPackageUrl(parts);
  return built.ok ? formatPackageUrl(built.value) : undefined;
};
