import type { Sbom } from '@parapet/contract';
import { createSbom, openRootStream } from '@parapet/sbom';
import { streamDocker } from '../docker.ts';
import type { TargetContext } from '../target.ts';

/** `docker export` streams the container's files, its changes included; nothing is written to disk. */
export const sbomOfContainer = async (reference: string, context: TargetContext): Promise<Sbom> => {
  const { signal } = context;
  context.say(`Reading packages of the container ${reference}`);
  const { stdout, succeeded } = streamDocker(['export'], reference, signal);
  const { fileSystem, problems } = await openRootStream(stdout, reference, { signal });
  await succeeded;
  return createSbom({ target: { kind: 'container', name: reference }, fileSystem, problems, signal });
};
