import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sbom } from '@parapet/contract';
import { AppError } from '@parapet/core';
import { createSbom, openImageArchive, openLocalImage } from '@parapet/sbom';
import { opaqueTest } from '@parapet/sensor/opaque-test';
import { choiceOf } from '../archive/make-sbom.ts';
import { runDocker } from '../docker.ts';
import type { TargetContext } from '../target.ts';

/** Of Docker, and what it has not, of the stores that containerd and Podman keep. */
export const sbomOfImage = async (reference: string, context: TargetContext): Promise<Sbom> => {
  try {
    return await sbomOfDockerImage(reference, context);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'no-target') throw error;
    return await sbomOfStoredImage(reference, context, error);
  }
};

/** `docker save` writes its index last and layers in any order, so it goes through a file, removed whatever happens. */
const sbomOfDockerImage = async (reference: string, context: TargetContext): Promise<Sbom> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-scan-'));
  try {
    const file = join(dir, 'image.tar');
    context.say(`Saving the image ${reference} from Docker`);
    await runDocker(['save', '--output', file], reference, context.signal);
    context.say(`Reading packages of ${reference}`);
    const opened = await openImageArchive(file, choiceOf(context));
    if (!opened.ok)
      throw new AppError(opened.error.code, 400, `${reference} could not be read: ${opened.error.message}`);
    const { fileSystem, problems, image } = opened.value;
    return await createSbom({
      target: { kind: 'image', name: reference, digest: image.configDigest },
      fileSystem,
      problems,
      signal: context.signal,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

const sbomOfStoredImage = async (reference: string, context: TargetContext, docker: AppError): Promise<Sbom> => {
  const opened = await openLocalImage(reference, {
    ...choiceOf(context),
    isOpaque: await opaqueTest(),
  });
  if (!opened.ok) {
    const where = opened.error.at === undefined ? '' : ` (${opened.error.at})`;
    const why =
      opened.error.code === 'no-image'
        ? 'Neither containerd nor Podman has it.'
        : `Nor could it be had from containerd or Podman: ${opened.error.message}${where}`;
    throw new AppError('no-target', 400, `${docker.message.replace(/[.?!]*$/, '.')} ${why}`, { cause: docker });
  }
  const { fileSystem, problems, store, configDigest } = opened.value;
  context.say(`Reading packages of ${reference} in the store of ${store}`);
  await using _ = fileSystem;
  return await createSbom({
    target: { kind: 'image', name: reference, digest: configDigest },
    fileSystem,
    problems,
    signal: context.signal,
  });
};
