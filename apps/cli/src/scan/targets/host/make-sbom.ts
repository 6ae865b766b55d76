import { hostname } from 'node:os';
import type { Sbom } from '@parapet/contract';
import { AppError } from '@parapet/core';
import { readFolder } from '../dir/make-sbom.ts';
import type { TargetContext } from '../target.ts';

export const sbomOfHost = (reference: string, context: TargetContext): Promise<Sbom> => {
  if (reference !== '') throw new AppError('usage', 400, 'The target host is this machine; write it without a name.');
  return readFolder('/', { kind: 'host', name: hostname() }, context);
};
