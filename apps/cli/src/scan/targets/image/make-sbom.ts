import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sbom } from '@parapet/contract';
import { AppError } from '@parapet/core';
import { createSbom, openImageArchive } from '@parapet/sbom';
import { choiceOf } from '../archive/make-sbom.ts';
import { runDocker } from '../docker.ts';
import type { TargetContext } from '../target.ts';

/** `docker save` writes its index last and layers in any order, so it goes through a file, removed whatever happens. */
export const sbomOfImage = async (reference: string, context: TargetContext): Promise<Sbom> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-scan-'));
  try {
    const file = join(dir, 'image.tar');
    context.say(`Saving the image ${reference} from Docker`);
    await runDocker(['save', '--output', file], reference, context.signal);
    context.say(`Reading packages of ${reference}`);
    const opened = await openImageArchive(file, choiceOf(context));
    if (!opened.ok)
      throw new AppError(opened.error.code, 400, `${reference} could not be read: ${opened.error.message}`);
    const { fileSystem, problems } = opened.value;
    return await createSbom({
      target: { kind: 'image', name: reference },
      fileSystem,
      problems,
      signal: context.signal,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
