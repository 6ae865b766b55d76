import type { Sbom } from '@parapet/contract';
import { AppError } from '@parapet/core';
import { createSbom, openDirectory } from '@parapet/sbom';
import type { TargetContext } from '../target.ts';

export const sbomOfFolder = (path: string, context: TargetContext): Promise<Sbom> =>
  readFolder(path, { kind: path === '/' ? 'host' : 'directory', name: path }, context);

/** The SBOM of a folder, under whatever name it is shown. */
export const readFolder = async (path: string, target: Sbom['target'], context: TargetContext): Promise<Sbom> => {
  const opened = await openDirectory(path);
  if (!opened.ok) throw new AppError(opened.error.code, 400, opened.error.message);
  await using fileSystem = opened.value;
  context.say(`Reading packages of ${target.name}`);
  // Awaited here: the folder is closed when this function is left.
  return await createSbom({ target, fileSystem, signal: context.signal });
};
