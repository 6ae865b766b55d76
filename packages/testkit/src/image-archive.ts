import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { execArgv, writeTar } from '@parapet/core';

/** Packs a folder as an image of one layer, as `docker save` writes it. Returns its identity, the digest of its configuration. */
export const writeImageArchive = async (
  root: string,
  image: { readonly path: string; readonly reference: string; readonly labels?: Readonly<Record<string, string>> },
): Promise<string> => {
  const layerPath = `${image.path}.layer`;
  const packed = await execArgv(['tar', '-C', root, '-cf', layerPath, '.'], { timeoutMs: 120_000 });
  if (packed.exitCode !== 0) throw new Error(`tar failed: ${packed.stderr}`);
  const layer = await readFile(layerPath);
  const config = JSON.stringify({
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    created: '2026-01-02T03:04:05Z',
    config: { Labels: image.labels ?? {} },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digestOf(layer)}`] },
  });
  const manifest = [{ Config: 'config.json', RepoTags: [image.reference], Layers: ['layer.tar'] }];
  await writeFile(
    image.path,
    writeTar([
      { name: 'config.json', content: config },
      { name: 'layer.tar', content: layer },
      { name: 'manifest.json', content: JSON.stringify(manifest) },
    ]),
  );
  await rm(layerPath);
  return `sha256:${digestOf(config)}`;
};

const digestOf = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
