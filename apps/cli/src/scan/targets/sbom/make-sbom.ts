import { basename } from 'node:path';
import type { Sbom } from '@parapet/contract';
import { AppError, readFileBounded } from '@parapet/core';
import { maxSbomBytes, readSbom } from '@parapet/sbom';
import type { TargetContext } from '../target.ts';

export const sbomOfDocument = async (path: string, context: TargetContext): Promise<Sbom> => {
  context.say(`Reading ${path}`);
  const content = await readFileBounded(path, maxSbomBytes);
  if (!content.ok)
    throw new AppError(
      content.error.code === 'enoent' ? 'usage' : 'no-target',
      400,
      `${path}: ${content.error.message}`,
    );
  const text = content.value.toString('utf8').replace(/^\ufeff/, '');
  const read = readSbom(text, { name: basename(path), at: new Date().toISOString() });
  if (!read.ok) throw new AppError(read.error.code, 400, `${path}: ${read.error.message}`);
  return read.value;
};
