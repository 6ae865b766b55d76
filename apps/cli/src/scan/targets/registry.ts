import { stat } from 'node:fs/promises';
import type { Sbom } from '@parapet/contract';
import { AppError } from '@parapet/core';
import { archive } from './archive/index.ts';
import { container } from './container/index.ts';
import { dir } from './dir/index.ts';
import { host } from './host/index.ts';
import { image } from './image/index.ts';
import { registry } from './registry/index.ts';
import { sbom } from './sbom/index.ts';
import type { ScanTarget, TargetContext } from './target.ts';

/** Every kind of target; a test compares it with the folders beside this file. */
export const targets: readonly ScanTarget[] = [dir, host, container, image, archive, registry, sbom];

/**
 * Makes the SBOM of what a person names: `kind:reference`, or a bare name, which is a folder, an archive or else an image of the
 * local Docker.
 */
export const makeSbomOf = async (name: string, context: TargetContext): Promise<Sbom> => {
  const [kind, reference] = splitKind(name);
  if (kind !== undefined) return kind.makeSbom(reference, context);
  const info = await stat(name).catch(() => undefined);
  if (info?.isDirectory() === true) return dir.makeSbom(name, context);
  if (info?.isFile() === true) return archive.makeSbom(name, context);
  if (info !== undefined) throw new AppError('usage', 400, `${name} is neither a folder nor a file.`);
  if (name.startsWith('/') || name.startsWith('.') || name.startsWith('-'))
    throw new AppError('usage', 400, `There is no folder or file ${name}.`);
  return image.makeSbom(name, context);
};

const splitKind = (name: string): [ScanTarget | undefined, string] => {
  const colon = name.indexOf(':');
  const word = colon < 0 ? name : name.slice(0, colon);
  // `host` has nothing after it; every other kind needs a colon, since a folder may be called `dir`.
  const kind = targets.find((target) => target.name === word && (colon >= 0 || target.name === 'host'));
  return [kind, colon < 0 ? '' : name.slice(colon + 1)];
};
