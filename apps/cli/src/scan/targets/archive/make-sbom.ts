import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Sbom } from '@parapet/contract';
import { AppError } from '@parapet/core';
import { createSbom, openImageArchive, openRootStream } from '@parapet/sbom';
import { readFolder } from '../dir/make-sbom.ts';
import type { TargetContext } from '../target.ts';

export const sbomOfArchive = async (path: string, context: TargetContext): Promise<Sbom> => {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new AppError('usage', 400, `There is no file or folder ${path}.`);
  const target = { kind: 'archive', name: path } as const;
  context.say(`Reading ${path}`);
  const opened = await openImageArchive(path, choiceOf(context));
  if (opened.ok) {
    const { fileSystem, problems, image } = opened.value;
    const digest = image.configDigest;
    return createSbom({ target: { ...target, digest }, fileSystem, problems, signal: context.signal });
  }
  if (opened.error.code === 'no-platform') throw new AppError(opened.error.code, 400, opened.error.message);
  // No image in it: the files themselves are what was archived.
  if (info.isDirectory()) return readFolder(path, target, context);
  return sbomOfRoot(path, opened.error.message, context);
};

const sbomOfRoot = async (path: string, whyNoImage: string, { signal }: TargetContext): Promise<Sbom> => {
  const { fileSystem, problems } = await openRootStream(createReadStream(path), path, { signal });
  const sbom = await createSbom({ target: { kind: 'archive', name: path }, fileSystem, problems, signal });
  if (sbom.status !== 'failed') return sbom;
  const [first] = sbom.problems;
  throw new AppError(
    'no-archive',
    400,
    `${path} could not be read as an image archive (${whyNoImage}) or as a tar of a root (${first?.message ?? 'it is empty'})`,
  );
};

/** What an image target passes on of the context. */
export const choiceOf = ({ signal, platform }: TargetContext): { signal: AbortSignal; platform?: string } => ({
  signal,
  ...(platform === undefined ? {} : { platform }),
});
