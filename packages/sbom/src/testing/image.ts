import { createHash } from 'node:crypto';
import { type TarMember, tarOf } from './tar.ts';

const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const configOf = (layers: readonly Buffer[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${digestOf(layer)}`) },
    }),
  );

/** An image as `docker save` writes it, the lowest layer first. `order` shuffles the archive's members. */
export const dockerArchive = (
  layers: readonly Buffer[],
  order: (members: readonly TarMember[]) => readonly TarMember[] = (members) => members,
): Buffer => {
  const config = configOf(layers);
  const manifest = [
    {
      Config: `${digestOf(config)}.json`,
      RepoTags: ['sample:1'],
      Layers: layers.map((layer) => `${digestOf(layer)}/layer.tar`),
    },
  ];
  return tarOf(
    order([
      { path: `${digestOf(config)}.json`, content: config },
      ...layers.map((layer): TarMember => ({ path: `${digestOf(layer)}/layer.tar`, content: layer })),
      { path: 'manifest.json', content: JSON.stringify(manifest) },
    ]),
  );
};

/** An image as an OCI layout has it, with an attestation beside it. */
export const ociArchive = (layers: readonly Buffer[], platform = 'amd64'): Buffer => {
  const blobs: TarMember[] = [];
  const add = (content: Buffer): { digest: string; size: number } => {
    blobs.push({ path: `blobs/sha256/${digestOf(content)}`, content });
    return { digest: `sha256:${digestOf(content)}`, size: content.length };
  };
  const config = add(configOf(layers));
  const manifest = add(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: layers.map(add) })));
  const attestation = add(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [] })));
  const index = {
    schemaVersion: 2,
    manifests: [
      { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } },
      {
        ...manifest,
        platform: { os: 'linux', architecture: platform },
        annotations: { 'org.opencontainers.image.ref.name': 'sample:2' },
      },
    ],
  };
  return tarOf([
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', content: JSON.stringify(index) },
    ...blobs,
  ]);
};
