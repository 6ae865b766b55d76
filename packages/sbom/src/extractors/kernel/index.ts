import type { FileExtractor } from '../extractor.ts';
import { extractKernel } from './extract.ts';
import { isOfKernel } from './format.ts';

/** Kernels and modules that no package of a distribution brought: built by hand, or by DKMS. */
export const kernel: FileExtractor = {
  name: 'kernel',
  type: 'generic',
  evidence: 'installed',
  reads: ['vmlinuz-*', '/lib/modules/*/modules.builtin', '/lib/modules/*/{extra,misc,updates}/**/*.ko'],
  wish: {
    names: ['vmlinuz', 'bzImage', 'modules.builtin'],
    prefixes: ['vmlinuz'],
    extensions: ['ko'],
    accepts: isOfKernel,
  },
  maxBytes: 512 * 1024 * 1024,
  onlyUnowned: true,
  extract: extractKernel,
};
