import { compareNumberLists } from '../../number-list.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether R takes it: at least two numbers with single dots or hyphens between them. */
export const isCranVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^\d+(?:[.-]\d+)+$/.test(version);

/** Number by number; dots and hyphens are the same. See {@link VersionScheme.compare}. */
export const compareCranVersions = (a: string, b: string): number => compareNumberLists(a, b, /[.-]/);
